"""The child process that decodes one file, started by path: ``python -I child.py SOURCE TARGET LIMIT…``.

It gives up what it does not need before FFmpeg's libraries are loaded, prints one JSON line of at most
``REPORT_BYTES`` (the keys of ``report``), and ends when its stdin does, which is when the bot is gone.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from pathlib import Path

OPEN_FILES = 32


def main() -> None:
    """Convert one file and report."""
    source, target, memory_bytes, cpu_s, file_bytes = sys.argv[1:]
    os.umask(0o077)
    os.nice(10)  # the bot's event loop goes first
    threading.Thread(target=end_with_the_bot, daemon=True).start()
    lower(resource.RLIMIT_AS, int(memory_bytes))
    lower(resource.RLIMIT_CPU, int(cpu_s), grace=2)
    lower(resource.RLIMIT_FSIZE, int(file_bytes))
    lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_NPROC, 0)  # no further thread or process; root is exempt
    # Under -I neither the working directory nor PYTHONPATH counts: an uninstalled checkout works by this.
    sys.path.append(str(Path(__file__).parents[2]))
    print(json.dumps(report(Path(source), Path(target))), flush=True)  # noqa: T201  # the wire to the bot
    os._exit(0)  # spares the interpreter's clean-up


def report(source: Path, target: Path) -> dict[str, object]:
    """Convert and put the outcome into words."""
    # Imported here, behind the limits.
    import av  # noqa: PLC0415

    from bot.audio.convert import convert  # noqa: PLC0415
    from bot.audio.verdict import Verdict  # noqa: PLC0415
    from bot.errors import Rejected  # noqa: PLC0415

    av.logging.set_level(None)
    verdict, detail, duration_s, has_video = "", "", 0.0, False
    try:
        done = convert(source, target)
        verdict = Verdict.UNTOUCHED if done.untouched else Verdict.CONVERTED
        duration_s, has_video = done.duration_s, done.has_video
    except Rejected as refusal:
        verdict, detail = refusal.reason, refusal.detail
    except MemoryError:
        verdict = Verdict.MEMORY
    except OSError as error:
        verdict, detail = Verdict.MACHINE, f"{type(error).__name__} {error.errno}"
    return {"verdict": verdict, "detail": detail, "duration_s": duration_s, "has_video": has_video}


def end_with_the_bot() -> None:
    """Wait for the end of stdin, which the bot holds open and never writes to."""
    while os.read(0, 1):
        pass
    os._exit(1)


def lower(limit: int, value: int, *, grace: int = 0) -> None:
    """Lower a limit for good; one that is lower already stays."""
    _, hard = resource.getrlimit(limit)
    ceiling = value + grace if hard == resource.RLIM_INFINITY else min(value + grace, hard)
    resource.setrlimit(limit, (min(value, ceiling), ceiling))


if __name__ == "__main__":
    main()
