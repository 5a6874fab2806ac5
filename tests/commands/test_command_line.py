"""The real command in a real process, with a clean environment and an empty folder."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import main

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1-hush",
    "SLACK_APP_TOKEN": "xapp-1-hush",
    "DASHSCOPE_API_KEY": "sk-key-hush-hush",
}


def run(tmp_path: Path, *arguments: str, env_file: str | None = None, **values: str) -> tuple[int, str, str]:
    """Run the command; returns its exit code, stdout and stderr."""
    if env_file is not None:
        (tmp_path / ".env").write_text(env_file)
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **values},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, "SLACK_BOT_TOKEN is missing"),
        ({"SLACK_BOT_TOKEN": "hush"}, "SLACK_BOT_TOKEN must be"),
        (GOOD | {"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN or SLACK_SIGNING_SECRET is missing"),
        (GOOD | {"HTTP_PORT": "hush"}, "HTTP_PORT must be a valid integer"),
        (GOOD | {"DATA_DIR": "/proc/nowhere"}, "DATA_DIR /proc/nowhere cannot be written"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(
    tmp_path: Path, values: dict[str, str], named: str
) -> None:
    code, out, err = run(tmp_path, "run", LOG_LEVEL="ERROR", **values)
    assert (code, out) == (2, "")
    assert err.startswith(f"threadscribe: {named}")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert "hush" not in err


def test_the_env_file_of_the_folder_is_read(tmp_path: Path) -> None:
    lines = "".join(f"{name}={value}\n" for name, value in GOOD.items())
    code, _, err = run(tmp_path, "run", env_file=lines + "HTTP_PORT=99999\n")
    assert code == 2
    assert err.startswith("threadscribe: HTTP_PORT must be less than")


def test_effective_settings_are_logged_without_secrets(tmp_path: Path) -> None:
    code, _, err = run(tmp_path, "run", DATA_DIR="/proc/nowhere", **GOOD)
    assert code == 2
    first, last = err.splitlines()
    line = json.loads(first)
    assert line["event"] == "settings"
    assert (line["slack_bot_token"], line["http_port"]) == ("set", 8080)
    assert last.startswith("threadscribe: DATA_DIR")
    assert "hush" not in err


def test_misspelt_settings_are_logged_without_their_values(tmp_path: Path) -> None:
    misspelt = {"SLACK_SINGING_SECRET": "hush", "DATA_DIR": "/proc/nowhere"}
    _, _, err = run(tmp_path, "run", env_file="MAX_AUDIO_MINUTE=hush\nPOSTGRES_DB=hush\n", **GOOD, **misspelt)
    found = [json.loads(line) for line in err.splitlines()[1:-1]]
    assert [(line["level"], line["event"], line["name"], line["did_you_mean"]) for line in found] == [
        ("warning", "setting misspelt", "MAX_AUDIO_MINUTE", "MAX_AUDIO_MINUTES"),
        ("warning", "setting misspelt", "SLACK_SINGING_SECRET", "SLACK_SIGNING_SECRET"),
    ]
    assert "hush" not in err


def test_a_second_bot_on_the_same_data_says_so(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "threadscribe.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, _, err = run(tmp_path, "run", LOG_LEVEL="ERROR", **GOOD)
    assert code == 1
    assert err == "threadscribe: another Threadscribe is running on data\n"


@pytest.mark.parametrize("where", ["run", "add_arguments"])
def test_ctrl_c_is_one_line_and_130(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def interrupted(_argument: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"bot.commands.manifest.{where}", interrupted)
    assert main(["manifest"]) == 130
    assert capsys.readouterr().err == "threadscribe: interrupted\n"


def test_the_help_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["transcribe", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for code in ("0, all", "1, some failed", "2, an argument", "3, some were refused", "130, interrupted"):
        assert code in said


@pytest.mark.parametrize("arguments", [[], ["sing"]])
def test_no_command_and_a_wrong_one_show_the_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("usage: threadscribe")


@pytest.mark.parametrize("journal", ["wal", "delete"])
async def test_it_waits_for_a_database_that_is_locked_and_ends_when_told(
    tmp_path: Path, journal: str
) -> None:
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "threadscribe.db", isolation_level=None)) as other:
        other.execute(f"PRAGMA journal_mode={journal}")
        other.execute("BEGIN EXCLUSIVE")
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HTTP_PORT": "0", **GOOD},
            stderr=subprocess.PIPE,
        )
        assert child.stderr is not None
        async with asyncio.timeout(30):
            _, line = [json.loads(await child.stderr.readline()) for _ in range(2)]
            child.terminate()
            _, err = await child.communicate()
    assert (line["event"], line["level"]) == ("data directory not usable yet", "warning")
    assert line["error"] == "the database in DATA_DIR data cannot be used: database is locked"
    assert (child.returncode, err) == (0, b"")


def test_a_database_of_a_newer_version_is_for_the_operator(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "threadscribe.db")) as newer:
        newer.execute("PRAGMA user_version=99")
    code, _, err = run(tmp_path, "run", LOG_LEVEL="ERROR", HTTP_PORT="0", **GOOD)
    assert code == 2
    assert err == "threadscribe: the database in DATA_DIR data was written by a newer Threadscribe\n"


async def test_it_waits_for_a_slack_that_is_away_and_ends_when_told(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **GOOD, "SLACK_API_URL": address},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert child.stderr is not None
        said: list[dict[str, object]] = []
        async with asyncio.timeout(30):
            while not said or said[-1]["event"] != "slack not reached":
                said.append(json.loads(await child.stderr.readline()))
            child.terminate()
            out, err = await child.communicate()
    assert child.returncode == 0
    assert out == b""
    assert b"Traceback" not in err
    assert "hush" not in json.dumps(said) + err.decode()
