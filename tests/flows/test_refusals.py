"""What cannot be transcribed gets one short sentence of its own, with what to do next."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot import sentences
from bot.errors import Misconfiguration, Refusal
from bot.playground.slack_lookalike.records import File, Served
from bot.translations import ENGLISH
from tests.audio import samples
from tests.flows.harness import BotHarness, state_of, tone, words

GIB = 1024**3

REFUSED: dict[str, tuple[Refusal, Callable[[BotHarness], File]]] = {
    "not audio": (Refusal.NOT_AUDIO, lambda w: _file(w, b"Dear diary, " * 500)),
    "empty": (Refusal.EMPTY, lambda w: _file(w, b"")),
    "HTML as audio": (Refusal.NOT_AUDIO, lambda w: _file(w, b"<!DOCTYPE html><html></html>" * 90)),
    "too long, as Slack says": (Refusal.TOO_LONG, lambda w: w.clip(duration_ms=400_000)),
    "too long, as its samples say": (Refusal.TOO_LONG, lambda w: _file(w, tone(320, rate_hz=8000))),
    "too big": (Refusal.TOO_BIG, lambda w: w.clip(size=2 * GIB)),
    "outside Slack": (
        Refusal.EXTERNAL,
        lambda w: w.clip(is_external=True, mode="external", external_url="https://drive.example/clip"),
    ),
}

LIMITS = {Refusal.TOO_LONG: 5, Refusal.TOO_BIG: 1024}
"""Minutes and megabytes."""

# Slack tells nothing of these but their state: only whoever asks by name hears of them.
HIDDEN: dict[str, tuple[Refusal, dict[str, Any]]] = {
    "hidden": (Refusal.HIDDEN_BY_LIMIT, {"mode": "hidden_by_limit"}),
    "denied": (Refusal.FORBIDDEN, {"file_access": "access_denied"}),
    "deleted": (Refusal.GONE, {"mode": "tombstone"}),
}


def _file(harness: BotHarness, content: bytes) -> File:
    return harness.slack.state.add_file(content, "note.m4a", user=harness.ada.id, mimetype="audio/mp4")


@pytest.mark.parametrize("kind", REFUSED)
async def test_each_kind_has_its_sentence(harness: BotHarness, kind: str) -> None:
    reason, make = REFUSED[kind]
    async with harness.bot_running(max_audio_minutes=5):
        message = harness.share(make(harness))
        (reply,) = await harness.answered(message)
    assert words(reply) == sentences.refusal(ENGLISH, reason, LIMITS.get(reason))
    assert state_of(reply) == "refused"
    assert harness.slack.state.status(harness.channel.id, message.ts) == ""


async def test_a_format_that_is_not_read_is_named_and_not_called_damaged(harness: BotHarness) -> None:
    dictation = harness.slack.state.add_file(
        b"\x02dss" + bytes(2_000), "note.dss", user=harness.ada.id, mimetype="application/octet-stream"
    )
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(dictation))
    assert "format DSS, which I don't read" in words(reply)
    assert "export it as MP3" in words(reply)


@pytest.mark.parametrize("kind", HIDDEN)
async def test_what_slack_keeps_back_is_said_to_whoever_asks(harness: BotHarness, kind: str) -> None:
    reason, described = HIDDEN[kind]
    async with harness.bot_running():
        unasked = harness.share(harness.clip(**described))
        asked = harness.share(harness.clip(**described), text=_mention(harness))
        (reply,) = await harness.answered(asked)
    assert words(reply) == sentences.refusal(ENGLISH, reason)
    assert harness.replies(unasked) == []
    assert harness.calls("download") == []


async def test_of_an_old_recording_it_is_believed_that_it_is_gone(harness: BotHarness) -> None:
    state = harness.slack.state
    async with harness.bot_running():
        state.clock = lambda: time.time() - 3_600
        message = harness.share(harness.clip(served=Served(status=404)))
        state.clock = time.time
        (reply,) = await harness.answered(message)
    assert words(reply) == sentences.refusal(ENGLISH, Refusal.GONE)
    # Both of its addresses, once.
    assert len(harness.calls("download")) == 2


def _mention(harness: BotHarness) -> str:
    return f"<@{harness.slack.state.workspace.bot_user_id}>"


@pytest.mark.parametrize("kind", ["too long, as Slack says", "too big"])
async def test_what_slack_already_says_is_not_downloaded(harness: BotHarness, kind: str) -> None:
    async with harness.bot_running(max_audio_minutes=5):
        await harness.answered(harness.share(REFUSED[kind][1](harness)))
    assert harness.calls("download") == []


async def test_no_speech(harness: BotHarness) -> None:
    harness.ear.text = ""
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(harness.clip()))
    assert words(reply) == sentences.refusal(ENGLISH, Refusal.NO_SPEECH)


async def test_a_video_clip_without_sound_is_ignored(harness: BotHarness, tmp_path: Path) -> None:
    silent = _silent_video(harness, tmp_path, subtype="slack_video")
    async with harness.bot_running():
        message = harness.share(silent)
        await harness.answered(harness.share(harness.clip()))
    assert harness.replies(message) == []


async def test_a_video_without_sound_is_refused_where_somebody_asked(
    harness: BotHarness, tmp_path: Path
) -> None:
    async with harness.bot_running():
        (reply,) = await harness.answered(
            harness.share(_silent_video(harness, tmp_path), text=_mention(harness))
        )
    assert words(reply) == sentences.refusal(ENGLISH, Refusal.NO_AUDIO_TRACK)


def _silent_video(harness: BotHarness, folder: Path, **described: Any) -> File:
    path = samples.encode(folder / "silent.mp4", "mp4", "aac", tones_hz=(), video="mpeg4")
    return harness.slack.state.add_file(
        path, "talk.mp4", user=harness.ada.id, mimetype="video/mp4", **described
    )


async def test_the_token_does_not_follow_a_redirect_to_a_foreign_host(harness: BotHarness) -> None:
    async with _foreign_host() as (address, requests), harness.bot_running():
        (reply,) = await harness.answered(harness.share(harness.clip(served=Served(redirect_to=address))))
    assert words(reply) == sentences.refusal(ENGLISH, Refusal.UNSAFE_ADDRESS)
    assert requests == []


@asynccontextmanager
async def _foreign_host() -> AsyncIterator[tuple[str, list[web.BaseRequest]]]:
    requests: list[web.BaseRequest] = []

    async def receive(request: web.BaseRequest) -> web.Response:
        requests.append(request)
        return web.Response(body=tone(1), content_type="audio/wav")

    runner = web.ServerRunner(web.Server(receive))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/clip.wav", requests
    finally:
        await runner.cleanup()


async def test_a_login_page_parks_the_job_until_the_scope_is_granted(harness: BotHarness) -> None:
    state = harness.slack.state
    state.workspace.scopes.discard("files:read")
    async with harness.bot_running():
        message = harness.share(harness.clip())
        notice = await harness.noticed(message)
        assert words(notice) in {
            sentences.waiting(ENGLISH, Misconfiguration.SLACK_LOGIN_PAGE),
            sentences.waiting(ENGLISH, Misconfiguration.SLACK_SCOPE),
        }
        state.workspace.scopes.add("files:read")
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert reply.ts == notice.ts
