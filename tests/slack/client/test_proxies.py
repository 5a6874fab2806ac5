from __future__ import annotations

import pytest

from bot.slack.client.proxies import websocket_proxy

PROXY = "http://proxy.example.com:3128"


@pytest.fixture(autouse=True)
def proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1, .internal.example.com,2001:db8::1,10.0.0.0/8")


@pytest.mark.parametrize(
    ("address", "through"),
    [
        ("wss://wss-primary.slack.com/link/?ticket=1", PROXY),
        ("wss://wss-gov.slack-gov.com/link", PROXY),
        ("wss://[2001:db8::2]/link", PROXY),
        ("wss://[2001:db8::1]/link", None),
        ("wss://10.1.2.3/link", PROXY),
        ("wss://internal.example.com:8443/link", None),
        ("wss://slack.internal.example.com/link", None),
        ("ws://127.0.0.1:8080/link", None),
        ("ws://slack.example.com/link", None),
        ("None", None),
    ],
)
def test_a_websocket_takes_the_way_of_https_but_where_it_must_not(address: str, through: str | None) -> None:
    assert websocket_proxy(address) == through


def test_a_proxy_for_http_alone_is_not_one_for_https(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK would take it."""
    monkeypatch.delenv("HTTPS_PROXY")
    monkeypatch.setenv("http_proxy", PROXY)

    assert websocket_proxy("wss://wss-primary.slack.com/link") is None
    assert websocket_proxy("ws://slack.example.com/link") == PROXY
