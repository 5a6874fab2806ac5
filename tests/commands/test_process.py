"""What the bot does about its own process, each in a process of its own: none of it can be undone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AS_A_USER = """
import ctypes, os, sys
from prometheus_client import CollectorRegistry, ProcessCollector
from bot.commands.process import close_to_others

NOBODY, PR_SET_DUMPABLE = 65_534, 4
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    # Changing the user has closed it; a process that was started as this user is open.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)

def readable_by_another(name):
    path, child = f"/proc/{os.getpid()}/{name}", os.fork()
    if child == 0:
        try:
            with open(path, "rb") as file:
                file.read(1) if name == "environ" else None
        except PermissionError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0

SECRETS = ("environ", "mem", "maps")
assert all(readable_by_another(name) for name in SECRETS)
close_to_others()
assert not any(readable_by_another(name) for name in SECRETS)
registry = CollectorRegistry()
ProcessCollector(registry=registry)
for name in ("open_fds", "max_fds", "resident_memory_bytes", "cpu_seconds_total", "start_time_seconds"):
    assert registry.get_sample_value(f"process_{name}"), name
"""
OF_RUN = """
import ctypes, resource
from bot.commands import run

PR_GET_DUMPABLE = 3
assert run.run(None) == 2, "without a setting it ends at once"
print(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""

GARBAGE = """
import gc, weakref
from bot.commands.process import collect_garbage_rarely

class Ring:
    def __init__(self):
        self.ring = self

collect_garbage_rarely()
assert gc.get_freeze_count() > 1_000, "what was loaded is left out"
gone = weakref.ref(Ring())
kept = [[] for _ in range(10_000)]
assert gone() is not None, "collected too often"
kept += [[] for _ in range(100_000)]
assert gone() is None, "never collected"
"""


def run(script: str, folder: Path) -> str:
    done = subprocess.run(
        # Not inherited: what the bot raises.
        ["/bin/sh", "-c", 'ulimit -S -n 200 && exec "$@"', "sh", sys.executable, "-c", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone knows it")
def test_no_other_process_of_the_same_user_reads_its_memory(tmp_path: Path) -> None:
    run(AS_A_USER, tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone knows it")
def test_the_bot_closes_its_process_and_may_open_all_the_files_that_it_is_allowed(tmp_path: Path) -> None:
    dumpable, soft, hard = run(OF_RUN, tmp_path).split()
    assert dumpable == "0"
    assert soft == hard
    assert int(hard) > 200


def test_garbage_is_collected_but_not_looked_for_every_few_objects(tmp_path: Path) -> None:
    run(GARBAGE, tmp_path)
