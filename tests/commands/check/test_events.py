from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.commands.check.advice import slack as advice
from bot.commands.check.events import read_greeting
from bot.commands.check.findings import Mark
from bot.http.server import serving
from bot.playground.dashscope_lookalike import faults as dashscope
from bot.playground.slack_lookalike.faults import Answer, Drop
from tests.commands.check.checked import slack_checked
from tests.flows.harness import BotHarness, bot_harness_at, words


@pytest.mark.parametrize(
    ("frame", "app_id", "trouble"),
    [
        ({"type": "hello", "connection_info": {"app_id": "A1"}}, "A1", ""),
        ({"type": "hello"}, "", ""),
        ({"type": "disconnect", "reason": "link_disabled"}, "", advice.SOCKET_MODE_OFF),
        ({"type": "disconnect", "reason": "too_many_websockets"}, "", advice.TOO_MANY_SOCKETS),
        ({"type": "disconnect"}, "", advice.NO_HELLO),
        ([], "", advice.NO_HELLO),
        (None, "", advice.NO_HELLO),
    ],
)
def test_the_first_frame_says_how_it_stands(frame: Any, app_id: str, trouble: str) -> None:
    greeting = read_greeting(frame)
    assert (greeting.app_id, greeting.trouble) == (app_id, trouble)


@pytest.mark.parametrize("fault", [Answer(503, html=True), Drop()])
async def test_a_line_that_lets_no_websocket_through_is_told(
    harness: BotHarness, fault: Answer | Drop
) -> None:
    harness.slack.faults.add("socket_connect", fault, times=None)
    found = await slack_checked(harness)
    assert (found["App token"].mark, found["Events"].mark) == (Mark.GOOD, Mark.BAD)
    assert found["Events"].text == advice.NO_HELLO


async def test_nothing_is_left_open(harness: BotHarness) -> None:
    await slack_checked(harness)
    assert harness.slack.socket_mode.connections == 0


async def test_an_event_that_lands_on_the_checks_connection_comes_again(tmp_path: Path) -> None:
    async with bot_harness_at(tmp_path, "socket", ack_timeout_s=0.2) as harness:
        message = harness.share(harness.clip())
        found = await slack_checked(harness)
        assert found["Events"].mark is Mark.GOOD
        delivery = harness.slack.deliveries[0]
        landed, acked = len(delivery.attempts), delivery.acked
        async with harness.bot_running():
            (reply,) = await harness.answered(message)
    assert (landed, acked) == (1, False)
    assert words(reply) == "A clip of 2 seconds."
    assert len(delivery.attempts) > 1


async def test_in_http_mode_only_slack_can_tell(http_harness: BotHarness, unused_tcp_port: int) -> None:
    found = await slack_checked(http_harness, http_port=unused_tcp_port)
    assert (found["Signing secret"].mark, found["Events"].mark) == (Mark.GOOD, Mark.UNTRIED)
    assert f"no bot runs on port {unused_tcp_port}" in found["Events"].text
    assert "Event Subscriptions" in found["Events"].text
    assert "App token" not in found


@pytest.mark.parametrize("secret", ["hush", "ABCDEF" * 6, "0" * 33])
async def test_what_is_no_signing_secret_is_told(
    http_harness: BotHarness, unused_tcp_port: int, secret: str
) -> None:
    found = await slack_checked(
        http_harness, http_port=unused_tcp_port, slack_signing_secret=SecretStr(secret)
    )
    assert found["Signing secret"].mark is Mark.BAD
    assert secret not in found["Signing secret"].text


async def test_in_http_mode_a_bot_that_runs_here_says_that_it_is_ready(http_harness: BotHarness) -> None:
    async with http_harness.bot_running() as bot:
        found = (await slack_checked(http_harness, http_host="0.0.0.0", http_port=bot.http_port))["Events"]  # noqa: S104
    assert (found.mark, found.text) == (Mark.UNTRIED, advice.BOT_READY)


async def test_in_http_mode_a_bot_that_is_not_ready_says_why(http_harness: BotHarness) -> None:
    http_harness.dashscope.faults.add(dashscope.Page(), times=None)
    async with http_harness.bot_running() as bot:
        await http_harness.until(lambda: any(call.ended_at for call in http_harness.dashscope.calls))
        found = (await slack_checked(http_harness, http_port=bot.http_port))["Events"]
    assert found.mark is Mark.WARNING
    assert found.text.startswith("a bot runs here and is not ready (recogniser: recogniser)")


@pytest.mark.parametrize("answer", ["{}", "[]", "hello", '{"checks": 1}'])
async def test_another_program_on_the_port_is_told(http_harness: BotHarness, answer: str) -> None:
    async def something(_request: web.Request) -> web.Response:
        return web.Response(text=answer, content_type="application/json")

    app = web.Application()
    app.router.add_get("/readyz", something)
    async with serving(app, "127.0.0.1", 0) as port:
        found = (await slack_checked(http_harness, http_port=port))["Events"]
    assert (found.mark, found.text) == (Mark.BAD, advice.port_taken(port))
