from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from bot.playground.dashscope_lookalike import faults
from bot.playground.dashscope_lookalike.faults import Answer, Delay, Drop, Page

MakeBody = Callable[..., dict[str, Any]]
MakeWav = Callable[..., bytes]


@pytest.fixture
def clip(wav: MakeWav, body: MakeBody) -> dict[str, Any]:
    return body(wav())


async def test_error_of_the_service(service: Any, clip: Any, script: Any) -> None:
    service.lookalike.faults.add(Answer(429, "Throttling.RateQuota", "Slow down.", retry_after_s=7))
    async with service.session.post(service.url, json=clip, headers=service.headers) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
        answer = await response.json()
    assert (answer["code"], answer["message"]) == ("Throttling.RateQuota", "Slow down.")
    assert answer["request_id"] == service.lookalike.calls[0].request_id
    assert not script.asked
    assert (await service.post(clip))[0] == 200


async def test_error_under_status_200(service: Any, clip: Any) -> None:
    service.lookalike.faults.add(Answer(200, "InternalError"))
    status, answer = await service.post(clip)
    assert (status, answer["code"]) == (200, "InternalError")
    assert "output" not in answer


async def test_page_of_a_proxy(service: Any, clip: Any) -> None:
    service.lookalike.faults.add(Page())
    async with service.session.post(service.url, json=clip, headers=service.headers) as response:
        assert (response.status, response.content_type) == (502, "text/html")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.without_choices(), {"choices": []}),
        (faults.without_content(), {"content": []}),
        (faults.without_annotations(), {"annotations": None}),
        (
            faults.in_language("tlh"),
            {"annotations": [{"type": "audio_info", "language": "tlh", "emotion": "neutral"}]},
        ),
        (faults.cut_short(), {"finish_reason": "length"}),
    ],
)
async def test_altered_answers(service: Any, clip: Any, fault: Any, expected: dict[str, Any]) -> None:
    service.lookalike.faults.add(fault)
    status, answer = await service.post(clip)
    assert status == 200
    output = answer["output"]
    choice = output["choices"][0] if output["choices"] else {}
    seen = {**output, **choice, **choice.get("message", {})}
    assert {name: seen.get(name) for name in expected} == expected


async def test_rules_count_calls(service: Any, clip: Any) -> None:
    service.lookalike.faults.add(Answer(503, "ModelUnavailable"), nth=2, times=2)
    assert [(await service.post(clip))[0] for _ in range(4)] == [200, 503, 503, 200]


async def test_rules_choose_calls(service: Any, wav: MakeWav, body: MakeBody) -> None:
    service.lookalike.faults.add(
        Answer(500, "InternalError"), times=None, when=lambda call: call.language == "zh"
    )
    asked = ["en", "zh", "en", "zh"]
    seen = [(await service.post(body(wav(), options={"language": language})))[0] for language in asked]
    assert seen == [200, 500, 200, 500]


async def test_malformed_calls_meet_no_rule(service: Any, clip: Any) -> None:
    service.lookalike.faults.add(Answer(500, "InternalError"))
    assert (await service.post({}))[0] == 400
    assert (await service.post(clip))[0] == 500


@pytest.mark.parametrize("after_acting", [False, True])
async def test_dropped_connection(service: Any, clip: Any, script: Any, *, after_acting: bool) -> None:
    service.lookalike.faults.add(Drop(after_acting=after_acting))
    with pytest.raises(aiohttp.ClientConnectionError):
        await service.post(clip)
    call = service.lookalike.calls[0]
    assert (call.acted, call.answered, call.status, call.fault) == (after_acting, False, None, "Drop")
    assert len(script.asked) == after_acting
    assert (await service.post(clip))[0] == 200


@pytest.mark.parametrize("after_acting", [False, True])
async def test_held_call(service: Any, clip: Any, *, after_acting: bool) -> None:
    hold = service.lookalike.faults.hold(after_acting=after_acting)
    asking = asyncio.create_task(service.post(clip))
    call = await hold.reached()
    assert (call.acted, call.answered) == (after_acting, False)
    assert (await service.post(clip))[0] == 200
    assert not asking.done()
    hold.release()
    assert (await asking)[0] == 200
    assert call.acted


async def test_held_call_can_be_dropped(service: Any, clip: Any, script: Any) -> None:
    hold = service.lookalike.faults.hold()
    asking = asyncio.create_task(service.post(clip))
    await hold.reached()
    hold.drop()
    with pytest.raises(aiohttp.ClientConnectionError):
        await asking
    assert not script.asked


async def test_client_that_dies_while_held(service: Any, clip: Any, script: Any) -> None:
    hold = service.lookalike.faults.hold()
    asking = asyncio.create_task(service.post(clip))
    call = await hold.reached()
    asking.cancel()
    async with asyncio.timeout(5):
        while not hold.client_gone:  # noqa: ASYNC110  # set where no event is
            await asyncio.sleep(0)
    hold.release()
    assert (await service.post(clip))[0] == 200
    assert (call.acted, call.answered) == (False, False)
    assert len(script.asked) == 1


async def test_delay_reaches_the_clients_timeout(service: Any, clip: Any, script: Any) -> None:
    service.lookalike.faults.add(Delay(60))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await service.post(clip)
    assert not script.asked


async def test_closing_lets_held_calls_go(service: Any, clip: Any) -> None:
    hold = service.lookalike.faults.hold()
    asking = asyncio.create_task(service.post(clip))
    await hold.reached()
    async with asyncio.timeout(5):
        await service.lookalike.__aexit__(None, None, None)
        await asyncio.wait([asking])
    if not asking.exception():
        assert asking.result()[0] == 200
