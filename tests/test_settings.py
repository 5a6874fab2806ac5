from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings.load import SettingsError, load
from bot.settings.settings import Settings, SettingsBy
from bot.settings.table import markdown_table

ROOT = Path(__file__).parents[1]
BOT_TOKEN, APP_TOKEN = "xoxb-1-hush", "xapp-1-hush"
SIGNING_SECRET, API_KEY = "signing-hush", "sk-key-hush"
GOOD = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "DASHSCOPE_API_KEY": API_KEY}


def load_with(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in (GOOD | values).items():
        monkeypatch.setenv(name, value)
    return load(None)


def test_what_is_not_said_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_with(monkeypatch)
    assert settings.slack_bot_token.get_secret_value() == BOT_TOKEN
    assert settings.socket_mode
    assert settings.effective() == {
        "slack_bot_token": "set",
        "slack_app_token": "set",
        "slack_signing_secret": None,
        "slack_api_url": "https://slack.com/api/",
        "slack_file_origins": (),
        "dashscope_api_key": "set",
        "dashscope_base_url": "https://dashscope-intl.aliyuncs.com",
        "asr_model": "qwen3-asr-flash",
        "asr_language": None,
        "asr_enable_itn": False,
        "asr_requests_per_minute": 100,
        "asr_concurrency": 8,
        "compress_uploads": False,
        "max_audio_minutes": 180,
        "max_file_mb": 1_024,
        "data_dir": "data",
        "retention_days": 90,
        "auto_transcribe": True,
        "settings_by": "members",
        "reply_locale": "en",
        "ask_reaction": "speech_balloon",
        "asr_price_per_second": 0.000035,
        "monthly_minutes": None,
        "confirm_above_minutes": None,
        "job_give_up_after_s": 21_600,
        "catch_up_hours": 24,
        "catch_up_calls_per_minute": 20,
        "http_host": "127.0.0.1",
        "http_port": 8080,
        "log_level": "INFO",
        "log_format": "auto",
    }


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_empty_means_the_default(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    field = Settings.model_fields[name.lower()]
    if field.is_required():
        with pytest.raises(SettingsError, match=f"^{name} is missing"):
            load_with(monkeypatch, **{name: ""})
    else:
        settings = load_with(monkeypatch, **{"SLACK_SIGNING_SECRET": SIGNING_SECRET} | {name: ""})
        assert getattr(settings, name.lower()) == field.default


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SLACK_BOT_TOKEN", "WRONG-VALUE", "must be the bot token"),
        ("SLACK_BOT_TOKEN", APP_TOKEN, "must be the bot token"),
        ("SLACK_BOT_TOKEN", " \n", "must not be blank"),
        ("SLACK_APP_TOKEN", BOT_TOKEN, "must be the app-level token"),
        ("SLACK_SIGNING_SECRET", "WRONG VALUE", "must be one word"),
        ("SLACK_API_URL", "WRONG-VALUE", "must be an http(s) address"),
        ("SETTINGS_BY", "WRONG-VALUE", "must be 'members' or 'admins'"),
        ("REPLY_LOCALE", "WRONG-VALUE", "must be a locale such as"),
        ("REPLY_LOCALE", "es-LA", "must be a locale such as"),
        ("REPLY_LOCALE", "../../de", "must be a locale such as"),
        ("ASK_REACTION", "WRONG VALUE", "must be an emoji's name"),
        ("ASR_PRICE_PER_SECOND", "WRONG-VALUE", "must be a valid number"),
        ("ASR_PRICE_PER_SECOND", "-1", "must be greater than or equal to 0"),
        ("ASR_PRICE_PER_SECOND", "nan", "must be a finite number"),
        ("MONTHLY_MINUTES", "0", "must be greater than or equal to 1"),
        ("CONFIRM_ABOVE_MINUTES", "WRONG-VALUE", "must be a valid integer"),
        ("SLACK_API_URL", "ftp://wrong-value", "must be an http(s) address"),
        ("SLACK_API_URL", "https://host:WRONG-VALUE", "must be an http(s) address"),
        ("SLACK_API_URL", "https://[WRONG-VALUE", "must be an http(s) address"),
        ("SLACK_FILE_ORIGINS", "https://fine.example, WRONG-VALUE", "must be an http(s) address"),
        ("SLACK_FILE_ORIGINS", "https://fine.example/WRONG-VALUE", "must be origins"),
        ("DASHSCOPE_API_KEY", "sk-WRONG\nVALUE", "must be one word"),
        ("DASHSCOPE_API_KEY", "sk-WRÖNG-VALUE", "must be one word"),
        ("DASHSCOPE_BASE_URL", "https://me:WRONG-VALUE@host", "must not hold a user name or password"),
        ("DASHSCOPE_BASE_URL", "https://host/?key=WRONG-VALUE", "must be an http(s) address"),
        ("ASR_LANGUAGE", "WRONG-VALUE", "must be one of zh, yue, en"),
        ("ASR_ENABLE_ITN", "WRONG-VALUE", "must be a valid boolean"),
        ("ASR_REQUESTS_PER_MINUTE", "0", "must be greater than or equal to 1"),
        ("ASR_REQUESTS_PER_MINUTE", "WRONG-VALUE", "must be a valid integer"),
        ("ASR_CONCURRENCY", "-3", "must be greater than or equal to 1"),
        ("AUTO_TRANSCRIBE", "WRONG-VALUE", "must be a valid boolean"),
        ("JOB_GIVE_UP_AFTER_S", "1e99", "must be a valid integer"),
        ("HTTP_PORT", "65536", "must be less than or equal to 65535"),
        ("LOG_LEVEL", "WRONG-VALUE", "must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("LOG_FORMAT", "WRONG-VALUE", "must be 'auto', 'json' or 'pretty'"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it_and_not_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_with(monkeypatch, **{name: value})
    line = str(refusal.value)
    assert line.startswith(name)
    assert says in line
    assert "\n" not in line
    for secret in ("WRONG", "WRÖNG", "wrong-value", BOT_TOKEN, APP_TOKEN, API_KEY):
        assert secret not in line
    assert refusal.value.__suppress_context__, "a traceback would quote the value"


def test_all_that_is_missing_or_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_with(monkeypatch, **dict.fromkeys(GOOD, ""), HTTP_PORT="WRONG")
    line = str(refusal.value)
    assert "\n" not in line
    for name in (*GOOD, "SLACK_SIGNING_SECRET", "HTTP_PORT"):
        assert line.count(name) == 1, name
    for place in ("OAuth & Permissions", "App-Level Tokens", "App Credentials", "Model Studio → API Key"):
        assert place in line


def test_what_the_guide_has_for_a_secret_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_with(monkeypatch, SLACK_BOT_TOKEN="xoxb-…", SLACK_APP_TOKEN="xapp-…", DASHSCOPE_API_KEY="sk-...")
    assert str(refusal.value) == "; ".join(
        f"{name} must be your own: it still holds the placeholder" for name in GOOD
    )


def test_one_of_the_two_ways_to_hear_events_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="SLACK_APP_TOKEN or SLACK_SIGNING_SECRET is missing"):
        load_with(monkeypatch, SLACK_APP_TOKEN="")
    settings = load_with(monkeypatch, SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET=SIGNING_SECRET)
    assert not settings.socket_mode
    assert load_with(monkeypatch, SLACK_APP_TOKEN=APP_TOKEN, SLACK_SIGNING_SECRET=SIGNING_SECRET).socket_mode


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_with(monkeypatch, SLACK_SIGNING_SECRET=SIGNING_SECRET)
    shown = (
        f"{settings!r} {settings} {settings.effective()} {settings.model_dump()} {settings.model_dump_json()}"
    )
    assert "hush" not in shown


def test_what_copying_leaves_around_a_secret_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_with(monkeypatch, DASHSCOPE_API_KEY=f" {API_KEY}\n", SLACK_BOT_TOKEN=f"{BOT_TOKEN}\r\n")
    assert settings.dashscope_api_key.get_secret_value() == API_KEY
    assert settings.slack_bot_token.get_secret_value() == BOT_TOKEN


@pytest.mark.parametrize(
    ("name", "value", "means"),
    [
        ("SLACK_API_URL", "http://127.0.0.1:1234/api", "http://127.0.0.1:1234/api/"),
        ("SLACK_API_URL", "https://slack-gov.com/api/", "https://slack-gov.com/api/"),
        ("DASHSCOPE_BASE_URL", "https://dashscope.aliyuncs.com/", "https://dashscope.aliyuncs.com"),
        (
            "SLACK_FILE_ORIGINS",
            "http://127.0.0.1:1, HTTPS://B.example/ ,",
            ("http://127.0.0.1:1", "https://b.example"),
        ),
        ("ASR_LANGUAGE", "YUE", "yue"),
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("LOG_FORMAT", "JSON", "json"),
        ("AUTO_TRANSCRIBE", "off", False),
        ("SETTINGS_BY", "Admins", SettingsBy.ADMINS),
        ("REPLY_LOCALE", "de", "de"),
        ("REPLY_LOCALE", " pt-BR ", "pt_BR"),
        ("ASK_REACTION", ":Memo:", "memo"),
        ("ASK_REACTION", "+1", "+1"),
        ("MONTHLY_MINUTES", "600", 600),
        ("DATA_DIR", "/var/lib/threadscribe", Path("/var/lib/threadscribe")),
        ("HTTP_PORT", "0", 0),
    ],
)
def test_what_values_mean(monkeypatch: pytest.MonkeyPatch, name: str, value: str, means: object) -> None:
    assert getattr(load_with(monkeypatch, **{name: value}), name.lower()) == means


def test_the_env_file_is_read_and_the_environment_goes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(
        f'SLACK_BOT_TOKEN="{BOT_TOKEN}"\nexport SLACK_APP_TOKEN={APP_TOKEN}\n# a remark\n'
        f"DASHSCOPE_API_KEY={API_KEY}\nHTTP_PORT=1111\nASR_MODEL=\nLOG_LEVEL=ERROR\nSOMEBODY_ELSES=1\n"
    )
    monkeypatch.setenv("HTTP_PORT", "2222")
    settings = load(env_file)
    assert settings.slack_bot_token.get_secret_value() == BOT_TOKEN
    assert (settings.http_port, settings.log_level, settings.asr_model) == (2222, "ERROR", "qwen3-asr-flash")


def test_an_env_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes(b"SLACK_BOT_TOKEN=\xff\xfe\n")
    with pytest.raises(SettingsError, match="cannot be read: it is not UTF-8"):
        load(env_file)


@pytest.mark.parametrize("line", ["SLACK_BOT_TOKEN: hush", "ASR_MODEL='hush", "HTTP_PORT 8081"])
def test_a_line_of_the_env_file_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"# a remark\n\n{line}\nDASHSCOPE_API_KEY={API_KEY}\n")
    with pytest.raises(SettingsError) as refusal:
        load(env_file)
    assert str(refusal.value) == f"{env_file} line 3 cannot be read: write it as NAME=value"


def test_settings_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_with(monkeypatch)
    with pytest.raises(ValueError, match="frozen"):
        settings.http_port = 1


def test_every_setting_is_explained() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert "|" not in (field.description or ""), "it would break the table"


def test_the_readmes_table_is_made_from_the_code() -> None:
    readme = (ROOT / "README.md").read_text()
    before, opened, rest = readme.partition("<!-- settings -->")
    table, closed, _ = rest.partition("<!-- /settings -->")
    assert before
    assert opened, "README.md lacks <!-- settings -->"
    assert closed, "README.md lacks <!-- /settings -->"
    assert table.strip() == markdown_table(), "the settings have changed: `make fix` rewrites README's table"
