"""Proxies of the environment: for each host whether it is asked through one, over whichever client."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from bot.commands.check.command import run_checks
from bot.commands.check.findings import Mark
from bot.settings.names import Names
from tests.flows.harness import BotHarness, words
from tests.flows.little_proxy import LittleProxy

DEAD = "http://127.0.0.1:9"
LOOPBACK = "localhost,127.0.0.1"


def environ(monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str]) -> None:
    """Just these proxies."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WS_PROXY", "WSS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


NOT_FOR_US = {
    "https": {"HTTPS_PROXY": DEAD, "NO_PROXY": LOOPBACK},
    "http": {"HTTP_PROXY": DEAD, "NO_PROXY": LOOPBACK},
    "lower case": {"http_proxy": DEAD, "https_proxy": DEAD, "no_proxy": LOOPBACK},
    "every host": {"HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD, "NO_PROXY": "*"},
    "https alone": {"HTTPS_PROXY": DEAD},
}


@pytest.mark.parametrize("values", NOT_FOR_US.values(), ids=NOT_FOR_US)
async def test_a_proxy_that_is_not_for_them_is_not_asked(
    harness: BotHarness, monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str]
) -> None:
    """The look-alikes speak HTTP on 127.0.0.1: a proxy for HTTPS is not theirs either."""
    environ(monkeypatch, values)
    harness.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        await harness.answered(message)
    assert any(reply.files for reply in harness.replies(message)), "downloads and uploads took their way too"


def _at_localhost(harness: BotHarness) -> str:
    """The recogniser under another name than Slack, so that one of the two can be excepted."""
    return harness.dashscope.base_url.replace("127.0.0.1", "localhost")


async def test_slack_may_go_through_a_proxy_and_the_recogniser_not(
    socket_harness: BotHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = socket_harness
    harness.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
    async with LittleProxy() as proxy:
        environ(monkeypatch, {"HTTP_PROXY": proxy.url, "NO_PROXY": "localhost"})
        async with harness.bot_running(dashscope_base_url=_at_localhost(harness)):
            await harness.answered(harness.share(harness.clip(2)))
        assert proxy.hosts() == {urlsplit(harness.slack.origin).netloc}
        assert proxy.paths() == {"/api", "/link", "/files-tmb", "/upload"}


async def test_each_host_of_slacks_takes_its_own_way(
    socket_harness: BotHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The WebSocket and the files are at other hosts than the Web API."""
    harness = socket_harness
    elsewhere = harness.slack.origin.replace("127.0.0.1", "localhost")
    harness.slack.state.origin = elsewhere
    async with LittleProxy() as proxy:
        environ(monkeypatch, {"HTTP_PROXY": proxy.url, "NO_PROXY": "127.0.0.1"})
        async with harness.bot_running(slack_file_origins=(elsewhere,)):
            await harness.answered(harness.share(harness.clip(2)))
            await harness.slack.socket_mode.disconnect()
            await harness.until(lambda: harness.slack.socket_mode.connections == 1)
        assert proxy.hosts() == {urlsplit(elsewhere).netloc}
        assert proxy.paths() == {"/link", "/files-tmb"}


async def test_a_port_in_no_proxy_is_not_understood(
    socket_harness: BotHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = socket_harness
    ports = ",".join(urlsplit(url).netloc for url in (harness.slack.origin, harness.dashscope.base_url))
    async with LittleProxy() as proxy:
        environ(monkeypatch, {"HTTP_PROXY": proxy.url, "NO_PROXY": ports})
        async with harness.bot_running():
            await harness.answered(harness.share(harness.clip(2)))
        assert "/link" in proxy.paths()
        assert proxy.hosts() == set(ports.split(","))


async def test_the_recogniser_may_go_through_a_proxy_and_slack_not(
    socket_harness: BotHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = socket_harness
    async with LittleProxy() as proxy:
        environ(monkeypatch, {"HTTP_PROXY": proxy.url, "NO_PROXY": "127.0.0.1"})
        async with harness.bot_running(dashscope_base_url=_at_localhost(harness)):
            (reply,) = await harness.answered(harness.share(harness.clip(2)))
        assert words(reply) == "A clip of 2 seconds."
        assert proxy.hosts() == {urlsplit(_at_localhost(harness)).netloc}


async def test_https_goes_through_its_proxy(
    socket_harness: BotHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LittleProxy() as proxy:
        environ(monkeypatch, {"HTTPS_PROXY": proxy.url, "HTTP_PROXY": DEAD, "NO_PROXY": "127.0.0.1"})
        starting = asyncio.create_task(_start(socket_harness, slack_api_url="https://slack.invalid/api/"))
        await socket_harness.until(lambda: bool(proxy.asked))
        starting.cancel()
        assert set(proxy.asked) == {("CONNECT", "slack.invalid:443")}


async def _start(harness: BotHarness, **changes: str) -> None:
    async with harness.bot_running(**changes):
        pass


async def test_the_check_takes_the_same_ways(
    socket_harness: BotHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = socket_harness
    async with LittleProxy() as proxy:
        environ(monkeypatch, {"HTTP_PROXY": proxy.url, "NO_PROXY": "localhost"})
        base_url = _at_localhost(harness)
        settings = harness.settings.model_copy(update={"dashscope_base_url": base_url})
        harness.share(harness.clip(2))
        findings = await run_checks(settings, Names())
        assert not [finding for finding in findings if finding.mark is Mark.BAD]
        assert proxy.paths() == {"/api", "/link", "/files-tmb"}
