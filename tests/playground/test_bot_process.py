from __future__ import annotations

from pathlib import Path

import pytest

from bot.playground.bot_process import _environment


def test_the_bot_asks_a_proxy_for_the_real_recogniser_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "NO_PROXY", "SLACK_BOT_TOKEN"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    given = _environment({"SLACK_APP_TOKEN": "xapp-1-lookalike"}, tmp_path)

    assert {"HTTPS_PROXY", "NO_PROXY", "SLACK_APP_TOKEN", "PATH"} <= set(given)
    assert not {"HTTP_PROXY", "http_proxy", "SLACK_BOT_TOKEN"} & set(given)
