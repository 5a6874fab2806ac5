"""Proxy of the environment for WebSockets, which neither the SDK nor aiohttp finds. Pure but for it."""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass

from yarl import URL

_SCHEMES = {"wss": "https", "ws": "http"}


def websocket_proxy(address: str) -> str | None:
    """The proxy for a WebSocket's address; ``None`` for none.

    ``HTTPS_PROXY`` is for ``wss:`` too, except for the hosts of ``NO_PROXY``: aiohttp's sessions would look
    for ``WSS_PROXY``, and the SDK knows nothing of ``NO_PROXY``. Both are read as aiohttp's sessions read
    them (``trust_env``), which everything else goes through.
    """
    url = URL(address)
    if url.host is None or proxy_bypass(url.host):
        return None
    return getproxies().get(_SCHEMES.get(url.scheme, url.scheme))
