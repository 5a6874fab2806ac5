"""What can be said of the image without an engine that builds it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.dockerfile import ROOT, environment, instructions, of, stages


def test_the_linter_has_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    ended = subprocess.run(
        [linter, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_every_base_image_is_one_exact_python() -> None:
    images = [arguments.split()[0] for name, arguments in instructions() if name == "FROM"]
    builder, dev, last = images
    assert builder == last == f"{dev.removesuffix('bookworm')}slim-bookworm"
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-bookworm", last)


def test_whatever_is_installed_from_outside_is_checked_by_its_hash() -> None:
    runs = [command for name, line in instructions() if name == "RUN" for command in line.split("&&")]
    pips = [command.split() for command in runs if command.split()[0] == "pip"]
    assert len(pips) == 4
    for words in pips:
        assert "--no-deps" in words
        assert ("--require-hashes" in words) != ("--no-index" in words)
    assert not [command for command in runs if re.search(r"\b(apt|apt-get|curl|wget|git)\b", command)]


def test_the_locks_pin_every_package_by_hash() -> None:
    for name in ("build.lock", "runtime.lock"):
        rows = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        pinned = [row for row in rows if row.strip() and not row.startswith("#")]
        assert pinned
        assert all(re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", row) for row in pinned), name


def test_the_wheel_is_built_by_what_the_tests_use() -> None:
    rows, dev = (
        (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
        for name in ("build.lock", "dev.lock")
    )
    assert {row for row in rows if not row.startswith("#")} <= set(dev)


def test_every_copied_file_exists_and_reaches_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = [
        source
        for line in of("COPY", stages()[0])
        for source in line.split()[:-1]
        if not source.startswith("--")
    ]
    assert "bot" in copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored


def test_the_development_container_is_built_from_a_stage_of_ours() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    build = container["build"]
    assert (ROOT / ".devcontainer" / build["dockerfile"]).resolve() == ROOT / "Dockerfile"
    (stage,) = (stage for stage in stages() if of("FROM", stage)[0].endswith(f" AS {build['target']}"))
    assert of("RUN", stage)[-1].endswith(f" {container['remoteUser']}")
    assert "features" not in container


def test_nothing_is_built_on_the_stage_for_development() -> None:
    assert not [line for name, line in instructions() if name in {"COPY", "FROM"} and "=dev" in line]
    assert all(not of("FROM", stage)[0].startswith("dev") for stage in stages())


def test_the_final_image_takes_only_the_environment() -> None:
    assert of("COPY", stages()[-1]) == ["--from=builder /opt/threadscribe /opt/threadscribe"]
    assert not [line for line in of("RUN", stages()[-1]) if "pip" in line]


@pytest.mark.parametrize("name", [".env", "data/jobs.sqlite3", ".git/config", "tests/test_x.py", "notes.txt"])
def test_nothing_else_reaches_the_builder(name: str) -> None:
    patterns = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    reaches = True
    for pattern in patterns:
        if pattern and not pattern.startswith("#"):
            wanted = pattern.startswith("!")
            path = pattern.lstrip("!")
            if fnmatch(name, path) or name.startswith(f"{path}/"):
                reaches = wanted
    assert not reaches


def test_it_runs_as_nobody_in_particular() -> None:
    last = stages()[-1]
    assert of("USER", last) == ["10001:10001"]
    assert "--uid 10001 --gid 10001" in " ".join(of("RUN", last))
    # Whatever is created belongs to root: the bot can write to its data alone.
    assert "--owner=10001 --group=10001 --mode=0700 /data" in " ".join(of("RUN", last))
    assert not [line for line in of("COPY", last) if "--chown" in line]
    # Bolt cannot be imported without one, and a platform may choose a user id of its own.
    assert environment(last)["HOME"]


def test_it_holds_no_secret() -> None:
    for name, arguments in instructions():
        if name in {"ENV", "ARG"}:
            assert not re.search(r"token|secret|key|password", arguments, re.IGNORECASE)


def test_it_serves_and_stores_where_it_says() -> None:
    last = stages()[-1]
    given = environment(last)
    assert (given["HTTP_HOST"], given["DATA_DIR"]) == ("0.0.0.0", "/data")  # noqa: S104  # inside the container
    assert of("EXPOSE", last) == [given["HTTP_PORT"]] == ["8080"]
    assert of("VOLUME", last) == [given["DATA_DIR"]]
    # The root filesystem may be read-only.
    assert given["PYTHONDONTWRITEBYTECODE"] == "1"
    assert json.loads(of("ENTRYPOINT", last)[0]) == ["python", "-m", "bot"]
    assert json.loads(of("CMD", last)[0]) == ["run"]


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server whose health is this HTTP status."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_asks_the_bot_itself(status: int, *, healthy: bool) -> None:
    (line,) = of("HEALTHCHECK", stages()[-1])
    command = json.loads(line.partition("CMD ")[2])
    assert command[0] == "python"
    with answering(status) as port:
        # A proxy in the environment must not be asked.
        proxied = {**os.environ, "HTTP_PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
        ended = subprocess.run(
            [sys.executable, *command[1:]], env=proxied, timeout=30, check=False, capture_output=True
        )
    assert (ended.returncode == 0) is healthy
