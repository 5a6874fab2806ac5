"""A process that decodes many files, confined or not, and tells what came of each.

``python -I confined.py {yes|no} READABLE WORKSPACE SOURCE…``: ``READABLE`` is all that it may read where it
is confined. It prints JSON: of each source its verdict and its segments, and the modules that were loaded
after the walls went up.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

sys.path.append(str(Path(__file__).parents[3]))

import av

from bot.audio.child.confine import confine
from bot.audio.child.convert import ConversionTask, convert
from bot.audio.child.main import outcome_of
from bot.audio.child_protocol import Cut, render_cut

ENCODERS = 2


def start() -> ThreadPoolExecutor:
    pool, all_run = ThreadPoolExecutor(ENCODERS), Barrier(ENCODERS + 1)
    for _ in range(ENCODERS):
        pool.submit(all_run.wait)
    all_run.wait()
    return pool


def main() -> None:
    is_confined, readable, workspace, *sources = sys.argv[1:]
    os.umask(0o077)
    av.logging.set_level(None)
    if is_confined == "yes":
        _, pool = confine(Path(readable), Path(workspace), start)
    else:
        pool = start()
    before = {*sys.modules}
    verdicts = {}
    for source in map(Path, sources):
        cuts: list[Cut] = []
        task = ConversionTask(
            *(source, Path(workspace), (), 3_600.0),
            compressed=True,
            has_decoded=lambda _more_s: None,
            hand_over=cuts.append,
        )
        verdict, detail = outcome_of(lambda task=task: convert(task, pool, ENCODERS))  # type: ignore[misc]
        verdicts[source.name] = [verdict, detail, *map(render_cut, cuts)]
    loaded = sorted({*sys.modules} - before)
    print(json.dumps({"verdicts": verdicts, "loaded": loaded}), flush=True)  # noqa: T201  # what it is for
    os._exit(0)


if __name__ == "__main__":
    main()
