from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings.load import SettingsError, load, load_asr, load_recogniser, look_at_names
from bot.settings.names import KNOWN, Misspelt, Names, sort_names
from tests.test_settings import GOOD

MISSPELT = {
    "MAX_AUDIO_MINUTE": "MAX_AUDIO_MINUTES",
    "SLACK_SINGING_SECRET": "SLACK_SIGNING_SECRET",
    "SLACK_TOKEN": "SLACK_BOT_TOKEN",
    "HTTP_PORTS": "HTTP_PORT",
    "asr_lang": "ASR_LANGUAGE",
}
OTHERS = (
    *("HTTP_PROXY", "HTTP_SERVICE_HOST", "LOG_DIR", "LOG_FILE", "DATA_HOME", "SLACK_CLIENT_SECRET"),
    *("SLACK_CLIENT_ID", "SLACK_WEBHOOK_URL", "MAX_FILE_SIZE", "JOB_NAME", "OPENAI_API_KEY", "PATH"),
)
"""Of other programs'."""


def test_misspelt_names_are_known_wherever_they_stand() -> None:
    found = tuple(Misspelt(name, MISSPELT[name]) for name in sorted(MISSPELT, key=str.upper))
    assert sort_names(MISSPELT, ()) == Names(found)
    assert sort_names((), MISSPELT) == Names(found)
    assert sort_names(MISSPELT, MISSPELT) == Names(found)


def test_what_is_right_and_what_is_of_other_programs_is_not_misspelt() -> None:
    assert sort_names((*KNOWN, *map(str.lower, KNOWN), *OTHERS), KNOWN) == Names()
    assert sort_names((), OTHERS).misspelt == ()


def test_without_a_beginning_like_ours_only_the_file_is_looked_at() -> None:
    assert sort_names(["SLAK_BOT_TOKEN", "LOGLEVEL"], ()) == Names()
    assert sort_names((), ["SLAK_BOT_TOKEN"]) == Names((Misspelt("SLAK_BOT_TOKEN", "SLACK_BOT_TOKEN"),))


def test_names_of_other_programs_are_told_of_the_file_alone() -> None:
    assert sort_names(["JOB_NAME"], ["POSTGRES_DB", "OPENAI_API_KEY"]) == Names(
        foreign=("OPENAI_API_KEY", "POSTGRES_DB")
    )


@pytest.mark.parametrize(
    "name", ["xoxb-1-hush", "a8f742231b10e8888abcd99yyyzzz85a", "A" * 65, "x\x1b[2J", "LOG_LEVEL\x1b", ""]
)
def test_what_may_be_half_of_a_secret_is_not_told(name: str) -> None:
    assert sort_names((), [name]) == Names()


def test_the_file_and_the_environment_are_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(
        "export MAX_AUDIO_MINUTE=hush\nPOSTGRES_DB=hush\nHTTP_PORT=1\n# LOG_LEVELS=hush\nSECRETWITHOUTNAME\n"
    )
    monkeypatch.setenv("SLACK_SINGING_SECRET", "hush")
    assert look_at_names(env_file) == Names(
        (
            Misspelt("MAX_AUDIO_MINUTE", "MAX_AUDIO_MINUTES"),
            Misspelt("SLACK_SINGING_SECRET", "SLACK_SIGNING_SECRET"),
        ),
        ("POSTGRES_DB",),
    )
    assert look_at_names(None).foreign == ()
    assert look_at_names(tmp_path / "nowhere").foreign == ()


@pytest.mark.parametrize(
    ("missing", "instead"),
    [
        ("SLACK_BOT_TOKEN", "SLACK_BOT_TOKN"),
        ("SLACK_BOT_TOKEN", "SLAK_BOT_TOKEN"),
        ("SLACK_APP_TOKEN", "SLACK_AP_TOKEN"),
        ("SLACK_APP_TOKEN", "SLACK_SINGING_SECRET"),
        ("DASHSCOPE_API_KEY", "DASHSCOPE_KEY"),
    ],
)
@pytest.mark.parametrize("in_file", [True, False])
def test_what_is_missing_may_be_misspelt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str, instead: str, *, in_file: bool
) -> None:
    env_file = tmp_path / ".env"
    values = {**GOOD, missing: "", instead: "hush"}
    if in_file:
        env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    else:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refusal:
        load(env_file)
    line = str(refusal.value)
    assert "is missing" in line
    meant = "SLACK_SIGNING_SECRET" if instead == "SLACK_SINGING_SECRET" else missing
    assert line.endswith(f"; there is a {instead}: did you mean {meant}?")
    assert "hush" not in line


def test_every_command_that_needs_the_key_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DASHSCOPE_KEY", "hush")
    for read in (load_asr, load_recogniser):
        with pytest.raises(SettingsError, match="DASHSCOPE_KEY: did you mean DASHSCOPE_API_KEY"):
            read()
