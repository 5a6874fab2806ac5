"""Requests as Slack signs them, and a Bolt app that notes the events that it hears."""

from __future__ import annotations

import time

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier

SIGNING_SECRET = "signing-secret"
EVENT = (
    b'{"type":"event_callback","team_id":"T1","event_id":"Ev1",'
    b'"event":{"type":"message","channel":"C1","user":"U1","ts":"1.0","text":"hello"}}'
)


def signed(body: bytes, secret: str = SIGNING_SECRET) -> dict[str, str]:
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    assert signature is not None
    return {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature,
        "Content-Type": "application/json",
    }


def bolt_app(heard: list[str]) -> AsyncApp:
    """Appends the ids of events to ``heard``."""
    app = AsyncApp(signing_secret=SIGNING_SECRET, authorize=_authorize, process_before_response=True)

    async def hear(body: dict[str, object]) -> None:
        heard.append(str(body["event_id"]))

    app.event("message")(hear)
    return app


async def _authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token="xoxb-1", bot_user_id="U0")
