"""The decoding child's entry point, started by path: ``python -I main.py split SOURCE WORKSPACE …``.

It loads FFmpeg's libraries, gives up whatever decoding does not need, and only then opens the file. It
prints the JSON lines that ``bot.audio.child_protocol`` and ``bot.audio.confinement`` read, and ends when its
stdin does, which is when the bot is gone.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

OPEN_FILES = 32
ALIVE_EVERY_S = 300.0
"""Of decoded sound."""
MOST_ENCODERS = 4
STACK_BYTES = 512 * 1024
"""Of a thread. The usual 8 MB count against the memory limit, used or not."""
MARGIN_S = 2.0
"""Beyond the longest recording, to which its length is counted."""
GRACE_CPU_S = 2
"""Between the limit that ends the child with SIGXCPU and the one that kills it."""


def main() -> None:
    """Split one file, ``measure`` or ``listen`` to it, or tell this process's ``confinement``, and report."""
    order, *arguments = sys.argv[1:]
    os.umask(0o077)
    os.nice(10)  # the bot's event loop goes first
    # Under -I neither the working directory nor PYTHONPATH counts: an uninstalled checkout works by this.
    sys.path.append(str(Path(__file__).parents[3]))
    if order == "confinement":
        verdict, detail = outcome_of(tell_confinement)
    else:
        load_decoder()
        verdict, detail = outcome_of(partial(open_file, order, *arguments))
    say(json.dumps({"verdict": verdict, "detail": detail}))
    os._exit(0)  # spares the interpreter's clean-up


def tell_confinement() -> None:
    """Give up what a child that decodes does, and print how much of that the kernel has done."""
    from bot.audio.child.confine import confine  # noqa: PLC0415
    from bot.audio.confinement import render_confinement  # noqa: PLC0415

    confinement, _ = confine(None, None, partial(start_threads, encoders=1))
    say(render_confinement(confinement))


def load_decoder() -> None:
    """Import whatever an order on a file needs: once the process is confined, it can read no module."""
    import av  # noqa: PLC0415  # not in the bot's own process

    import bot.audio.child.confine  # noqa: PLC0415  # the path to it is set by now
    import bot.audio.child.convert  # noqa: PLC0415  # the same
    import bot.audio.child.length  # noqa: PLC0415  # the same
    import bot.audio.child.listen  # noqa: F401, PLC0415  # the same

    av.logging.set_level(None)


def open_file(order: str, source: str, workspace: str, *numbers: str) -> None:
    """Carry out an order on a stranger's file; ``numbers`` are the rest of the command line.

    Raises:
        Rejected: as ``bot.audio.child.convert`` and ``bot.audio.child.decode`` say.
        MemoryError: the file asks for more than the child may have.
        OSError: this machine cannot read or write what it has to.
    """
    memory_bytes, file_bytes, cpu_s, cpu_s_each_s, most_minutes, sent, done = numbers
    from bot.audio.child.confine import confine  # noqa: PLC0415  # loaded by now

    is_written = Path(workspace) if order == "split" else None
    # Counted while the file that tells can be read.
    encoders = min(os.cpu_count() or 1, MOST_ENCODERS)
    _, pool = confine(Path(source), is_written, partial(start_threads, encoders))
    lower(resource.RLIMIT_AS, int(memory_bytes))
    lower(resource.RLIMIT_FSIZE, int(file_bytes))
    lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_NPROC, 0)  # no further thread or process; root is exempt
    has_decoded = growing_cpu_limit(int(cpu_s), float(cpu_s_each_s), int(most_minutes) * 60)
    if order == "measure":
        measure(source, int(most_minutes) * 60, has_decoded)
    elif order == "listen":
        listen(source, int(most_minutes) * 60, has_decoded)
    else:
        split((source, workspace, sent, done), int(most_minutes) * 60, has_decoded, pool, encoders)


def split(
    what: tuple[str, str, str, str],
    most_s: int,
    has_decoded: Callable[[float], None],
    pool: ThreadPoolExecutor,
    encoders: int,
) -> None:
    """Convert one file."""
    from bot.audio.child.convert import ConversionTask, convert  # noqa: PLC0415
    from bot.audio.child_protocol import render_cut  # noqa: PLC0415
    from bot.recording import Span  # noqa: PLC0415

    source, workspace, sent, done = what
    task = ConversionTask(
        Path(source),
        Path(workspace),
        tuple(Span(start_ms, end_ms) for start_ms, end_ms in json.loads(done)),
        most_s,
        sent == "compressed",
        with_heartbeats(has_decoded),
        hand_over=lambda cut: say(render_cut(cut)),
    )
    convert(task, pool, encoders)


def measure(source: str, most_s: int, has_counted: Callable[[float], None]) -> None:
    """Print the length of a file, and decode nothing."""
    from bot.audio.child.length import length_s  # noqa: PLC0415
    from bot.audio.child_protocol import render_length  # noqa: PLC0415

    # A little more, or what is too long would be told as just long enough.
    say(render_length(length_s(Path(source), most_s + MARGIN_S, has_counted)))


def listen(source: str, most_s: int, has_decoded: Callable[[float], None]) -> None:
    """Print the seconds that are heard of two channels."""
    from bot.audio.child.listen import heard_apart_s  # noqa: PLC0415
    from bot.audio.child_protocol import render_length  # noqa: PLC0415

    say(render_length(heard_apart_s(Path(source), most_s, with_heartbeats(has_decoded))))


def with_heartbeats(has_decoded: Callable[[float], None]) -> Callable[[float], None]:
    """The same, which prints a heartbeat now and then: for long nothing else may be printed."""
    from bot.audio.child_protocol import ALIVE  # noqa: PLC0415

    unsaid_s = 0.0

    def note(more_s: float) -> None:
        nonlocal unsaid_s
        has_decoded(more_s)
        unsaid_s += more_s
        if unsaid_s >= ALIVE_EVERY_S:
            unsaid_s = 0.0
            say(json.dumps(ALIVE))

    return note


def outcome_of(work: Callable[[], None]) -> tuple[str, str]:
    """Run ``work``; return the verdict and its detail. Whatever nobody foresaw is the file's fault."""
    from bot.audio.child_exit import Verdict  # noqa: PLC0415
    from bot.errors import Refusal, Rejected  # noqa: PLC0415

    try:
        work()
    except Rejected as refusal:
        return refusal.reason, refusal.detail
    except MemoryError:
        return Verdict.MEMORY, ""
    except OSError as error:
        return Verdict.MACHINE, f"{type(error).__name__} {error.errno}"
    except Exception as error:  # noqa: BLE001  # the next try would end in the same way
        return Refusal.DECODER_FAILED, place_of(error)
    return Verdict.DONE, ""


def place_of(error: Exception) -> str:
    """The type of an error and the lines that raised it, innermost first. Its text may be the file's."""
    frames = traceback.extract_tb(error.__traceback__)[:-4:-1]
    lines = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {lines}"


def say(line: str) -> None:
    """Print one line to the bot."""
    print(line, flush=True)  # noqa: T201  # the wire to the bot


def end_with_the_bot() -> None:
    """End the process with its stdin, which the bot holds open and never writes to."""
    while os.read(0, 1):
        pass
    os._exit(1)


def shrink_stacks() -> None:
    """Let the threads of FFmpeg's filters, as many as there are cores, map no more than ours.

    Only root can start them, where there is no seccomp: others may not, and FFmpeg does without.
    """
    import ctypes  # noqa: PLC0415  # root alone pays for it

    libc, attributes = ctypes.CDLL(None), ctypes.create_string_buffer(64)
    if hasattr(libc, "pthread_setattr_default_np"):  # glibc's own
        libc.pthread_attr_init(attributes)
        libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(STACK_BYTES))
        libc.pthread_setattr_default_np(attributes)


def start_threads(encoders: int) -> ThreadPoolExecutor:
    """Start the thread that ends the process with the bot, and the encoders' pool, whose threads all run."""
    threading.stack_size(STACK_BYTES)
    if os.geteuid() == 0:
        shrink_stacks()
    threading.Thread(target=end_with_the_bot, daemon=True).start()
    pool, all_run = ThreadPoolExecutor(encoders), threading.Barrier(encoders + 1)
    for _ in range(encoders):
        pool.submit(all_run.wait)
    all_run.wait()
    return pool


def growing_cpu_limit(start_s: int, each_s: float, most_s: int) -> Callable[[float], None]:
    """Limit the CPU time to ``start_s``; what is returned allows more for each second decoded."""
    most_cpu_s = start_s + int(most_s * each_s)
    lower(resource.RLIMIT_CPU, most_cpu_s, grace=GRACE_CPU_S)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    decoded_s = 0.0

    def has_decoded(more_s: float) -> None:
        nonlocal decoded_s
        decoded_s += more_s
        soft = min(start_s + int(decoded_s * each_s), most_cpu_s, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))

    has_decoded(0)
    return has_decoded


def lower(limit: int, value: int, *, grace: int = 0) -> None:
    """Lower a limit for good; one that is lower already stays."""
    _, hard = resource.getrlimit(limit)
    ceiling = value + grace if hard == resource.RLIM_INFINITY else min(value + grace, hard)
    resource.setrlimit(limit, (min(value, ceiling), ceiling))


if __name__ == "__main__":
    main()
