"""The recogniser of the command line: the real service, or the packaged offline model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bot.audio.media import Media
from bot.clients import build_recogniser
from bot.job.clock import Clock
from bot.job.recognise import RecordingRecogniser
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.settings.load import load_asr
from bot.steady_clock import SteadyClock
from bot.whisper.whisper import SHA256, Whisper

_LOCAL_AT_ONCE = 2
"""The packaged recogniser takes one segment at a time: one waits, so that it never does."""
_GIVE_UP_AFTER_S = 0.0
"""Nobody waits for hours at a terminal."""


@dataclass(frozen=True, slots=True)
class OpenRecogniser:
    """A recogniser of recordings, and what of it decides on their words."""

    recordings: RecordingRecogniser
    options: tuple[object, ...]
    """Model, language and digits, as the settings have them."""


@asynccontextmanager
async def open_recogniser(*, local: bool) -> AsyncIterator[OpenRecogniser]:
    """The recogniser that the settings name, or the packaged one.

    Raises:
        SettingsError: a setting is wrong or missing.
        ModelError: the packaged model is not there.
    """
    async with AsyncExitStack() as stack:
        # A proxy of the environment must not be asked for this machine.
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=not local))
        if local:
            whisper = await stack.enter_async_context(Whisper.opened())
            stand_in = await stack.enter_async_context(DashScopeLookalike(whisper.recognise))
            settings = load_asr(
                dashscope_api_key=stand_in.api_key,
                dashscope_base_url=stand_in.base_url,
                asr_concurrency=str(_LOCAL_AT_ONCE),
            )
        else:
            settings = load_asr()
        media = Media(most_minutes=settings.max_audio_minutes, compressed=settings.compress_uploads)
        recordings = RecordingRecogniser(
            media,
            build_recogniser(settings, session),
            Clock(_GIVE_UP_AFTER_S, SteadyClock().now),
            settings.asr_concurrency,
        )
        model = SHA256 if local else settings.asr_model
        yield OpenRecogniser(recordings, (model, settings.asr_language, settings.asr_enable_itn))
