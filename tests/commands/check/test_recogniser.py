from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from bot.clients import build_recogniser, open_session
from bot.commands.check.advice.recogniser import key_accepted, key_trouble, region_of
from bot.commands.check.findings import Finding, Mark
from bot.commands.check.recogniser import check_recogniser
from bot.playground.dashscope_lookalike.faults import Answer, Page
from tests.commands.check.checked import by_name
from tests.flows.harness import BotHarness


async def recogniser_checked(harness: BotHarness, **changes: Any) -> tuple[Finding, Finding]:
    settings = harness.settings.model_copy(update=changes)
    async with open_session() as session:
        recogniser = build_recogniser(settings, session)
        found = by_name(await check_recogniser(recogniser, settings.dashscope_base_url, settings.asr_model))
    assert list(found) == ["API key", "Model"]
    return found["API key"], found["Model"]


async def test_one_second_of_silence_is_all_that_is_sent(harness: BotHarness) -> None:
    key, model = await recogniser_checked(harness)
    assert (key.mark, model.mark) == (Mark.GOOD, Mark.GOOD)
    assert model.text == "qwen3-asr-flash answers"
    assert len(harness.dashscope.calls) == 1


async def test_a_wrong_key_may_be_one_of_another_region(harness: BotHarness) -> None:
    key, model = await recogniser_checked(harness, dashscope_api_key=SecretStr("sk-hush-hush-hush"))
    assert (key.mark, model.mark) == (Mark.BAD, Mark.UNTRIED)
    assert key.text.startswith(harness.dashscope.base_url)
    assert "DASHSCOPE_BASE_URL" in key.text
    assert "hush" not in key.text


def test_the_other_regions_are_offered() -> None:
    text = key_trouble("https://dashscope-intl.aliyuncs.com")
    assert text.startswith("https://dashscope-intl.aliyuncs.com (Singapore) does not accept it.")
    assert "https://dashscope.aliyuncs.com for Beijing" in text
    assert "https://dashscope-us.aliyuncs.com for US (Virginia)" in text
    assert "for Singapore" not in text


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("https://dashscope.aliyuncs.com", "Beijing"),
        ("https://dashscope-us.aliyuncs.com", "US (Virginia)"),
        ("https://ws1.ap-southeast-1.maas.aliyuncs.com", "Singapore"),
        ("https://proxy.example.com", None),
    ],
)
def test_the_region_of_an_address(address: str, region: str | None) -> None:
    assert region_of(address) == region
    assert (region is not None and f"({region})" in key_accepted(address)) or region is None


@pytest.mark.parametrize(
    ("fault", "marks", "said"),
    [
        (Answer(400, "Arrearage", "overdue"), (Mark.BAD, Mark.UNTRIED), "unpaid bills"),
        (
            Answer(403, "AllocationQuota.FreeTierOnly", "used up"),
            (Mark.BAD, Mark.UNTRIED),
            "free quota used up",
        ),
        (Answer(403, "Model.AccessDenied", "no"), (Mark.GOOD, Mark.BAD), "ASR_MODEL"),
        (Answer(429, "Throttling.RateQuota", "slow"), (Mark.WARNING, Mark.UNTRIED), "in a minute"),
        (Answer(500, "InternalError", "oops"), (Mark.BAD, Mark.UNTRIED), "does not answer"),
        (Page(), (Mark.BAD, Mark.UNTRIED), "HTTPS_PROXY"),
    ],
)
async def test_each_trouble_says_what_to_do(
    harness: BotHarness, fault: Answer | Page, marks: tuple[Mark, Mark], said: str
) -> None:
    harness.dashscope.faults.add(fault)
    key, model = await recogniser_checked(harness)
    assert (key.mark, model.mark) == marks
    assert said in key.text + model.text


async def test_a_model_that_there_is_not_is_named(harness: BotHarness) -> None:
    key, model = await recogniser_checked(harness, asr_model="whisper-9")
    assert (key.mark, model.mark) == (Mark.GOOD, Mark.BAD)
    assert model.text.startswith("whisper-9 is not to be had with this key")


async def test_a_service_that_hangs_is_not_waited_for(harness: BotHarness) -> None:
    hold = harness.dashscope.faults.hold()
    settings = harness.settings
    async with open_session() as session:
        recogniser = build_recogniser(settings, session)
        key, _ = await check_recogniser(recogniser, settings.dashscope_base_url, "m", timeout_s=0.2)
    await hold.ended()
    assert key.mark is Mark.BAD
    assert "(no end after 0 s)" in key.text
