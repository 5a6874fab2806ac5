"""All checks together: in this process, beside a bot, and as the command."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.commands.check.command import run_checks
from bot.commands.check.findings import Mark
from bot.settings.names import Names
from tests.commands.check.checked import by_name, marks
from tests.flows.harness import BotHarness, environment, words

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
IN_ORDER = [
    *("Settings", "Bot token", "Scopes", "App token", "Events", "Download", "Clock"),
    *("API key", "Model", "Database", "Disk", "Decoder"),
]


async def check(tmp_path: Path, values: dict[str, str]) -> tuple[int | None, str, str]:
    """Run the command in a process of its own; its exit code, stdout and stderr."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "check"),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **values},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await child.communicate()
    return child.returncode, out.decode(), err.decode()


async def test_beside_a_running_bot_everything_is_good_and_nothing_is_lost(harness: BotHarness) -> None:
    async with harness.bot_running():
        first = harness.share(harness.clip(2))
        await harness.answered(first)
        found = by_name(await run_checks(harness.settings, Names()))
        (reply,) = await harness.answered(harness.share(harness.clip(3)))
    assert marks(found) == dict.fromkeys(IN_ORDER, Mark.GOOD)
    assert list(found) == IN_ORDER
    assert "in use by a Threadscribe" in found["Database"].text
    assert words(reply) == "A clip of 3 seconds."


async def test_the_command_says_that_all_is_well(harness: BotHarness, tmp_path: Path) -> None:
    values = environment(harness.slack, harness.dashscope, tmp_path, "socket")
    code, out, err = await check(tmp_path, {name.upper(): value for name, value in values.items()})
    assert (code, err) == (0, "")
    assert [line.partition(": ")[0][2:] for line in out.splitlines()[:-1]] == IN_ORDER
    assert out.splitlines()[-1] == "Ready."
    assert not (tmp_path / "data").exists()


async def test_the_command_says_what_is_wrong_and_no_secret(harness: BotHarness, tmp_path: Path) -> None:
    values = environment(harness.slack, harness.dashscope, tmp_path, "socket")
    values |= {"slack_bot_token": "xoxb-1-hush", "dashscope_api_key": "sk-hush-hush-hush"}
    code, out, err = await check(tmp_path, {name.upper(): value for name, value in values.items()})
    assert (code, err) == (1, "")
    wrong = [line.partition(": ")[0] for line in out.splitlines() if line.startswith("✗")]
    assert wrong == ["✗ Bot token", "✗ API key"]
    assert out.splitlines()[-1] == "2 things to mend."
    assert "hush" not in out


async def test_misspelt_names_are_told_and_stop_nothing(harness: BotHarness, tmp_path: Path) -> None:
    values = environment(harness.slack, harness.dashscope, tmp_path, "socket")
    names = {name.upper(): value for name, value in values.items()} | {"SLACK_SINGING_SECRET": "hush"}
    (tmp_path / ".env").write_text("MAX_AUDIO_MINUTE=hush\nPOSTGRES_PASSWORD=hush\n")
    code, out, err = await check(tmp_path, names)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == (
        "! Settings: MAX_AUDIO_MINUTE is no setting and does nothing: did you mean MAX_AUDIO_MINUTES? "
        "SLACK_SINGING_SECRET is no setting and does nothing: did you mean SLACK_SIGNING_SECRET? "
        "Else complete; events come over Socket Mode; passed over in .env: POSTGRES_PASSWORD"
    )
    assert out.splitlines()[-1] == "Ready."
    assert "hush" not in out


def test_a_wrong_setting_is_the_only_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxp-1-hush")
    assert main(["check"]) == 2
    out = capsys.readouterr().out
    assert out.splitlines()[0][2:].startswith("Settings: SLACK_BOT_TOKEN must be the bot token")
    assert out.splitlines()[1:] == ["1 thing to mend."]
    assert "hush" not in out
