from __future__ import annotations

import asyncio

import pytest

from bot.asr.rate_limit import WINDOW_S
from tests.asr.crowd import crowd, names, pass_time, scheduler, settle
from tests.asr.virtual_time import START_S, in_virtual_time, now_s


@in_virtual_time
async def test_a_free_window_is_used_at_once() -> None:
    slots = scheduler(concurrency=100, requests_per_minute=100)
    for number in range(100):
        async with slots.slot(f"job {number}"):
            pass
    assert now_s() == START_S
    async with slots.slot("one more job"):
        assert now_s() == START_S + WINDOW_S


@in_virtual_time
async def test_one_share_leaves_a_fifth_of_the_window_to_newcomers() -> None:
    slots = scheduler(concurrency=100, requests_per_minute=100)
    async with crowd(slots) as them:
        # The first of them came as a newcomer.
        await them.ask(*names("long", 90))
        await them.ask(*names("clip", 1))
        assert them.begun == [*names("long", 81), "clip-0"]
        assert now_s() == START_S
        await pass_time(WINDOW_S)
        assert them.begun[82:] == names("long", 90)[81:]
        assert set(them.begun_s[82:]) == {START_S + WINDOW_S}


@in_virtual_time
async def test_turns_of_one_share_come_in_the_order_of_asking() -> None:
    slots = scheduler(concurrency=2, requests_per_minute=3)
    order: list[int] = []

    async def ask(number: int) -> None:
        async with slots.slot("job"):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(ask(number) for number in range(20)))
    assert order == list(range(20))
    assert now_s() == START_S + 6 * WINDOW_S


@in_virtual_time
async def test_nobody_overtakes_whoever_waits_for_the_window() -> None:
    async with crowd(scheduler(concurrency=3, requests_per_minute=1)) as them:
        await them.ask("first-0", "second-0", "third-0")
        await them.end("first-0")
        await pass_time(WINDOW_S - 1)
        await them.ask("late-0")
        await pass_time(3 * WINDOW_S)
        assert them.begun == ["first-0", "second-0", "third-0", "late-0"]
        assert them.begun_s == [START_S + n * WINDOW_S for n in range(4)]


@in_virtual_time
async def test_no_more_at_once_than_allowed() -> None:
    slots = scheduler(concurrency=3)
    running = 0
    most = 0

    async def ask(number: int) -> None:
        nonlocal running, most
        async with slots.slot(f"job {number % 7}"):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(ask(number) for number in range(50)))
    assert most == 3


@in_virtual_time
async def test_a_clip_is_next_after_a_two_hour_recording_of_sixty_segments() -> None:
    async with crowd(scheduler(concurrency=8)) as them:
        await them.ask(*names("long", 68))
        assert len(them.begun) == 8
        await them.ask("clip-0")
        await them.end("long-3")
        assert them.begun[8:] == ["clip-0"]
        await them.end("long-0")
        assert them.begun[9:] == ["long-8"]


@pytest.mark.parametrize("at_once", [1, 2, 8])
@in_virtual_time
async def test_a_clip_is_next_after_as_many_long_recordings_as_run_at_once(at_once: int) -> None:
    async with crowd(scheduler(concurrency=at_once)) as them:
        jobs = [f"long{job}" for job in range(at_once)]
        await them.ask(*(f"{job}-{number}" for number in range(9) for job in jobs))
        await them.end(*(f"{job}-0" for job in jobs))
        assert sorted(them.held) == [f"{job}-1" for job in jobs]
        await them.ask("clip-0")
        await them.end(next(iter(them.held)))
        assert them.begun[-1] == "clip-0"


@in_virtual_time
async def test_clips_without_end_do_not_starve_a_long_recording() -> None:
    async with crowd(scheduler(concurrency=1)) as them:
        await them.ask("long-0", "long-1", "clip0-0")
        await them.end("long-0")
        for number in range(5):
            await them.ask(f"clip{number + 1}-0")
            await them.end(*them.held)
        assert them.begun[:3] == ["long-0", "clip0-0", "long-1"]


@in_virtual_time
async def test_the_share_with_the_fewest_running_goes_first() -> None:
    async with crowd(scheduler(concurrency=4)) as them:
        await them.ask(*names("a", 8), *names("b", 4), *names("c", 2))
        assert them.begun == names("a", 4)
        for ending, running, beginning in (
            ("a-0", "aaa", "b-0"),
            ("a-1", "aab", "c-0"),
            ("a-2", "abc", "b-1"),
            ("a-3", "bbc", "a-4"),
            ("b-0", "abc", "c-1"),
            ("c-0", "abc", "a-5"),
            ("b-1", "aac", "b-2"),
        ):
            await them.end(ending)
            assert them.begun[-1] == beginning
            assert sorted(name[0] for name in them.held if name != beginning) == list(running)


@in_virtual_time
async def test_of_shares_with_as_many_running_the_one_served_longest_ago_goes_first() -> None:
    async with crowd(scheduler(concurrency=1)) as them:
        await them.ask("a-0", "b-0", "a-1", "c-0", "b-1")
        for name in ("a-0", "b-0", "c-0", "a-1"):
            await them.end(name)
        assert them.begun == ["a-0", "b-0", "c-0", "a-1", "b-1"]


@in_virtual_time
async def test_whoever_stops_waiting_for_the_window_takes_no_turn_with_them() -> None:
    async with crowd(scheduler(concurrency=1, requests_per_minute=1)) as them:
        await them.ask("a-0", "b-0", "c-0")
        await them.end("a-0")
        await them.give_up("b-0")
        await pass_time(WINDOW_S)
        assert them.begun == ["a-0", "c-0"]
        assert them.begun_s[-1] == START_S + WINDOW_S


@in_virtual_time
async def test_the_last_to_stop_waiting_leaves_nothing_behind() -> None:
    slots = scheduler(concurrency=1, requests_per_minute=1)
    async with crowd(slots) as them:
        await them.ask("a-0", "b-0")
        await them.end("a-0")
        await them.give_up("b-0")
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert now_s() == START_S


@in_virtual_time
async def test_whoever_is_cancelled_while_running_frees_the_slot() -> None:
    async with crowd(scheduler(concurrency=2)) as them:
        await them.ask(*names("a", 4))
        await them.give_up("a-1", "a-2")
        assert them.begun == ["a-0", "a-1", "a-3"]


@in_virtual_time
async def test_a_turn_given_to_whoever_is_cancelled_before_waking_goes_on_to_the_next() -> None:
    slots = scheduler(concurrency=1)
    async with crowd(slots) as them:
        async with slots.slot("a"):
            await them.ask("b-0", "c-0")
        # Here b's turn has been given, and b has not woken yet.
        them.tasks["b-0"].cancel()
        await settle()
        assert them.begun == ["c-0"]


@in_virtual_time
async def test_a_recording_given_up_as_a_whole_uses_up_no_window() -> None:
    async with crowd(scheduler(concurrency=1, requests_per_minute=10)) as them:
        await them.ask(*names("long", 60), *names("clip", 9))
        await them.give_up(*names("long", 60))
        for name in names("clip", 9):
            await them.end(name)
        assert them.begun == ["long-0", *names("clip", 9)]
        assert now_s() == START_S


@in_virtual_time
async def test_a_newcomer_passes_whoever_waits_for_the_window_with_more_running() -> None:
    async with crowd(scheduler(concurrency=9, requests_per_minute=5)) as them:
        await them.ask(*names("long", 6))
        await pass_time(30)
        await them.ask("clip-0")
        assert them.begun == names("long", 5), "the window is full"
        await pass_time(WINDOW_S)
        assert them.begun[5:] == ["clip-0", "long-5"]
        assert them.begun_s[5:] == [START_S + WINDOW_S] * 2


@in_virtual_time
async def test_a_newcomer_whose_time_comes_earlier_is_woken_earlier() -> None:
    async with crowd(scheduler(concurrency=20, requests_per_minute=10)) as them:
        await them.ask("early-0")
        await pass_time(10)
        # Nine more: the window is full till 1060, and the long one's part of it till 1070.
        await them.ask(*names("long", 10))
        await pass_time(5)
        await them.ask("clip-0")
        await pass_time(WINDOW_S)
        late = dict(zip(them.begun, them.begun_s, strict=True))
        assert late["clip-0"] == START_S + WINDOW_S
        assert late["long-9"] == START_S + 10 + WINDOW_S


@in_virtual_time
async def test_a_throttling_halves_what_runs_at_once_and_answers_raise_it_again() -> None:
    slots = scheduler(concurrency=8)
    async with crowd(slots) as them:
        await them.ask(*names("long", 60))
        for name in names("long", 8):
            slots.throttled(them.held[name], None)
        assert slots.limit == 4, "they were one burst"
        await them.end(*names("long", 8))
        assert set(them.held) == {"long-8", "long-9", "long-10", "long-11"}
        slots.throttled(them.held["long-8"], None)
        await them.end("long-8")
        assert (slots.limit, len(them.held)) == (2, 3)
        await them.end("long-9")
        assert len(them.held) == 2
        answered = 0
        while slots.limit < 8:
            slots.succeeded()
            answered += 1
            await them.end(next(iter(them.held)))
            assert len(them.held) == slots.limit
        assert 27 <= answered <= 33


@in_virtual_time
async def test_nothing_begins_before_the_wait_that_was_asked_for() -> None:
    slots = scheduler(concurrency=4)
    async with crowd(slots) as them:
        await them.ask("a-0", "b-0")
        slots.throttled(them.held["a-0"], 20.0)
        slots.throttled(them.held["b-0"], 5.0)
        await them.end("a-0", "b-0")
        await them.ask("c-0")
        await pass_time(30)
        assert them.begun_s == [START_S, START_S, START_S + 20]


@in_virtual_time
async def test_nobody_else_waits_longer_than_a_minute_for_a_throttling() -> None:
    slots = scheduler(concurrency=4)
    async with crowd(slots) as them:
        await them.ask("a-0")
        slots.throttled(them.held["a-0"], 3600.0)
        await them.end("a-0")
        await them.ask("b-0")
        await pass_time(100)
        assert them.begun_s == [START_S, START_S + 60]
