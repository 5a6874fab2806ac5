"""Recordings longer than one request: cut, heard side by side, joined, and answered once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pysubs2
import pytest

from bot import sentences
from bot.errors import Misconfiguration, Refusal
from bot.playground.dashscope_lookalike.calls import Call
from bot.playground.dashscope_lookalike.faults import Answer, Delay
from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.interactions import Interactions
from bot.playground.slack_lookalike.records import File, Message
from bot.translations import ENGLISH
from tests.flows.hands import elements
from tests.flows.recordings import hum_with_pauses
from tests.flows.world import World, context, is_final, state_of, words

PAUSES_S = (100, 225, 335, 475)
SECONDS = (100, 125, 110, 140, 65)
"""Of its segments, by which they are told apart."""
WORDS = [f"A clip of {seconds} seconds." for seconds in SECONDS]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hum_with_pauses(tmp_path_factory.mktemp("long") / "meeting.wav", PAUSES_S, sum(SECONDS))


def recording(world: World, path: Path, *, told: bool = True) -> File:
    file = world.slack.state.add_file(
        path, "meeting.wav", user=world.ada.id, mimetype="audio/wav", as_voice_clip=True
    )
    file.duration_ms = sum(SECONDS) * 1000 if told else None
    return file


def heard(world: World) -> Counter[int]:
    """How often each segment was recognised, by its seconds; without the verification."""
    calls = [call for call in world.dashscope.calls if call.acted and call.duration_s > 2]
    return Counter(round(call.duration_s) for call in calls)


def is_segment(seconds: int) -> Callable[[Call], bool]:
    return lambda call: round(call.duration_s) == seconds


async def test_it_is_heard_side_by_side_and_read_in_order(world: World, path: Path) -> None:
    world.ear.delays_s = {100: 0.6, 125: 0.3}
    async with world.bot_running():
        message = world.share(recording(world, path))
        (reply,) = await world.answered(message)
    assert words(reply).split() == " ".join(WORDS).split()
    assert context(reply) == "English · 9:00"
    assert heard(world) == Counter(SECONDS)
    starts = sorted(call.at for call in world.dashscope.calls if call.duration_s > 2)
    first_end = min(call.ended_at or 0.0 for call in world.dashscope.calls if round(call.duration_s) == 125)
    assert sum(at < first_end for at in starts) > 1
    assert list((world.settings.data_dir / "tmp").iterdir()) == []


async def test_no_more_run_at_once_than_are_allowed(socket_world: World, path: Path) -> None:
    world = socket_world
    world.ear.delays_s = dict.fromkeys(SECONDS, 0.3)
    async with world.bot_running(asr_concurrency=2):
        message = world.share(recording(world, path))
        await world.until(lambda: bool(heard(world)))
        most = 0
        while not any(map(is_final, world.replies(message))):  # the state of a server tells no one
            most = max(most, sum(call.ended_at is None for call in world.dashscope.calls))
            await asyncio.sleep(0.01)
    assert most == 2


async def test_the_status_tells_the_part(socket_world: World, path: Path) -> None:
    world = socket_world
    world.ear.delays_s = dict.fromkeys(SECONDS, 3.2)
    async with world.bot_running(asr_concurrency=2):
        message = world.share(recording(world, path))
        await world.answered(message)
    shown = [status.text for status in world.slack.state.status_log]
    assert shown[0] == sentences.working(ENGLISH, 0, None)
    assert sentences.working(ENGLISH, 2, 5) == "is transcribing part 3 of 5…"
    assert sentences.working(ENGLISH, 2, 5) in shown
    assert world.slack.state.status(world.channel.id, message.ts) == ""


async def test_a_clip_is_not_held_up_by_a_long_recording(socket_world: World, path: Path) -> None:
    world = socket_world
    world.ear.delays_s = dict.fromkeys(SECONDS, 1.0)
    async with world.bot_running(asr_concurrency=1):
        long = world.share(recording(world, path))
        await world.until(lambda: bool(heard(world)))
        clip = world.share(world.clip(3))
        await world.answered(clip)
        begun = [round(call.duration_s) for call in world.dashscope.calls if call.duration_s > 2]
        assert begun.index(3) <= 2, "after the request that ran, and at most one that began meanwhile"
        await world.answered(long)


@pytest.mark.parametrize("told", [True, False])
async def test_what_is_too_long_is_refused_with_the_limit(
    socket_world: World, path: Path, *, told: bool
) -> None:
    world = socket_world
    async with world.bot_running(max_audio_minutes=5):
        message = world.share(recording(world, path, told=told))
        (reply,) = await world.answered(message)
    assert words(reply) == sentences.refusal(ENGLISH, Refusal.TOO_LONG, 5)
    assert "5 minutes" in words(reply)
    assert bool(world.calls("download")) is not told, "where Slack tells, nothing is downloaded"
    assert heard(world) == Counter(), "a header that says too much is looked into first"


async def test_what_is_too_big_is_refused_with_the_limit(socket_world: World, path: Path) -> None:
    world = socket_world
    async with world.bot_running(max_file_mb=1):
        (reply,) = await world.answered(world.share(recording(world, path)))
    assert words(reply) == sentences.refusal(ENGLISH, Refusal.TOO_BIG, 1)


async def test_one_segment_that_is_refused_leaves_a_gap_that_can_be_filled(world: World, path: Path) -> None:
    world.dashscope.faults.add(Answer(400, "DataInspectionFailed"), when=is_segment(125))
    async with world.bot_running():
        message = world.share(recording(world, path))
        (reply,) = await world.answered(message)
        assert state_of(reply) == "gapped"
        assert words(reply).split("\n\n") == [
            WORDS[0],
            "[01:40–03:45 could not be transcribed]",
            " ".join(WORDS[2:]),
        ]
        for _ in range(2):
            Interactions(world.slack).click(reply, "fill_gaps", world.ada.id)
        await world.until(lambda: state_of(world.replies(message)[0]) == "transcribed")
        await world.idle()
        (reply,) = world.replies(message)
    assert words(reply).split() == " ".join(WORDS).split()
    assert [element["type"] for element in elements(reply.blocks)] == ["overflow"], "no button any more"
    assert heard(world) == Counter(SECONDS), "the refused call recognised nothing, and nothing was paid twice"
    assert world.slack.state.status(world.channel.id, message.ts) == ""


async def test_after_a_day_whoever_asks_for_the_gaps_is_told(world: World, path: Path) -> None:
    world.dashscope.faults.add(Answer(400, "DataInspectionFailed"), when=is_segment(125))
    async with world.bot_running():
        message = world.share(recording(world, path))
        (reply,) = await world.answered(message)
    let_pass(world, timedelta(days=1))
    async with world.bot_running():
        Interactions(world.slack).click(reply, "fill_gaps", world.ada.id)
        await world.until(lambda: bool(world.calls("chat.postEphemeral")))
        await world.idle()
    (whisper,) = world.calls("chat.postEphemeral")
    assert (whisper["text"], whisper["user"], whisper["thread_ts"]) == (
        ENGLISH.say(sentences.GAPS_GONE),
        world.ada.id,
        message.ts,
    )
    assert state_of(reply) == "gapped"
    with closing(sqlite3.connect(world.settings.data_dir / "threadscribe.db")) as database:
        assert database.execute("SELECT count(*) FROM part").fetchone() == (0,)


def let_pass(world: World, time: timedelta) -> None:
    """Make what lies in the database older; the bot must not run."""
    with closing(sqlite3.connect(world.settings.data_dir / "threadscribe.db")) as database:
        seconds = time.total_seconds()
        database.execute(
            "UPDATE job SET accepted_at = accepted_at - ?, ended_at = ended_at - ?", (seconds, seconds)
        )
        database.commit()


async def test_a_reply_that_is_late_grows_and_ends_complete(socket_world: World, path: Path) -> None:
    world = socket_world
    slow = {100: 0.2, 125: 0.2, 110: 5.0, 140: 5.0, 65: 5.0}
    world.slack.faults.add("download", slack.Answer(503), times=None)
    async with world.bot_running():
        message = world.share(recording(world, path))
        await world.until(lambda: bool(world.calls("download")))
    world.slack.faults.clear()
    # It waits for more than a minute now.
    let_pass(world, timedelta(minutes=2))
    world.ear.delays_s = slow
    async with world.bot_running():
        early = await world.noticed(message)
        said, line = words(early), context(early)
        (reply,) = await world.answered(message)
    assert said.split() == " ".join(WORDS[:2]).split()
    assert line.startswith("English · To be continued")
    assert reply.ts == early.ts
    assert words(reply).split() == " ".join(WORDS).split()
    assert len(world.calls("chat.postMessage")) == 1
    assert world.slack.state.status(world.channel.id, message.ts) == ""


async def test_an_expired_key_half_way_costs_nothing_twice(world: World, path: Path) -> None:
    for seconds in (110, 140, 65):
        world.dashscope.faults.add(Answer(401, "InvalidApiKey"), when=is_segment(seconds))
    async with world.bot_running():
        message = world.share(recording(world, path))
        await world.noticed(message)
        (reply,) = await world.answered(message)
    assert words(reply).split() == " ".join(WORDS).split()
    assert heard(world) == Counter(SECONDS)
    edited = [call for call in world.calls("chat.postMessage") if "recogniser_key" in str(call["blocks"])]
    assert len(edited) == 1, "the words so far, and why the rest is late"
    assert str(Misconfiguration.RECOGNISER_KEY) not in str(reply.blocks)


async def test_a_throttled_account_loses_nothing(socket_world: World, path: Path) -> None:
    world = socket_world
    world.dashscope.faults.add(
        Answer(429, "Throttling.RateQuota"), times=4, when=lambda call: call.duration_s > 2
    )
    async with world.bot_running():
        (reply,) = await world.answered(world.share(recording(world, path)))
    assert words(reply).split() == " ".join(WORDS).split()
    assert heard(world) == Counter(SECONDS)


async def test_a_stumble_on_one_segment_is_made_good(socket_world: World, path: Path) -> None:
    world = socket_world
    world.dashscope.faults.add(Answer(500, "InternalError"), when=is_segment(140))
    world.dashscope.faults.add(Delay(0.5), when=is_segment(65))
    async with world.bot_running():
        (reply,) = await world.answered(world.share(recording(world, path)))
    assert words(reply).split() == " ".join(WORDS).split()
    assert heard(world) == Counter(SECONDS)


LONG_TEXT = " ".join(f"word{number}." for number in range(1_500))


def files_of(world: World, message: Message) -> dict[str, str]:
    files = [file for reply in world.replies(message) for file in reply.files]
    return {file.name.rsplit(".", 1)[1]: file.read().decode() for file in files}


async def test_a_long_transcript_comes_with_subtitles(world: World, path: Path) -> None:
    world.ear.text = LONG_TEXT
    async with world.bot_running():
        message = world.share(recording(world, path))
        await world.answered(message)
        replies = world.replies(message)
    assert [len(reply.files) for reply in replies] == [3, 0]
    files = files_of(world, message)
    assert len(files["txt"].split()) == 5 * 1_500
    for kind in ("srt", "vtt"):
        cues = list(pysubs2.SSAFile.from_string(files[kind]))
        assert " ".join(cue.plaintext for cue in cues).split() == files["txt"].split()
        assert all(cue.start < cue.end <= cue.start + 7_000 for cue in cues)
        assert all(one.end <= two.start for one, two in pairwise(cues))
        assert all(cue.plaintext.count("\n") < 2 for cue in cues)
        assert cues[-1].end <= sum(SECONDS) * 1000


async def test_where_slack_takes_no_files_the_thread_holds_it_all(world: World, path: Path) -> None:
    world.ear.text = LONG_TEXT
    world.slack.faults.add("files.getUploadURLExternal", SlackError("file_uploads_disabled"), times=None)
    async with world.bot_running():
        message = world.share(recording(world, path))
        await world.answered(message)
        replies = world.replies(message)
    assert not any(reply.files for reply in replies)
    assert len(" ".join(map(words, replies)).split()) == 5 * 1_500


async def test_words_do_not_stay_on_the_disk(socket_world: World, path: Path) -> None:
    world = socket_world
    data = world.settings.data_dir

    def traces() -> int:
        found = 0
        for file in data.rglob("*"):
            # Audio goes as soon as it is heard: also between being listed and being read.
            with suppress(FileNotFoundError, IsADirectoryError):
                found += file.read_bytes().count(b"A clip of")
        return found

    world.ear.delays_s = {65: 1.0}
    async with world.bot_running() as bot:
        message = world.share(recording(world, path))
        await world.until(lambda: traces() >= 4)
        await world.answered(message)
        await bot.store.queue.sweep()
        assert traces() == 0
