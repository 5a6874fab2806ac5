"""A process that confines itself as the decoding child does, and then tries what that one must not do.

``python -I attempts.py WALLS FOLDER TARGET PORT``: ``WALLS`` are those that are put up (``none``,
``landlock``, ``seccomp``, ``both``, or ``thread``: both, and a thread tries), ``FOLDER`` what
``test_confine`` has laid out, ``TARGET`` another process, ``PORT`` a listener on 127.0.0.1. It prints JSON:
what it got, and the error of each attempt, empty where it succeeded. Every attempt is harmless where nothing
stops it.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import resource
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))

from bot.audio.child import confine as confining
from bot.audio.child.confine import confine

PTRACE_SEIZE = 0x4206
"""Attaches without stopping; ends with the tracer. Source: ``linux/ptrace.h``"""


class Attempts:
    """What may be tried, each under the name of its method."""

    def __init__(self, folder: Path, target: int, port: int) -> None:
        self.folder, self.target, self.port = folder, target, port
        self.source, self.workspace = folder / "source", folder / "workspace"
        self.inherited = os.open(folder / "secret", os.O_RDONLY)
        self.parent = os.getppid()
        self.libc = ctypes.CDLL(None, use_errno=True)

    # Needed.

    def read_the_source(self) -> None:
        assert self.source.read_bytes() == b"source"

    def write_in_the_workspace(self) -> None:
        with os.fdopen(os.open(self.workspace / "made", os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.write(b"made")

    def replace_in_the_workspace(self) -> None:
        (self.workspace / "older").unlink()
        with os.fdopen(os.open(self.workspace / "older", os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.write(b"newer")

    def limit_the_own_time(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (60, hard))

    # Files.

    def read_another_file(self) -> None:
        (self.folder / "secret").read_bytes()

    def read_a_file_of_the_machine(self) -> None:
        Path("/etc/passwd").read_bytes()

    def read_what_lies_in_the_workspace(self) -> None:
        (self.workspace / "left").read_bytes()

    def use_what_was_open(self) -> None:
        os.fstat(self.inherited)

    def list_a_folder(self) -> None:
        list(self.folder.iterdir())

    def list_the_workspace(self) -> None:
        list(self.workspace.iterdir())

    def write_outside(self) -> None:
        (self.folder / "new").write_bytes(b"new")

    def change_the_source(self) -> None:
        with self.source.open("r+b"):
            pass

    def remove_another_file(self) -> None:
        (self.folder / "removed").unlink()

    def truncate_another_file(self) -> None:
        os.truncate(self.folder / "truncated", 0)

    def change_rights(self) -> None:
        self.source.chmod(0o600)

    def rename_out_of_the_workspace(self) -> None:
        (self.workspace / "moved").rename(self.folder / "moved out")

    def rename_into_the_workspace(self) -> None:
        (self.folder / "moved").rename(self.workspace / "moved in")

    def link_out_of_the_workspace(self) -> None:
        (self.folder / "linked out").hardlink_to(self.workspace / "left")

    def link_into_the_workspace(self) -> None:
        (self.workspace / "linked in").hardlink_to(self.folder / "secret")

    def make_a_symbolic_link(self) -> None:
        (self.workspace / "symbolic").symlink_to(self.folder / "secret")

    def make_a_folder(self) -> None:
        (self.workspace / "folder").mkdir()

    def hide_a_file_in_memory(self) -> None:
        os.close(os.memfd_create("hidden"))

    # The network.

    def connect_over_tcp(self) -> None:
        socket.create_connection(("127.0.0.1", self.port), timeout=5).close()

    def listen_over_tcp(self) -> None:
        socket.create_server(("127.0.0.1", 0)).close()

    def send_over_udp(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.sendto(b"word", ("127.0.0.1", self.port))

    def connect_to_a_unix_socket(self) -> None:
        with socket.socket(socket.AF_UNIX) as connecting:
            connecting.connect(str(self.folder / "socket"))

    def connect_to_an_abstract_unix_socket(self) -> None:
        with socket.socket(socket.AF_UNIX) as connecting:
            connecting.connect(f"\0threadscribe-test-{self.port}")

    # Other processes.

    def fork(self) -> None:
        if (child := os.fork()) == 0:
            os._exit(0)
        os.waitpid(child, 0)

    def execute_a_program(self) -> None:
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)

    def start_a_thread(self) -> None:
        try:
            threading.Thread(target=int).start()
        except RuntimeError:
            raise PermissionError(errno.EACCES, "no thread") from None

    def signal_the_parent(self) -> None:
        os.kill(self.parent, 0)

    def have_the_parent_signalled(self) -> None:
        fcntl.fcntl(1, fcntl.F_SETOWN, self.parent)

    def trace_another_process(self) -> None:
        nothing = ctypes.c_void_p(None)
        if self.libc.ptrace(ctypes.c_long(PTRACE_SEIZE), ctypes.c_long(self.target), nothing, nothing):
            raise OSError(ctypes.get_errno(), "ptrace")

    def limit_another_process(self) -> None:
        resource.prlimit(self.target, resource.RLIMIT_NOFILE)

    def read_the_parent_s_environment(self) -> None:
        Path(f"/proc/{self.parent}/environ").read_bytes()

    def read_the_own_environment(self) -> None:
        Path("/proc/self/environ").read_bytes()

    def errors(self) -> dict[str, str]:
        found = {}
        for name, attempt in vars(Attempts).items():
            if name not in {"__init__", "errors"} and callable(attempt):
                try:
                    attempt(self)
                except OSError as error:
                    found[name] = errno.errorcode.get(error.errno or 0, str(error))
                else:
                    found[name] = ""
        return found


def main() -> None:
    walls, folder, target, port = sys.argv[1:]
    attempts = Attempts(Path(folder), int(target), int(port))

    def start() -> ThreadPoolExecutor:
        pool = ThreadPoolExecutor(1)
        pool.submit(int).result()
        return pool

    without_landlock: Callable[..., int] = lambda *_: 0  # noqa: E731  # stands in for a function
    without_seccomp: Callable[..., bool] = lambda *_: False  # noqa: E731  # the same
    if walls == "landlock":
        confining._filter_calls = without_seccomp
    if walls == "seccomp":
        confining._close_files = without_landlock
    if walls == "none":
        print(json.dumps({"errors": attempts.errors()}), flush=True)  # noqa: T201  # what it is for
        os._exit(0)
    got, pool = confine(attempts.source, attempts.workspace, start)
    errors = pool.submit(attempts.errors).result() if walls == "thread" else attempts.errors()
    found = {"landlock": got.landlock, "seccomp": got.seccomp, "errors": errors}
    print(json.dumps(found), flush=True)  # noqa: T201  # what it is for
    os._exit(0)


if __name__ == "__main__":
    main()
