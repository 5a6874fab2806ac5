"""A job that is forgotten beside its process: nothing more of it is heard or said."""

from __future__ import annotations

import pytest

from bot.errors import Outage, Unavailable
from tests.job.conftest import Lines
from tests.job.fakes import Bench, request_for, shared_file

DOWN = Unavailable(Outage.RECOGNISER, "503", 600.0)


def count(bench: Bench) -> int:
    """How often something was said."""
    return sum(len(said) for said in bench.said())


@pytest.mark.parametrize("after_s", [1.0, 40.0, 70.0, 95.0])
async def test_a_recording_that_is_forgotten_is_heard_no_further(bench: Bench, after_s: float) -> None:
    bench.audio.lengths_ms["F1"] = [120_000] * 24
    for number in range(24):
        bench.recogniser.takes_s[f"F1@{number * 120_000}"] = 30.0
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(after_s)
        bench.memory.forget("T1", "C1")
        said, asked = count(bench), len(bench.recogniser.asked)
        await bench.time.run(600)
        assert count(bench) == said
        assert len(bench.recogniser.asked) <= asked + 4, "only what was beginning at that moment"
        assert bench.thread.signs[-1] == "clear F1"
    assert bench.memory.rows == {}
    assert (await bench.memory.ledger.used("T1", bench.time.now())).clips == 0


async def test_words_that_wait_for_their_turn_are_not_said(bench: Bench, logged: Lines) -> None:
    bench.recogniser.takes_s["F1"] = 100.0
    async with bench.working():
        await bench.jobs.accept([request_for(siblings=2)])
        await bench.jobs.accept([request_for(shared_file("F2"), position=1, siblings=2)])
        await bench.time.run(50)
        bench.memory.forget("T1", "C1")
        await bench.time.run(600)
        assert bench.said() == []
    lines = [line for line in logged if line["event"] == "job"]
    assert {(line["outcome"], line["reason"], line["fault"]) for line in lines} == {
        ("ignored", "forgotten", None)
    }


async def test_no_notice_is_said_of_it_either(bench: Bench) -> None:
    bench.recogniser.takes_s["F1"] = 10.0
    bench.recogniser.trouble.then("F1", *[DOWN] * 9)
    async with bench.working():
        await bench.jobs.accept([request_for()])
        await bench.time.run(1)
        bench.memory.forget("T1", "C1")
        await bench.time.run(3_600)
        assert bench.said() == []
