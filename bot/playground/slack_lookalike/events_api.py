"""Delivery over HTTP: signed requests to the app's address, retried as Slack does.

Source: https://docs.slack.dev/apis/events-api/ and
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.playground.slack_lookalike.delivery import Attempt, Delivery, RetrySchedule
from bot.playground.slack_lookalike.records import JsonObject
from bot.playground.slack_lookalike.state import SlackState

_AT_ONCE = 100
"""Requests under way. Slack does not document how many it sends side by side; one that waits for its turn
is not sent yet, and nobody is late with its answer."""
_FORM = "application/x-www-form-urlencoded"


def signature(signing_secret: str, timestamp: str, body: str) -> str:
    """What ``x-slack-signature`` says of a body sent at this time."""
    signed = hmac.new(signing_secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    return f"v0={signed.hexdigest()}"


class EventsApi:
    """Posts deliveries to one address.

    Args:
        state: The workspace.
        url: The app's address for events, interactions and commands alike; it may move.
        signing_secret: Signs each request; a test may change it.
        schedule: When what was not answered with 2xx is posted again.
    """

    def __init__(self, state: SlackState, url: str, signing_secret: str, schedule: RetrySchedule) -> None:
        self._state = state
        self.url = url
        self.signing_secret = signing_secret
        self._schedule = schedule
        self._session = ClientSession(timeout=ClientTimeout(total=schedule.ack_timeout_s))
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._deliveries: set[asyncio.Task[None]] = set()

    def deliver(self, delivery: Delivery) -> None:
        """Post this, and again until it is answered with 2xx."""
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def verify_url(self) -> bool:
        """Whether the app gives the challenge back, as Slack asks when an address is entered."""
        challenge = secrets.token_hex(16)
        asked = {"type": "url_verification", "token": "verification-token", "challenge": challenge}
        body = json.dumps(asked)
        headers = self._headers(body, "application/json")
        async with self._session.post(self.url, data=body.encode(), headers=headers) as response:
            return response.status == 200 and challenge in await response.text()

    async def close(self) -> None:
        """End what is under way."""
        for task in list(self._deliveries):
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)
        await self._session.close()

    async def _deliver(self, delivery: Delivery) -> None:
        again = self._schedule.delays_s if delivery.kind == "events_api" else ()
        reason = ""
        for number, delay_s in enumerate((0.0, *again)):
            if delay_s:
                await asyncio.sleep(delay_s)
            async with self._room:
                attempt = Attempt(number, reason, self._state.clock())
                delivery.attempts.append(attempt)
                reason = await self._post(delivery, attempt)
            if not reason:
                return
            if reason == "no_retry":
                break
        delivery.give_up()

    async def _post(self, delivery: Delivery, attempt: Attempt) -> str:
        """Try once; the reason why it has to be tried again, empty for success."""
        body, kind = _body(delivery)
        headers = self._headers(body, kind)
        if attempt.number:
            headers |= {"x-slack-retry-num": str(attempt.number), "x-slack-retry-reason": attempt.reason}
        try:
            async with self._session.post(self.url, data=body.encode(), headers=headers) as response:
                text = await response.text()
        except TimeoutError:
            return "http_timeout"
        except ClientError:
            return "connection_failed"
        attempt.status = response.status
        if not response.ok:
            return "no_retry" if response.headers.get("x-slack-no-retry") == "1" else "http_error"
        attempt.ack_after_s = self._state.clock() - attempt.sent_at
        delivery.acknowledge(_answer(text))
        return ""

    def _headers(self, body: str, kind: str) -> dict[str, str]:
        timestamp = str(int(self._state.clock()))
        return {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": signature(self.signing_secret, timestamp, body),
        }


def _body(delivery: Delivery) -> tuple[str, str]:
    if delivery.kind == "events_api":
        return json.dumps(delivery.payload), "application/json"
    if delivery.kind == "interactive":
        return urlencode({"payload": json.dumps(delivery.payload)}), _FORM
    return urlencode(delivery.payload), _FORM


def _answer(text: str) -> JsonObject:
    """What an answer says: JSON, or the text of a message."""
    try:
        found = json.loads(text)
    except ValueError:
        return {"text": text} if text else {}
    return found if isinstance(found, dict) else {}
