"""The ``transcribe`` command: its options, and its recordings one after the other."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bot.commands import exits
from bot.commands.transcribe.kept_parts import KEPT_DAYS, KeptParts, default_folder
from bot.commands.transcribe.one_recording import RENDER, Interrupted, Run, there_already, transcribe
from bot.commands.transcribe.recogniser import open_recogniser
from bot.commands.transcribe.targets import Target, is_same, plan_targets, prove_writable
from bot.recording import LANGUAGES
from bot.scratch import scratch_folder
from bot.settings.load import SettingsError
from bot.telemetry import configure_logging
from bot.whisper.whisper import ModelError

_EPILOG = (
    "Nothing is overwritten unless --force says so. What is recognised of a recording is kept until its "
    f"transcript is written, for {KEPT_DAYS} days at most: after Ctrl-C or a failure, the same command goes "
    "on where it stopped. Exit code, the worst of all recordings: 0, all are transcribed; 3, some were "
    "refused, and will be again; 1, some failed or have gaps, and another run may help; 2, an argument or a "
    "setting is wrong, a recording cannot be read, or the file for its transcript is there already; "
    "130, interrupted."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = _EPILOG
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="recordings")
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        metavar="CODE",
        help="what is spoken (en, zh, …); else recognised",
    )
    parser.add_argument("--context", default="", metavar="TEXT", help="names and terms that may occur")
    parser.add_argument("--format", choices=tuple(RENDER), default="txt", help="txt if left out")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="PATH",
        help="a file, or with several recordings a folder; printed if left out",
    )
    parser.add_argument("--force", action="store_true", help="overwrite transcripts that are there already")
    parser.add_argument(
        "--asr",
        choices=("real", "local"),
        default="real",
        help="who recognises: the real service (needs DASHSCOPE_API_KEY), or the packaged offline model",
    )
    parser.add_argument(
        "--no-keep",
        action="store_true",
        help="keep nothing for another run, and delete what was kept of these recordings",
    )


def run(arguments: argparse.Namespace) -> int:
    """Transcribe the files; returns the exit code (see ``--help``)."""
    files, output, several = arguments.files, arguments.output, len(arguments.files) > 1
    if several and output is None and arguments.format != "txt":
        return exits.fail("several recordings as files need a folder: -o FOLDER", exits.USAGE)
    is_folder = several or (output is not None and output.is_dir())
    targets = plan_targets(files, output, arguments.format, is_folder=is_folder)
    possible = [target for target in targets if _is_possible(target, files)]
    codes = [exits.USAGE] * (len(targets) - len(possible))
    if not possible:
        return exits.worst(codes)
    kept = KeptParts(default_folder(), is_on=not arguments.no_keep, tell=exits.tell)
    try:
        if output is not None and (is_folder or arguments.force or not possible[0].is_taken):
            prove_writable(output, is_folder=is_folder)
        _tell_names(possible)
        kept.tidy()
        # What goes wrong is said in a line; stdout is for the transcript.
        configure_logging("CRITICAL", pretty=True)
        code = asyncio.run(_transcribe_all(arguments, kept, possible, codes))
    except (SettingsError, ModelError) as error:
        return exits.fail(str(error), exits.USAGE)
    except OSError as error:
        return exits.fail(f"cannot write: {error}", exits.FAILED)
    if code == exits.INTERRUPTED and arguments.asr == "local":
        # All is closed by now, but for a thread of the model, which computes to the end of its segment.
        os._exit(code)
    return code


def _is_possible(target: Target, files: Sequence[Path]) -> bool:
    """True where there is a recording, and no recording where its transcript is to be; else says so."""
    if not target.recording.is_file():
        exits.tell(f"no such file: {target.recording}")
        return False
    if target.path is not None and any(is_same(target.path, file) for file in files):
        exits.tell(f"{target.path}: a recording would be overwritten by a transcript")
        return False
    return True


def _tell_names(targets: Sequence[Target]) -> None:
    for target in targets:
        if target.is_renamed:
            exits.tell(
                f"{target.recording}: its transcript is {target.path}, "
                f"since there is another {target.recording.name}"
            )


async def _transcribe_all(
    arguments: argparse.Namespace, kept: KeptParts, targets: Sequence[Target], codes: list[int]
) -> int:
    """Transcribe one after the other; ``codes`` are those of the ones that are out already."""
    this, loop = asyncio.current_task(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, this.cancel if this else loop.stop)
    try:
        with scratch_folder() as scratch:
            async with open_recogniser(local=arguments.asr == "local") as recogniser:
                run = Run(arguments, kept, recogniser, scratch)
                # All of them before anything is paid for.
                taken = {
                    target: code for target in targets if (code := await _taken(run, target)) is not None
                }
                codes += taken.values()
                for target in targets:
                    if target not in taken:
                        codes.append(await transcribe(run, target))
    except Interrupted as end:
        return exits.fail(str(end), exits.INTERRUPTED)
    except asyncio.CancelledError:
        return exits.fail("interrupted", exits.INTERRUPTED)
    for key in run.printed:
        kept.discard(key)
    return exits.worst(codes)


async def _taken(run: Run, target: Target) -> int | None:
    """The exit code where a file is there already, which is told; ``None`` where none is, or is to go."""
    if run.arguments.force or target.path is None or not target.is_taken:
        return None
    with suppress(OSError):
        if run.kept.was_written(await asyncio.to_thread(run.key_of, target), target.path):
            exits.tell(
                f"{target.recording}: {target.path} is there already, from this recording: "
                "--force makes it anew"
            )
            return 0
    return there_already(target)
