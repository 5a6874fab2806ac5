"""``python -m bot transcribe``: the bot's own pipeline from the command line, without Slack."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bot import sentences
from bot.audio.media import Media
from bot.clients import build_recogniser
from bot.commands import exits
from bot.errors import Misconfigured, Refusal, Rejected, TranscriptionError, Unavailable
from bot.job.clock import Clock
from bot.job.job_log import Observed
from bot.job.parts import Parts
from bot.job.recognise import RecognitionTask, RecordingRecogniser
from bot.model import Claim
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.recording import LANGUAGES, Part, Transcript
from bot.scratch import scratch_folder
from bot.settings.load import SettingsError, load_asr
from bot.transcript.documents import render_json, render_srt, render_txt, render_vtt
from bot.transcript.join import join
from bot.translations import ENGLISH
from bot.whisper.whisper import ModelError, Whisper

_RENDER: Mapping[str, Callable[[Transcript], str]] = {
    "txt": partial(render_txt, ENGLISH),
    "srt": partial(render_srt, ENGLISH),
    "vtt": partial(render_vtt, ENGLISH),
    "json": render_json,
}
_LOCAL_AT_ONCE = 2
"""The packaged recogniser takes one segment at a time: one waits, so that it never does."""
_GIVE_UP_AFTER_S = 0.0
"""Nobody waits for hours at a terminal."""
_PAUSES_S = (5.0, 15.0, 30.0)
"""Between tries while something does not answer. What was recognised is kept meanwhile."""


@dataclass(frozen=True, slots=True)
class _Collaborators:
    """The recogniser and the options that transcribing a file needs."""

    recogniser: RecordingRecogniser
    language: str | None
    context: str
    scratch: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="recordings")
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        metavar="CODE",
        help="what is spoken (en, zh, …); else recognised",
    )
    parser.add_argument("--context", default="", metavar="TEXT", help="names and terms that may occur")
    parser.add_argument("--format", choices=tuple(_RENDER), default="txt", help="txt if left out")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="PATH",
        help="a file, or with several recordings a folder; printed if left out",
    )
    parser.add_argument(
        "--asr",
        choices=("real", "local"),
        default="real",
        help="who recognises: the real service (needs DASHSCOPE_API_KEY), or the packaged offline model",
    )


def run(arguments: argparse.Namespace) -> int:
    """Transcribe the files; returns the exit code (1 also where parts are missing from a transcript)."""
    missing = [path for path in arguments.files if not path.is_file()]
    if missing:
        return exits.fail(f"no such file: {missing[0]}", exits.USAGE)
    if len(arguments.files) > 1 and arguments.output is None and arguments.format != "txt":
        return exits.fail("several recordings as files need a folder: -o FOLDER", exits.USAGE)
    try:
        if arguments.output is not None:
            _prove_writable(arguments.output, is_folder=len(arguments.files) > 1)
        return asyncio.run(_transcribe_all(arguments))
    except (SettingsError, ModelError) as error:
        return exits.fail(str(error), exits.USAGE)
    except OSError as error:
        return exits.fail(f"cannot write: {error}", exits.FAILED)


async def _transcribe_all(arguments: argparse.Namespace) -> int:
    worst = 0
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[parts]}"),
        TimeElapsedColumn(),
    )
    with scratch_folder() as scratch:
        async with _collaborators(arguments, scratch) as collaborators:
            disabled = not console.is_terminal
            with Progress(*columns, console=console, transient=True, disable=disabled) as progress:
                for path in arguments.files:
                    bar = progress.add_task(path.name, total=None, parts="")
                    try:
                        transcript = await _transcribe(collaborators, path, progress, bar)
                    except TranscriptionError as error:
                        code = exits.REFUSED if isinstance(error, Rejected) else exits.FAILED
                        worst = worst or exits.fail(f"{path.name}: {_explain(error)}", code)
                    else:
                        _write(arguments, path, transcript)
                        if transcript.has_gaps:
                            worst = exits.fail(
                                f"{path.name}: some parts could not be transcribed", exits.FAILED
                            )
                    progress.remove_task(bar)
    return worst


async def _transcribe(
    collaborators: _Collaborators, path: Path, progress: Progress, bar: TaskID
) -> Transcript:
    """One file, tried again for a while.

    Raises:
        TranscriptionError: it was refused, or something did not answer for too long.
    """
    parts = Parts()

    async def show(_part: Part) -> None:
        total = parts.total
        label = f"part {parts.count + 1} of {total or '?'}"
        progress.update(bar, completed=parts.count + 1, total=total, parts=label)

    task = RecognitionTask(
        source=path,
        workspace=collaborators.scratch,
        flow=str(path),
        observed=Observed(Claim.AUDIO),
        keep=show,
        language=collaborators.language,
        context=collaborators.context,
    )
    for pause_s in (*_PAUSES_S, None):
        try:
            await collaborators.recogniser.recognise_all(task, parts)
            break
        except Unavailable:
            if pause_s is None:
                raise
            await asyncio.sleep(pause_s)
    transcript = await asyncio.to_thread(join, list(parts))
    if not transcript.languages and not transcript.has_gaps:
        raise Rejected(Refusal.NO_SPEECH)
    return transcript


@asynccontextmanager
async def _collaborators(arguments: argparse.Namespace, scratch: Path) -> AsyncIterator[_Collaborators]:
    async with AsyncExitStack() as stack:
        is_local = arguments.asr == "local"
        # A proxy of the environment must not be asked for this machine.
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=not is_local))
        if is_local:
            whisper = await stack.enter_async_context(Whisper.opened())
            local = await stack.enter_async_context(DashScopeLookalike(whisper.recognise))
            settings = load_asr(
                dashscope_api_key=local.api_key,
                dashscope_base_url=local.base_url,
                asr_concurrency=str(_LOCAL_AT_ONCE),
            )
        else:
            settings = load_asr()
        media = Media(most_minutes=settings.max_audio_minutes, compressed=settings.compress_uploads)
        recogniser = RecordingRecogniser(
            media, build_recogniser(settings, session), Clock(_GIVE_UP_AFTER_S), settings.asr_concurrency
        )
        yield _Collaborators(recogniser, arguments.language, arguments.context, scratch)


def _write(arguments: argparse.Namespace, path: Path, transcript: Transcript) -> None:
    text = _RENDER[arguments.format](transcript)
    if arguments.output is None:
        title = f"{path.name}\n\n" if len(arguments.files) > 1 else ""
        sys.stdout.write(f"{title}{text.rstrip()}\n" + ("\n" if title else ""))
    elif len(arguments.files) == 1:
        arguments.output.write_text(text, encoding="utf-8")
    else:
        (arguments.output / f"{path.name}.{arguments.format}").write_text(text, encoding="utf-8")


def _prove_writable(output: Path, *, is_folder: bool) -> None:
    """Try the target before anything is recognised: that is paid for.

    Raises:
        OSError: it cannot be written.
    """
    if is_folder:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):
            return
    if output.exists() and not (output.is_file() or output.is_dir()):
        return  # whoever reads a pipe must not take this for all of it
    is_new = not output.exists()
    with output.open("ab"):
        pass
    if is_new:
        output.unlink()


def _explain(error: TranscriptionError) -> str:
    match error:
        case Rejected():
            return sentences.refusal(ENGLISH, error.reason, error.limit)
        case Unavailable() | Misconfigured():
            return f"{ENGLISH.say(sentences.CAUSES[error.reason])} ({error.detail})"
        case _:
            raise AssertionError("an error of a fourth kind") from error
