from __future__ import annotations

import pytest

from bot.slack.client.proxies import websocket_proxy

PROXY = "http://proxy.example.com:3128"


@pytest.fixture(autouse=True)
def proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,.internal.example.com")


@pytest.mark.parametrize(
    ("address", "through"),
    [
        ("wss://wss-primary.slack.com/link/?ticket=1", PROXY),
        ("https://slack.com/api/", PROXY),
        ("wss://slack.internal.example.com/link", None),
        ("ws://127.0.0.1:8080/link", None),
        ("ws://slack.example.com/link", None),
        ("None", None),
    ],
)
def test_a_websocket_takes_the_way_of_https_but_where_it_must_not(address: str, through: str | None) -> None:
    assert websocket_proxy(address) == through
