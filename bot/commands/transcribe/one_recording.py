"""One recording of a run: recognised, and its transcript written; what is wrong is told in a line."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot import sentences
from bot.audio.child_exit import ChildError
from bot.commands import exits
from bot.commands.transcribe.kept_parts import KEPT_DAYS, KeptParts, KeptRecording, key_of
from bot.commands.transcribe.recogniser import OpenRecogniser
from bot.commands.transcribe.targets import Target, write
from bot.errors import Misconfigured, Refusal, Rejected, TranscriptionError, Unavailable
from bot.job.job_log import Observed
from bot.job.parts import Parts
from bot.job.recognise import RecognitionTask
from bot.model import Claim
from bot.recording import Part, Transcript
from bot.transcript.documents import render_json, render_srt, render_txt, render_vtt
from bot.transcript.join import join
from bot.translations import ENGLISH

RENDER: Mapping[str, Callable[[Transcript], str]] = {
    "txt": partial(render_txt, ENGLISH),
    "srt": partial(render_srt, ENGLISH),
    "vtt": partial(render_vtt, ENGLISH),
    "json": render_json,
}
"""By format."""
_PAUSES_S = (5.0, 15.0, 30.0)
"""Between tries while something does not answer. What was recognised is kept meanwhile."""


class Interrupted(Exception):
    """Ctrl-C or SIGTERM; the message says what is kept."""


@dataclass(frozen=True, slots=True)
class Run:
    """The options of a run, and what it works with."""

    arguments: argparse.Namespace
    kept: KeptParts
    recogniser: OpenRecogniser
    scratch: Path
    printed: list[str] = field(default_factory=list)
    """The keys of what was printed; its parts are kept until all is."""

    def key_of(self, target: Target) -> str:
        """The key under which parts are kept.

        Raises:
            OSError: the recording cannot be read.
        """
        decides = (*self.recogniser.options, self.arguments.language, self.arguments.context)
        return key_of(target.recording, decides)


async def transcribe(run: Run, target: Target) -> int:
    """Transcribe one recording, and say what went wrong; returns the exit code for it.

    Raises:
        OSError: the transcript cannot be written.
        Interrupted: somebody wants it to end.
    """
    name = target.recording
    try:
        key = await asyncio.to_thread(run.key_of, target)
    except OSError as error:
        return exits.fail(f"{name}: cannot be read: {error.strerror}", exits.USAGE)
    with run.kept.of(key) as kept:
        try:
            transcript = await _recognise(run, name, kept)
        except asyncio.CancelledError:
            left = _what_is_kept(kept, f" of {name}")
            raise Interrupted(f"interrupted: {left}" if left else "interrupted") from None
        except Rejected as error:
            return exits.fail(f"{name}: {_explain(error)}", exits.REFUSED)
        except (TranscriptionError, ChildError) as error:
            left = _what_is_kept(kept)
            return exits.fail(f"{name}: {_explain(error)}{'; ' if left else ''}{left}", exits.FAILED)
        text = RENDER[run.arguments.format](transcript)
        try:
            write(target, text, overwrites=run.arguments.force, has_title=len(run.arguments.files) > 1)
        except FileExistsError:
            return there_already(target)
        if transcript.breaks_off:
            exits.tell(f"{name}: {sentences.breaks_off(ENGLISH, transcript.duration_s)}")
        if transcript.has_gaps:
            again = " with --force" if target.path else ""
            hint = f"; the same command{again} tries them again" if kept.parts else ""
            return exits.fail(f"{name}: some parts could not be transcribed{hint}", exits.FAILED)
        if target.path is None:
            run.printed.append(key)
        else:
            kept.discard()
            run.kept.note_written(key, target.path)
    return 0


async def _recognise(run: Run, recording: Path, kept: KeptRecording) -> Transcript:
    """One recording, tried again for a while.

    Raises:
        TranscriptionError: it was refused, or something did not answer for too long.
        ChildError: the decoder went wrong.
    """
    parts, kept_before = Parts(), len(kept.parts)
    parts.remember(kept.parts)
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[parts]}"),
        TimeElapsedColumn(),
    )
    # Redirected, what is printed to a file would go to the terminal that shows the progress.
    with Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        disable=not console.is_terminal,
    ) as progress:
        bar = progress.add_task(recording.name, total=None, parts="")

        async def keep(part: Part) -> None:
            kept.add(part)
            total = parts.total
            label = f"part {parts.count + 1} of {total or '?'}"
            progress.update(bar, completed=parts.count + 1, total=total, parts=label)

        task = RecognitionTask(
            source=recording,
            workspace=run.scratch,
            flow=str(recording),
            observed=Observed(Claim.AUDIO),
            keep=keep,
            language=run.arguments.language,
            context=run.arguments.context,
        )
        if not parts.is_whole:
            await _with_patience(partial(run.recogniser.recordings.recognise_all, task, parts))
    if kept_before:
        total = parts.total or parts.count
        noun, verb = "part" if total == 1 else "parts", "was" if kept_before == 1 else "were"
        exits.tell(f"{recording}: went on where it stopped: {kept_before} of {total} {noun} {verb} kept")
    transcript = await asyncio.to_thread(join, list(parts))
    if not transcript.languages and not transcript.has_gaps:
        kept.discard()
        raise Rejected(Refusal.NO_SPEECH)
    return transcript


async def _with_patience(recognise: Callable[[], Awaitable[None]]) -> None:
    for pause_s in (*_PAUSES_S, None):
        try:
            return await recognise()
        except Unavailable:
            if pause_s is None:
                raise
            await asyncio.sleep(pause_s)
    return None


def _what_is_kept(kept: KeptRecording, of: str = "") -> str:
    """A half sentence for whoever has to begin again; empty where nothing is kept."""
    number = len(kept.parts)
    if not number:
        return ""
    noun, verb = ("part", "is") if number == 1 else ("parts", "are")
    return f"{number} {noun}{of} {verb} kept for {KEPT_DAYS} days, and the same command goes on there"


def _explain(error: TranscriptionError | ChildError) -> str:
    match error:
        case Rejected():
            return sentences.refusal(ENGLISH, error.reason, error.limit, error.format_name)
        case Unavailable() | Misconfigured():
            return f"{ENGLISH.say(sentences.CAUSES[error.reason])} ({error.detail})"
        case ChildError():
            return f"it cannot be decoded ({error})"
        case _:
            raise AssertionError("an error of a fourth kind") from error


def there_already(target: Target) -> int:
    """Say that a transcript would overwrite something; returns the exit code."""
    return exits.fail(
        f"{target.recording}: {target.path} is there already: --force overwrites it", exits.USAGE
    )
