from __future__ import annotations

import asyncio

import pytest

from bot.errors import Outage, Refusal, Rejected, Unavailable
from bot.model import Claim, FileState, SharedFile
from tests.job.fakes import shared_file
from tests.job.harness import JobHarness
from tests.job.story import Story
from tests.transcripts import said

LONGEST_S = 180 * 60.0


async def test_the_whole_way(harness: JobHarness) -> None:
    story = Story(harness)
    harness.recogniser.text["F1"] = "  some words\n"
    assert await story.tell(shared_file()) == said("some words")
    seen = story.observed
    assert set(seen.stages_s) == {"download", "prepare", "recognise"}
    assert (seen.claim, seen.source_bytes, seen.sent_bytes, seen.sent_mime, seen.audio_s) == (
        Claim.AUDIO,
        2,
        2,
        "audio/wav",
        2.0,
    )
    assert (seen.request_id, seen.languages, seen.segments, seen.billed_s) == ("request-F1", ["en"], 1, 2.0)
    assert (story.signs, story.located) == (1, shared_file())
    assert list(harness.scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "attempt", "asks"),
    [
        (shared_file(), 0, False),
        (shared_file(), 1, True),
        (shared_file(url=None), 0, True),
        (shared_file(claim=Claim.UNKNOWN, state=FileState.STUB, url=None, name=""), 0, True),
    ],
    ids=["described", "retried", "no address yet", "stub"],
)
async def test_slack_is_asked_where_the_event_does_not_say(
    harness: JobHarness, file: SharedFile, attempt: int, *, asks: bool
) -> None:
    story = Story(harness)
    await story.tell(file, attempt=attempt)
    assert harness.files.infos.calls == (["F1"] if asks else [])
    assert story.located == shared_file(), "its name is known by now"


async def test_what_somebody_agreed_to_a_day_later_is_looked_up_again(harness: JobHarness) -> None:
    await Story(harness).tell(shared_file(), confirmed=True)
    assert harness.files.infos.calls == ["F1"]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (shared_file(state=FileState.GONE), Refusal.GONE),
        (shared_file(state=FileState.HIDDEN_BY_LIMIT), Refusal.HIDDEN_BY_LIMIT),
        (shared_file(state=FileState.FORBIDDEN), Refusal.FORBIDDEN),
        (shared_file(state=FileState.EXTERNAL), Refusal.EXTERNAL),
        (shared_file(duration_s=LONGEST_S + 1.5), Refusal.TOO_LONG),
        (shared_file(claim=Claim.OTHER), Refusal.NOT_AUDIO),
        (shared_file(claim=Claim.VIDEO), Refusal.NOT_AUDIO),
    ],
)
@pytest.mark.parametrize("stubbed", [False, True])
async def test_what_slack_already_says_is_refused_without_a_download(
    harness: JobHarness, file: SharedFile, reason: Refusal, *, stubbed: bool
) -> None:
    story = Story(harness)
    harness.files.files["F1"] = file
    stub = shared_file(claim=Claim.UNKNOWN, state=FileState.STUB, url=None)
    with pytest.raises(Rejected) as refusal:
        await story.tell(stub if stubbed else file)
    assert refusal.value.reason is reason
    assert harness.files.downloads.calls == []
    assert story.signs == 0, "no sign of work where there is none"
    assert story.observed.claim is file.claim


@pytest.mark.parametrize("duration_s", [None, 0.0, LONGEST_S, LONGEST_S + 0.9])
async def test_a_length_that_rounding_explains_is_left_to_decoding(
    harness: JobHarness, duration_s: float | None
) -> None:
    await Story(harness).tell(shared_file(duration_s=duration_s))


@pytest.mark.parametrize(
    ("claim", "explicit", "taken"),
    [
        (Claim.VOICE_CLIP, False, True),
        (Claim.AUDIO, False, True),
        (Claim.VIDEO_CLIP, False, True),
        (Claim.EITHER, False, False),
        (Claim.UNKNOWN, False, False),
        (Claim.EITHER, True, True),
        (Claim.VIDEO, True, True),
    ],
)
async def test_whose_moving_pictures_are_taken(
    harness: JobHarness, claim: Claim, *, explicit: bool, taken: bool
) -> None:
    harness.audio.has_video.add("F1")
    story = Story(harness)
    if taken:
        await story.tell(shared_file(claim=claim), explicit=explicit)
    else:
        with pytest.raises(Rejected) as refusal:
            await story.tell(shared_file(claim=claim), explicit=explicit)
        assert refusal.value.reason is Refusal.NOT_AUDIO
        assert harness.recogniser.trouble.calls == [], "nothing is sent that nobody asked for"


@pytest.mark.parametrize("claim", [Claim.EITHER, Claim.VIDEO])
async def test_a_channel_that_wants_videos_gets_them(harness: JobHarness, claim: Claim) -> None:
    harness.audio.has_video.add("F1")
    assert await Story(harness).tell(shared_file(claim=claim), wants_video=True) == said("words of F1")


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
async def test_no_words_are_no_speech(harness: JobHarness, text: str) -> None:
    harness.recogniser.text["F1"] = text
    story = Story(harness)
    with pytest.raises(Rejected) as refusal:
        await story.tell(shared_file())
    assert refusal.value.reason is Refusal.NO_SPEECH
    assert story.observed.request_id is not None


@pytest.mark.parametrize("stage", ["download", "prepare", "recognise"])
@pytest.mark.parametrize("error", [Unavailable(Outage.MACHINE), Rejected(Refusal.EMPTY), OSError("full")])
async def test_nothing_stays_on_disk_after_a_failure(
    harness: JobHarness, stage: str, error: Exception
) -> None:
    trouble = {
        "download": harness.files.downloads,
        "prepare": harness.audio.trouble,
        "recognise": harness.recogniser.trouble,
    }[stage]
    trouble.then("F1", error)
    story = Story(harness)
    with pytest.raises(type(error)):
        await story.tell(shared_file())
    assert list(harness.scratch.iterdir()) == []
    assert list(story.observed.stages_s)[-1] == stage, "a failed stage is timed too"


async def test_nothing_stays_on_disk_after_a_cancellation(harness: JobHarness) -> None:
    harness.recogniser.takes_s["F1"] = 60.0
    task = asyncio.create_task(Story(harness).tell(shared_file()))
    while not harness.recogniser.at_work:  # noqa: ASYNC110  # the fake has no event
        await asyncio.sleep(0.001)
    (workspace,) = harness.scratch.iterdir()
    assert workspace.stat().st_mode & 0o077 == 0, "nobody else's business"
    assert {path.name for path in workspace.iterdir()} == {"source", "prepared-0"}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(harness.scratch.iterdir()) == []
