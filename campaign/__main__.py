"""A campaign of faults against the real bot: ``python -m campaign``; see README.md beside it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from campaign.clock import SystemClock, find_libfaketime
from campaign.disk import data_disk
from campaign.incidents import INCIDENTS
from campaign.run import Campaign, Options
from campaign.sounds import make_clips

_MOST_S = 900.0
"""Beside the minutes of sharing: whatever happens, it ends."""


def main() -> int:
    """Run a campaign, print how it went as JSON; returns the exit status, 1 where not all came right."""
    arguments = _parse()
    with tempfile.TemporaryDirectory(prefix="threadscribe-campaign-", ignore_cleanup_errors=True) as name:
        try:
            result = asyncio.run(_run(arguments, Path(name)))
        except asyncio.CancelledError:
            return 1
    print(json.dumps(result, indent=1))
    return 0 if result["holds"] else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m campaign", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides what happens, and when")
    parser.add_argument("--clips", type=int, default=300, help="how many are shared")
    parser.add_argument("--minutes", type=float, default=4.0, help="how long it takes to share them")
    parser.add_argument("--faults", type=float, default=0.1, help="the share of calls that fail, from 0 to 1")
    parser.add_argument("--only", nargs="*", choices=INCIDENTS, metavar="INCIDENT", help=", ".join(INCIDENTS))
    parser.add_argument("--bot", type=Path, default=Path(sys.executable), help="Python of another checkout")
    parser.add_argument("--log", type=Path, default=Path(os.devnull), help="a file for the bot's log")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    this = asyncio.current_task()
    assert this is not None
    # The disk is unmounted and the bot ended whoever ends this.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    names = list(INCIDENTS) if arguments.only is None else arguments.only
    options = Options(arguments.bot, arguments.seed, arguments.minutes, names, arguments.faults)
    clips = await asyncio.to_thread(make_clips, arguments.clips, random.Random(arguments.seed))
    clock = SystemClock(folder / "clock", find_libfaketime())
    with arguments.log.open("wb") as log, data_disk(folder) as disk:
        async with asyncio.timeout(arguments.minutes * 60 + _MOST_S):
            return await Campaign(options, clips, disk, clock, log).run()


if __name__ == "__main__":
    sys.exit(main())
