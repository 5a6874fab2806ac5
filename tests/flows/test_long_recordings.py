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

from bot import app, sentences
from bot.errors import Misconfiguration, Refusal
from bot.playground.dashscope_lookalike.calls import Call
from bot.playground.dashscope_lookalike.faults import Answer, Delay
from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.interactions import Interactions
from bot.playground.slack_lookalike.records import File, Message
from bot.transcript.time_marks import without_marks
from bot.translations import ENGLISH
from tests.flows.hands import Form, elements
from tests.flows.harness import BotHarness, context, is_final, state_of, time_marks, words
from tests.flows.recordings import hum_with_pauses

PAUSES_S = (100, 225, 335, 475)
SECONDS = (100, 125, 110, 140, 65)
"""Of its segments, by which they are told apart."""
WORDS = [f"A clip of {seconds} seconds." for seconds in SECONDS]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hum_with_pauses(tmp_path_factory.mktemp("long") / "meeting.wav", PAUSES_S, sum(SECONDS))


def recording(harness: BotHarness, path: Path, *, told: bool = True) -> File:
    file = harness.slack.state.add_file(
        path, "meeting.wav", user=harness.ada.id, mimetype="audio/wav", as_voice_clip=True
    )
    file.duration_ms = sum(SECONDS) * 1000 if told else None
    return file


def heard(harness: BotHarness) -> Counter[int]:
    """How often each segment was recognised, by its seconds; without the verification."""
    calls = [call for call in harness.dashscope.calls if call.acted and call.duration_s > 2]
    return Counter(round(call.duration_s) for call in calls)


def is_segment(seconds: int) -> Callable[[Call], bool]:
    return lambda call: round(call.duration_s) == seconds


async def test_it_is_heard_side_by_side_and_read_in_order(harness: BotHarness, path: Path) -> None:
    harness.ear.delays_s = {100: 0.6, 125: 0.3}
    async with harness.bot_running():
        message = harness.share(recording(harness, path))
        (reply,) = await harness.answered(message)
    assert words(reply).split() == " ".join(WORDS).split()
    assert time_marks(reply) == ["0:00"]
    assert "0:00" not in reply.text
    assert context(reply) == "English · 9:00"
    assert heard(harness) == Counter(SECONDS)
    starts = sorted(call.at for call in harness.dashscope.calls if call.duration_s > 2)
    first_end = min(call.ended_at or 0.0 for call in harness.dashscope.calls if round(call.duration_s) == 125)
    assert sum(at < first_end for at in starts) > 1
    assert list((harness.settings.data_dir / "tmp").iterdir()) == []


async def test_a_channel_can_do_without_time_marks(socket_harness: BotHarness, path: Path) -> None:
    harness = socket_harness
    async with harness.bot_running():
        await harness.command("settings")
        form = Form(harness.modal()).tick("Times")
        await harness.done(harness.people.submit(form.view, form.values))
        (reply,) = await harness.answered(harness.share(recording(harness, path)))
    assert time_marks(reply) == []
    assert words(reply) == " ".join(WORDS)


async def test_no_more_run_at_once_than_are_allowed(socket_harness: BotHarness, path: Path) -> None:
    harness = socket_harness
    harness.ear.delays_s = dict.fromkeys(SECONDS, 0.3)
    async with harness.bot_running(asr_concurrency=2):
        message = harness.share(recording(harness, path))
        await harness.until(lambda: bool(heard(harness)))
        most = 0
        while not any(map(is_final, harness.replies(message))):  # the state of a server tells no one
            most = max(most, sum(call.ended_at is None for call in harness.dashscope.calls))
            await asyncio.sleep(0.01)
    assert most == 2


async def test_the_status_tells_the_part(socket_harness: BotHarness, path: Path) -> None:
    harness = socket_harness
    harness.ear.delays_s = dict.fromkeys(SECONDS, 3.2)
    async with harness.bot_running(asr_concurrency=2):
        message = harness.share(recording(harness, path))
        await harness.answered(message)
    shown = [status.text for status in harness.slack.state.status_log]
    assert shown[0] == sentences.working(ENGLISH, 0, None)
    assert sentences.working(ENGLISH, 2, 5) == "is transcribing part 3 of 5…"
    assert sentences.working(ENGLISH, 2, 5) in shown
    assert harness.slack.state.status(harness.channel.id, message.ts) == ""


async def test_a_clip_is_not_held_up_by_a_long_recording(socket_harness: BotHarness, path: Path) -> None:
    harness = socket_harness
    harness.ear.delays_s = dict.fromkeys(SECONDS, 1.0)
    async with harness.bot_running(asr_concurrency=1):
        long = harness.share(recording(harness, path))
        await harness.until(lambda: bool(heard(harness)))
        clip = harness.share(harness.clip(3))
        await harness.answered(clip)
        begun = [round(call.duration_s) for call in harness.dashscope.calls if call.duration_s > 2]
        assert begun.index(3) <= 2, "after the request that ran, and at most one that began meanwhile"
        await harness.answered(long)


@pytest.mark.parametrize("told", [True, False])
async def test_what_is_too_long_is_refused_with_the_limit(
    socket_harness: BotHarness, path: Path, *, told: bool
) -> None:
    harness = socket_harness
    async with harness.bot_running(max_audio_minutes=5):
        message = harness.share(recording(harness, path, told=told))
        (reply,) = await harness.answered(message)
    assert words(reply) == sentences.refusal(ENGLISH, Refusal.TOO_LONG, 5)
    assert "5 minutes" in words(reply)
    assert bool(harness.calls("download")) is not told, "where Slack tells, nothing is downloaded"
    assert heard(harness) == Counter(), "a header that says too much is looked into first"


async def test_what_is_too_big_is_refused_with_the_limit(socket_harness: BotHarness, path: Path) -> None:
    harness = socket_harness
    async with harness.bot_running(max_file_mb=1):
        (reply,) = await harness.answered(harness.share(recording(harness, path)))
    assert words(reply) == sentences.refusal(ENGLISH, Refusal.TOO_BIG, 1)


async def test_one_segment_that_is_refused_leaves_a_gap_that_can_be_filled(
    harness: BotHarness, path: Path
) -> None:
    harness.dashscope.faults.add(Answer(400, "DataInspectionFailed"), when=is_segment(125))
    async with harness.bot_running():
        message = harness.share(recording(harness, path))
        (reply,) = await harness.answered(message)
        assert state_of(reply) == "gapped"
        assert words(reply).split("\n\n") == [
            WORDS[0],
            "[01:40–03:45 could not be transcribed]",
            " ".join(WORDS[2:]),
        ]
        for _ in range(2):
            Interactions(harness.slack).click(reply, "fill_gaps", harness.ada.id)
        await harness.until(lambda: state_of(harness.replies(message)[0]) == "transcribed")
        await harness.idle()
        (reply,) = harness.replies(message)
    assert words(reply).split() == " ".join(WORDS).split()
    assert [element["type"] for element in elements(reply.blocks)] == ["overflow"], "no button any more"
    assert heard(harness) == Counter(SECONDS), (
        "the refused call recognised nothing, and nothing was paid twice"
    )
    assert harness.slack.state.status(harness.channel.id, message.ts) == ""


async def test_after_a_day_whoever_asks_for_the_gaps_is_told(harness: BotHarness, path: Path) -> None:
    harness.dashscope.faults.add(Answer(400, "DataInspectionFailed"), when=is_segment(125))
    async with harness.bot_running():
        message = harness.share(recording(harness, path))
        (reply,) = await harness.answered(message)
    let_pass(harness, timedelta(days=1))
    async with harness.bot_running():
        Interactions(harness.slack).click(reply, "fill_gaps", harness.ada.id)
        await harness.until(lambda: bool(harness.calls("chat.postEphemeral")))
        await harness.idle()
    (whisper,) = harness.calls("chat.postEphemeral")
    assert (whisper["text"], whisper["user"], whisper["thread_ts"]) == (
        ENGLISH.say(sentences.GAPS_GONE),
        harness.ada.id,
        message.ts,
    )
    assert state_of(reply) == "gapped"
    with closing(sqlite3.connect(harness.settings.data_dir / "threadscribe.db")) as database:
        assert database.execute("SELECT count(*) FROM part").fetchone() == (0,)


def let_pass(harness: BotHarness, time: timedelta) -> None:
    """Make what lies in the database older; the bot must not run."""
    with closing(sqlite3.connect(harness.settings.data_dir / "threadscribe.db")) as database:
        seconds = time.total_seconds()
        database.execute(
            "UPDATE job SET accepted_at = accepted_at - ?, ended_at = ended_at - ?", (seconds, seconds)
        )
        database.commit()


async def test_a_reply_that_is_late_grows_and_ends_complete(socket_harness: BotHarness, path: Path) -> None:
    harness = socket_harness
    slow = {100: 0.2, 125: 0.2, 110: 5.0, 140: 5.0, 65: 5.0}
    harness.slack.faults.add("download", slack.Answer(503), times=None)
    async with harness.bot_running():
        message = harness.share(recording(harness, path))
        await harness.until(lambda: bool(harness.calls("download")))
    harness.slack.faults.clear()
    # It waits for more than a minute now.
    let_pass(harness, timedelta(minutes=2))
    harness.ear.delays_s = slow
    async with harness.bot_running():
        early = await harness.noticed(message)
        said, line = words(early), context(early)
        (reply,) = await harness.answered(message)
    assert said.split() == " ".join(WORDS[:2]).split()
    assert line.startswith("English · To be continued")
    assert reply.ts == early.ts
    assert words(reply).split() == " ".join(WORDS).split()
    assert len(harness.calls("chat.postMessage")) == 1
    assert harness.slack.state.status(harness.channel.id, message.ts) == ""


async def test_an_expired_key_half_way_costs_nothing_twice(harness: BotHarness, path: Path) -> None:
    for seconds in (110, 140, 65):
        harness.dashscope.faults.add(Answer(401, "InvalidApiKey"), when=is_segment(seconds))
    async with harness.bot_running():
        message = harness.share(recording(harness, path))
        await harness.noticed(message)
        (reply,) = await harness.answered(message)
    assert words(reply).split() == " ".join(WORDS).split()
    assert heard(harness) == Counter(SECONDS)
    edited = [call for call in harness.calls("chat.postMessage") if "recogniser_key" in str(call["blocks"])]
    assert len(edited) == 1, "the words so far, and why the rest is late"
    assert str(Misconfiguration.RECOGNISER_KEY) not in str(reply.blocks)


async def test_a_throttled_account_loses_nothing(socket_harness: BotHarness, path: Path) -> None:
    harness = socket_harness
    harness.dashscope.faults.add(
        Answer(429, "Throttling.RateQuota"), times=4, when=lambda call: call.duration_s > 2
    )
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(recording(harness, path)))
    assert words(reply).split() == " ".join(WORDS).split()
    assert heard(harness) == Counter(SECONDS)


async def test_a_stumble_on_one_segment_is_made_good(socket_harness: BotHarness, path: Path) -> None:
    harness = socket_harness
    harness.dashscope.faults.add(Answer(500, "InternalError"), when=is_segment(140))
    harness.dashscope.faults.add(Delay(0.5), when=is_segment(65))
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(recording(harness, path)))
    assert words(reply).split() == " ".join(WORDS).split()
    assert heard(harness) == Counter(SECONDS)


LONG_TEXT = " ".join(f"word{number}." for number in range(1_500))


def files_of(harness: BotHarness, message: Message) -> dict[str, str]:
    files = [file for reply in harness.replies(message) for file in reply.files]
    return {file.name.rsplit(".", 1)[1]: file.read().decode() for file in files}


async def test_a_long_transcript_comes_with_subtitles(harness: BotHarness, path: Path) -> None:
    harness.ear.text = LONG_TEXT
    async with harness.bot_running():
        message = harness.share(recording(harness, path))
        await harness.answered(message)
        replies = harness.replies(message)
    assert [len(reply.files) for reply in replies] == [0, 3]
    assert {file.name.rsplit(".", 1)[0] for file in replies[1].files} == {"meeting"}
    files = files_of(harness, message)
    said = without_marks(files["txt"]).split()
    assert len(said) == 5 * 1_500
    for kind in ("srt", "vtt"):
        cues = list(pysubs2.SSAFile.from_string(files[kind]))
        assert " ".join(cue.plaintext for cue in cues).split() == said
        assert all(cue.start < cue.end <= cue.start + 7_000 for cue in cues)
        assert all(one.end <= two.start for one, two in pairwise(cues))
        assert all(cue.plaintext.count("\n") < 2 for cue in cues)
        assert cues[-1].end <= sum(SECONDS) * 1000


@pytest.mark.parametrize("method", ["chat.postMessage", "files.completeUploadExternal", "chat.update"])
async def test_files_of_a_process_that_died_are_shared_once(
    socket_harness: BotHarness, path: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = socket_harness
    harness.ear.text = LONG_TEXT
    monkeypatch.setattr(app, "DRAIN_PATIENCE_S", 0.0)
    async with harness.bot_running():
        done = harness.slack.faults.hold(method, after_acting=True)
        first, second = (recording(harness, path) for _ in range(2))
        message = harness.share(first)
        await done.reached()
    async with harness.bot_running():
        harness.share(second, thread_ts=message.ts)
        replies = await harness.answered(message, 2)
    assert sorted(len(reply.files) for reply in replies) == [0, 0, 3, 3]


async def test_where_slack_takes_no_files_the_thread_holds_it_all(harness: BotHarness, path: Path) -> None:
    harness.ear.text = LONG_TEXT
    harness.slack.faults.add("files.getUploadURLExternal", SlackError("file_uploads_disabled"), times=None)
    async with harness.bot_running():
        message = harness.share(recording(harness, path))
        await harness.answered(message)
        replies = harness.replies(message)
    assert not any(reply.files for reply in replies)
    assert len(" ".join(map(words, replies)).split()) == 5 * 1_500


async def test_words_do_not_stay_on_the_disk(socket_harness: BotHarness, path: Path) -> None:
    harness = socket_harness
    data = harness.settings.data_dir

    def traces() -> int:
        found = 0
        for file in data.rglob("*"):
            # Audio goes as soon as it is heard: also between being listed and being read.
            with suppress(FileNotFoundError, IsADirectoryError):
                found += file.read_bytes().count(b"A clip of")
        return found

    harness.ear.delays_s = {65: 1.0}
    async with harness.bot_running() as bot:
        message = harness.share(recording(harness, path))
        await harness.until(lambda: traces() >= 4)
        await harness.answered(message)
        await bot.store.queue.sweep()
        assert traces() == 0
