"""What a job may expect of a recogniser, asked of the client and the look-alike together."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from bot.asr.dashscope import DashScope
from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.playground.dashscope_lookalike.faults import (
    Alter,
    Answer,
    Drop,
    Page,
    cut_short,
    in_language,
    without_annotations,
    without_choices,
    without_content,
)
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.ports.outside import Recogniser
from bot.recording import EMOTIONS, LANGUAGES, PreparedAudio
from bot.whisper.heard import Heard
from tests.asr.stand import Clock

Recognised = tuple[str | None, str]


class Pair:
    """A recogniser, the service that it asks, and what that service was asked."""

    def __init__(self, service: DashScopeLookalike, recogniser: Recogniser, asked: list[Recognised]) -> None:
        self.service = service
        self.recogniser = recogniser
        self.asked = asked


@asynccontextmanager
async def pair(
    text: str = "Bring the ladder.", *, key: str | None = None, model: str = "qwen3-asr-flash"
) -> AsyncIterator[Pair]:
    asked: list[Recognised] = []
    clock = Clock()

    async def hear(_audio: bytes, language: str | None, context: str) -> Heard:
        asked.append((language, context))
        return Heard(text=text, language="en" if text else None, duration_s=1.5)

    async with DashScopeLookalike(hear) as service, aiohttp.ClientSession() as session:
        recogniser = DashScope(
            session,
            base_url=service.base_url,
            api_key=SecretStr(key or service.api_key),
            model=model,
            language=None,
            enable_itn=False,
            concurrency=4,
            requests_per_minute=100,
            clock=clock,
            sleep=clock.sleep,
        )
        yield Pair(service, recogniser, asked)


@pytest.fixture
def clip(tmp_path: Path) -> PreparedAudio:
    return sound(tmp_path / "clip.wav", duration_s=1.5)


def sound(path: Path, *, duration_s: float) -> PreparedAudio:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * int(16_000 * duration_s)))
    path.write_bytes(target.getvalue())
    return PreparedAudio(path=path, mime="audio/wav", size_bytes=path.stat().st_size, duration_s=duration_s)


async def test_what_was_heard_comes_back(clip: PreparedAudio) -> None:
    async with pair() as it:
        heard = await it.recogniser.recognise(clip)
    (call,) = it.service.calls
    assert (heard.text, heard.language, heard.billed_s) == ("Bring the ladder.", "en", 2.0)
    assert heard.complete
    assert heard.emotion in EMOTIONS
    assert heard.request_id == call.request_id
    assert (call.mime, call.audio_bytes, call.duration_s) == ("audio/wav", clip.size_bytes, 1.5)
    assert it.asked == [(None, "")]


async def test_language_and_context_arrive(clip: PreparedAudio) -> None:
    async with pair() as it:
        heard = await it.recogniser.recognise(clip, language="yue", context='梯子, "ladder"')
    assert it.asked == [("yue", '梯子, "ladder"')]
    assert heard.language == "yue"


async def test_every_language_is_taken(clip: PreparedAudio) -> None:
    async with pair() as it:
        for language in LANGUAGES:
            assert (await it.recogniser.recognise(clip, language=language)).language == language


@pytest.mark.parametrize("digits", [None, False, True])
async def test_digits_are_taken_in_every_language(clip: PreparedAudio, *, digits: bool | None) -> None:
    async with pair() as it:
        for language in (None, "en", "de"):
            heard = await it.recogniser.recognise(clip, language=language, digits=digits)
            assert heard.text == "Bring the ladder."


async def test_seven_megabytes_are_taken(tmp_path: Path) -> None:
    async with pair() as it:
        heard = await it.recogniser.recognise(sound(tmp_path / "long.wav", duration_s=218.0))
    assert heard.billed_s == 218.0


async def test_silence_is_an_empty_text(clip: PreparedAudio) -> None:
    async with pair("") as it:
        heard = await it.recogniser.recognise(clip)
    assert (heard.text, heard.language) == ("", None)


async def test_several_at_once(clip: PreparedAudio) -> None:
    async with pair() as it:
        heard = await asyncio.gather(*(it.recogniser.recognise(clip) for _ in range(12)))
    assert len({each.request_id for each in heard}) == 12


async def test_odd_answers_are_understood(clip: PreparedAudio) -> None:
    async with pair() as it:
        alterations = (without_content(), without_annotations(), in_language("bn"), cut_short())
        for alter in alterations:
            it.service.faults.add(alter)
        empty, unnamed, foreign, cut = [await it.recogniser.recognise(clip) for _ in range(4)]
    assert empty.text == ""
    assert (unnamed.language, unnamed.emotion) == (None, None)
    assert foreign.language == "bn"
    assert not cut.complete


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        (Answer(429, "Throttling.RateQuota", retry_after_s=7), Unavailable, Outage.RECOGNISER_BUSY),
        (Answer(503, "ModelUnavailable"), Unavailable, Outage.RECOGNISER),
        (Answer(500, "InternalError.Timeout"), Unavailable, Outage.RECOGNISER),
        (Answer(200, "Throttling"), Unavailable, Outage.RECOGNISER_BUSY),
        (Answer(400, "DataInspectionFailed"), Rejected, Refusal.CONTENT_BLOCKED),
        (Answer(400, "Arrearage"), Misconfigured, Misconfiguration.RECOGNISER_ACCOUNT),
        (Page(), Unavailable, Outage.RECOGNISER),
        (Drop(), Unavailable, Outage.RECOGNISER),
        (Drop(after_acting=True), Unavailable, Outage.RECOGNISER),
        (without_choices(), Unavailable, Outage.RECOGNISER),
    ],
)
async def test_faults_become_our_errors_and_pass(
    clip: PreparedAudio, fault: Answer | Page | Drop | Alter, kind: type[Exception], reason: object
) -> None:
    async with pair() as it:
        it.service.faults.add(fault)
        with pytest.raises(kind) as caught:
            await it.recogniser.recognise(clip)
        assert vars(caught.value)["reason"] is reason
        assert len(it.service.calls) == 1, "it must not try again by itself: each call is billed"
        assert (await it.recogniser.recognise(clip)).text == "Bring the ladder."


async def test_audio_that_the_service_cannot_open_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "not.wav"
    path.write_bytes(b"not a sound")
    async with pair() as it:
        with pytest.raises(Rejected) as caught:
            await it.recogniser.recognise(PreparedAudio(path, "audio/wav", 11, 1.0))
    assert caught.value.reason is Refusal.UNSUPPORTED_BY_RECOGNISER


async def test_verification_passes_with_the_right_key_and_model() -> None:
    async with pair("") as it:
        await it.recogniser.verify()
    assert [call.duration_s for call in it.service.calls] == [1.0]


async def test_verification_names_a_wrong_key() -> None:
    async with pair(key="sk-of-another-region") as it:
        with pytest.raises(Misconfigured) as caught:
            await it.recogniser.verify()
    assert caught.value.reason is Misconfiguration.RECOGNISER_KEY


async def test_verification_names_a_wrong_model() -> None:
    async with pair(model="qwen9-asr") as it:
        with pytest.raises(Misconfigured) as caught:
            await it.recogniser.verify()
    assert caught.value.reason is Misconfiguration.RECOGNISER_MODEL
