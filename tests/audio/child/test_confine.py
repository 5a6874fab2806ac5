"""The walls around the decoding child, tried from inside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.audio.child_process import CHILD_ENVIRONMENT
from tests.audio.child import attempts
from tests.audio.child.attempts import Attempts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's"),
]

NEEDED = {"read_the_source", "write_in_the_workspace", "replace_in_the_workspace", "limit_the_own_time"}
BY_CONFINE_ITSELF = {"use_what_was_open"}
BY_LANDLOCK = {
    **dict.fromkeys(
        (
            *("read_another_file", "read_a_file_of_the_machine", "read_what_lies_in_the_workspace"),
            *("list_a_folder", "list_the_workspace", "write_outside", "change_the_source"),
            *("remove_another_file", "rename_out_of_the_workspace", "rename_into_the_workspace"),
            *("link_out_of_the_workspace", "link_into_the_workspace", "make_a_symbolic_link"),
            *("make_a_folder", "execute_a_program", "trace_another_process"),
            *("read_the_parent_s_environment", "read_the_own_environment"),
        ),
        1,
    ),
    "truncate_another_file": 3,
    "connect_over_tcp": 4,
    "listen_over_tcp": 4,
    "connect_to_an_abstract_unix_socket": 6,
    "signal_the_parent": 6,
}
"""With the first version that refuses it."""
BY_SECCOMP = {
    *("truncate_another_file", "change_rights", "rename_out_of_the_workspace", "rename_into_the_workspace"),
    *("link_out_of_the_workspace", "link_into_the_workspace", "make_a_symbolic_link", "make_a_folder"),
    *("list_a_folder", "list_the_workspace", "hide_a_file_in_memory"),
    *("connect_over_tcp", "listen_over_tcp", "send_over_udp", "connect_to_a_unix_socket"),
    *("connect_to_an_abstract_unix_socket", "fork", "execute_a_program", "start_a_thread"),
    *("signal_the_parent", "have_the_parent_signalled", "trace_another_process", "limit_another_process"),
}
ALL = [name for name in vars(Attempts) if name != "errors" and not name.startswith("_")]

MAY_BE_TRACED = """
import ctypes, sys
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)  # PR_SET_PTRACER, PR_SET_PTRACER_ANY
print(flush=True)
sys.stdin.read()
"""


def lay_out(folder: Path) -> None:
    (folder / "workspace").mkdir()
    for name in ("secret", "source", "removed", "truncated", "moved"):
        (folder / name).write_text(name)
    for name in ("older", "left", "moved"):
        (folder / "workspace" / name).write_text(name)


def found_inside(walls: str, folder: Path) -> dict[str, Any]:
    """What ``attempts`` reports, run as the decoding child is, beside a listener and another process."""
    lay_out(folder)
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        for name in (str(folder / "socket"), f"\0threadscribe-test-{port}"):
            waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
            waiting.bind(name)
            waiting.listen()
        pipe = subprocess.PIPE
        target = stack.enter_context(
            subprocess.Popen([sys.executable, "-c", MAY_BE_TRACED], stdin=pipe, stdout=pipe)
        )
        assert target.stdout is not None
        target.stdout.readline()
        command = [sys.executable, "-I", attempts.__file__, walls, str(folder), str(target.pid), str(port)]
        done = subprocess.run(command, env=CHILD_ENVIRONMENT, capture_output=True, timeout=60, check=False)
        target.kill()
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    # A Unix socket's path has to be short.
    return {
        walls: found_inside(walls, tmp_path_factory.mktemp(walls))
        for walls in ("none", "landlock", "seccomp", "both", "thread")
    }


def test_every_attempt_has_its_wall() -> None:
    assert {*ALL} == NEEDED | BY_CONFINE_ITSELF | BY_LANDLOCK.keys() | BY_SECCOMP


@pytest.mark.parametrize("attempt", ALL)
def test_without_walls_it_can_be_done(attempt: str, inside: dict[str, dict[str, Any]]) -> None:
    assert inside["none"]["errors"][attempt] == ""


@pytest.mark.parametrize("walls", ["landlock", "seccomp", "both", "thread"])
@pytest.mark.parametrize("attempt", sorted(NEEDED))
def test_what_decoding_needs_can_be_done(attempt: str, walls: str, inside: dict[str, dict[str, Any]]) -> None:
    assert inside[walls]["errors"][attempt] == ""


@pytest.mark.parametrize("attempt", sorted(BY_LANDLOCK))
def test_landlock_alone_refuses(attempt: str, inside: dict[str, dict[str, Any]]) -> None:
    if (version := inside["landlock"]["landlock"]) < BY_LANDLOCK[attempt]:
        pytest.skip(f"this kernel's Landlock is of version {version}, not {BY_LANDLOCK[attempt]}")
    assert inside["landlock"]["errors"][attempt] in {"EACCES", "EPERM", "EXDEV"}


@pytest.mark.parametrize("attempt", sorted(BY_SECCOMP))
def test_seccomp_alone_refuses(attempt: str, inside: dict[str, dict[str, Any]]) -> None:
    if not inside["seccomp"]["seccomp"]:
        pytest.skip(f"this machine ({os.uname().machine}) takes no filter")
    assert inside["seccomp"]["errors"][attempt] == "EACCES"


@pytest.mark.parametrize("walls", ["both", "thread"])
@pytest.mark.parametrize("attempt", sorted({*ALL} - NEEDED))
def test_with_both_nothing_else_can_be_done(
    attempt: str, walls: str, inside: dict[str, dict[str, Any]]
) -> None:
    found = inside[walls]
    is_closed = attempt in BY_CONFINE_ITSELF or (attempt in BY_SECCOMP and found["seccomp"])
    if not is_closed and found["landlock"] < BY_LANDLOCK.get(attempt, 1):
        pytest.skip(f"this kernel lacks the wall: {found['landlock']=} {found['seccomp']=}")
    assert found["errors"][attempt] in {"EACCES", "EPERM", "EXDEV", "EBADF"}
