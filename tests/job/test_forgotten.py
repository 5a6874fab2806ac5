"""A job that is forgotten beside its process: nothing more of it is heard or said."""

from __future__ import annotations

import pytest

from bot.errors import Outage, Unavailable
from tests.job.conftest import Lines
from tests.job.fakes import request_for, shared_file
from tests.job.harness import JobHarness

DOWN = Unavailable(Outage.RECOGNISER, "503", 600.0)


def count(harness: JobHarness) -> int:
    """How often something was said."""
    return sum(len(said) for said in harness.said())


@pytest.mark.parametrize("after_s", [1.0, 40.0, 70.0, 95.0])
async def test_a_recording_that_is_forgotten_is_heard_no_further(harness: JobHarness, after_s: float) -> None:
    harness.audio.lengths_ms["F1"] = [120_000] * 24
    for number in range(24):
        harness.recogniser.takes_s[f"F1@{number * 120_000}"] = 30.0
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(after_s)
        harness.memory.forget("T1", "C1")
        said, asked = count(harness), len(harness.recogniser.asked)
        await harness.time.run(600)
        assert count(harness) == said
        assert len(harness.recogniser.asked) <= asked + 4, "only what was beginning at that moment"
        assert harness.thread.signs[-1] == "clear F1"
    assert harness.memory.rows == {}
    assert (await harness.memory.ledger.used("T1", harness.time.now())).clips == 0


async def test_words_that_wait_for_their_turn_are_not_said(harness: JobHarness, logged: Lines) -> None:
    harness.recogniser.takes_s["F1"] = 100.0
    async with harness.working():
        await harness.jobs.accept([request_for(siblings=2)])
        await harness.jobs.accept([request_for(shared_file("F2"), position=1, siblings=2)])
        await harness.time.run(50)
        harness.memory.forget("T1", "C1")
        await harness.time.run(600)
        assert harness.said() == []
    lines = [line for line in logged if line["event"] == "job"]
    assert {(line["outcome"], line["reason"], line["fault"]) for line in lines} == {
        ("ignored", "forgotten", None)
    }


async def test_no_notice_is_said_of_it_either(harness: JobHarness) -> None:
    harness.recogniser.takes_s["F1"] = 10.0
    harness.recogniser.trouble.then("F1", *[DOWN] * 9)
    async with harness.working():
        await harness.jobs.accept([request_for()])
        await harness.time.run(1)
        harness.memory.forget("T1", "C1")
        await harness.time.run(3_600)
        assert harness.said() == []
