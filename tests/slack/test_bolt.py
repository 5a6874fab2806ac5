from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Outage, Unavailable
from bot.model import JobState, TranscriptionRequest
from bot.playground.slack_lookalike.delivery import RetrySchedule
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.ports.preferences import Listening
from bot.ports.store import Requests, WaitingEvents
from bot.slack.bolt import EVENTS_AT_ONCE, BoundedApp, Feature, build_bolt
from bot.slack.client.api import SlackApi
from bot.slack.client.identity import SCOPES, Identity
from bot.slack.client.lookups import Lookups
from bot.slack.incoming.backlog import Backlog
from bot.slack.incoming.events import EventCallback, MessageEvent
from bot.slack.incoming.interactions import BlockAction
from bot.slack.incoming.listeners import Listeners
from bot.slack.requests.opt_outs import OptOuts
from bot.slack.requests.shares import Shares
from bot.steady_clock import utc_now
from bot.store.store import Store, open_store
from bot.telemetry import Metrics
from tests.job.memory_preferences import MemoryListening, MemoryPreferences
from tests.slack.answering import Asked, always, answering
from tests.slack.payloads import BOT, TEAM, body, clip, event, mention, upload

SECRET = "0123456789abcdef0123456789abcdef"
NO_BACKLOG = Backlog(cast("WaitingEvents", None), utc_now)
"""Where no flood is expected, nothing has to be kept."""
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class FailingJobs:
    """A store whose disk is full."""

    async def accept(self, _requests: Sequence[TranscriptionRequest]) -> int:
        raise OSError(28, "No space left on device")


class HeldJobs:
    """A store that takes its time."""

    def __init__(self) -> None:
        self.reached, self.released = asyncio.Event(), asyncio.Event()

    async def accept(self, requests: Sequence[TranscriptionRequest]) -> int:
        self.reached.set()
        await self.released.wait()
        return len(requests)


class Door:
    """Bolt with our listeners, in front of a Web API that must not be asked anything."""

    def __init__(
        self,
        jobs: object,
        slack: Asked,
        controls: Sequence[Feature] = (),
        backlog: Backlog | None = None,
    ) -> None:
        self.slack = slack
        self.metrics = Metrics()
        client = AsyncWebClient("xoxb-test", base_url=f"{slack.origin}/api/")
        self.bolt = bolt_for(jobs, client, self.metrics, controls, backlog)

    async def receive(
        self,
        payload: dict[str, Any] | str,
        content_type: str = JSON,
        *,
        secret: str = SECRET,
        age_s: int = 0,
    ) -> BoltResponse:
        """Answer a request that is signed as Slack signs."""
        raw = payload if isinstance(payload, str) else json.dumps(payload)
        timestamp = str(int(time.time()) - age_s)
        signed = hmac.new(secret.encode(), f"v0:{timestamp}:{raw}".encode(), hashlib.sha256).hexdigest()
        headers: dict[str, str | Sequence[str]] = {
            "content-type": content_type,
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": f"v0={signed}",
        }
        return await self.bolt.async_dispatch(AsyncBoltRequest(body=raw, headers=headers))

    def counted(self, outcome: str) -> float:
        value = self.metrics.registry.get_sample_value("threadscribe_events_total", {"outcome": outcome})
        return value or 0.0


def bolt_for(
    jobs: object,
    client: AsyncWebClient,
    metrics: Metrics,
    controls: Sequence[Feature] = (),
    backlog: Backlog | None = None,
) -> BoundedApp:
    identity = Identity(TEAM, "B024BOT01", BOT, SCOPES)
    api, requests = SlackApi(client, client), cast("Requests", jobs)
    listening = cast("Listening", MemoryListening())
    preferences = MemoryPreferences()
    opt_outs = OptOuts(preferences, Lookups(api))
    shares = Shares(requests, preferences, listening, opt_outs, automatic=True, metrics=metrics)
    return build_bolt([*controls, shares], api, identity, SECRET, metrics, backlog or NO_BACKLOG)


@asynccontextmanager
async def door_to(jobs: object, *controls: Feature, backlog: Backlog | None = None) -> AsyncIterator[Door]:
    async with answering(always(lambda: web.json_response({"ok": True}))) as slack:
        yield Door(jobs, slack, controls, backlog)
        assert slack.paths == []


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path) as store:
        yield store


@pytest.fixture
async def door(store: Store) -> AsyncIterator[Door]:
    async with door_to(store.requests) as made:
        yield made


async def test_a_shared_clip_is_stored_and_acknowledged(door: Door, store: Store) -> None:
    answer = await door.receive(body(event(clip())))

    assert (answer.status, answer.body) == (200, "")
    job = await store.queue.claim()
    assert job is not None
    assert job.request.file.id == "F024CLIP1"
    assert door.counted("accepted") == 1


async def test_nothing_is_acknowledged_before_it_is_stored() -> None:
    held = HeldJobs()
    async with door_to(held) as door:
        answering_now = asyncio.create_task(door.receive(body(event(clip()))))
        await held.reached.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not answering_now.done()

        held.released.set()

        assert (await answering_now).status == 200


@pytest.mark.parametrize("inner", [event(clip()), mention(clip())])
async def test_what_could_not_be_stored_is_not_acknowledged(inner: dict[str, Any]) -> None:
    async with door_to(FailingJobs()) as door:
        assert (await door.receive(body(inner))).status == 500
        assert door.counted("accepted") == 0


async def test_redelivery_and_the_twin_are_acknowledged_and_stored_once(door: Door, store: Store) -> None:
    for inner in (mention(clip()), event(clip(), text=f"<@{BOT}> hm?"), event(clip())):
        assert (await door.receive(body(inner))).status == 200

    assert (await store.requests.depth())[JobState.READY] == 1
    assert (door.counted("accepted"), door.counted("duplicate")) == (1, 2)


IGNORED = {
    "no_files": event(),
    "no_audio": event(upload("a.pdf", "application/pdf", "pdf")),
    "subtype": event(clip(), subtype="message_changed", hidden=True),
    "from_a_bot": event(clip(), bot_id="B024OTHER"),
    "malformed": event(clip(), ts=None),
}


@pytest.mark.parametrize(("reason", "inner"), IGNORED.items(), ids=IGNORED.keys())
async def test_what_asks_for_nothing_is_acknowledged_and_counted(
    door: Door, store: Store, reason: str, inner: dict[str, Any]
) -> None:
    assert (await door.receive(body(inner))).status == 200

    assert door.counted(reason) == 1
    assert (await store.requests.depth())[JobState.READY] == 0


OTHER = "T024OTHER1"


@pytest.mark.parametrize(
    "envelope",
    [
        {"authorizations": [{"team_id": OTHER, "enterprise_id": None}]},
        {"authorizations": [{"team_id": OTHER}], "team_id": TEAM},
        {"authorizations": [{"team_id": None, "enterprise_id": "E024OTHER", "is_enterprise_install": True}]},
        {"authorizations": [], "team_id": OTHER},
    ],
)
@pytest.mark.parametrize("inner", [event(clip()), mention(clip())])
async def test_what_is_for_another_workspaces_installation_is_refused_and_counted(
    door: Door, store: Store, inner: dict[str, Any], envelope: dict[str, Any]
) -> None:
    answer = await door.receive(body(inner, **envelope))

    assert (answer.status, answer.body) == (200, "")
    assert door.counted("other_team") == 1
    assert await store.queue.claim() is None


async def test_what_people_of_another_organisation_share_in_a_shared_channel_is_served(
    door: Door, store: Store
) -> None:
    shared = body(event(clip()), team_id=OTHER, authorizations=[{"team_id": TEAM}])
    assert (await door.receive(shared)).status == 200

    assert door.counted("other_team") == 0
    assert await store.queue.claim() is not None


UNHANDLED = {
    "file_shared": body({"type": "file_shared", "file_id": "F1", "channel_id": "C1", "user_id": "U1"}),
    "member_joined_channel": body({"type": "member_joined_channel", "user": "U1", "channel": "C1"}),
    "app_rate_limited": {
        "type": "app_rate_limited",
        "token": "unused",
        "team_id": TEAM,
        "minute_rate_limited": 1_720_000_000,
        "api_app_id": "A024APP01",
    },
    "an event of no type": body({}),
    "an empty object": {},
    "installed for an organisation": body(
        {"type": "app_home_opened", "user": "U1"},
        authorizations=[{"enterprise_id": "E1", "team_id": None, "is_enterprise_install": True}],
        team_id=None,
    ),
}


@pytest.mark.parametrize("payload", UNHANDLED.values(), ids=UNHANDLED.keys())
async def test_what_nobody_listens_for_is_acknowledged(door: Door, payload: dict[str, Any]) -> None:
    answer = await door.receive(payload)

    assert (answer.status, answer.body) == (200, "")


INTERACTIONS: dict[str, dict[str, Any]] = {
    "block_actions": {"type": "block_actions", "actions": [{"action_id": "x", "block_id": "y"}]},
    "shortcut": {"type": "shortcut", "callback_id": "x", "trigger_id": "1.2"},
    "message_action": {"type": "message_action", "callback_id": "x", "trigger_id": "1.2"},
    "view_submission": {"type": "view_submission", "view": {"type": "modal", "callback_id": "x"}},
}


@pytest.mark.parametrize("payload", INTERACTIONS.values(), ids=INTERACTIONS.keys())
async def test_interactions_that_nobody_offered_are_acknowledged(door: Door, payload: dict[str, Any]) -> None:
    payload = payload | {"team": {"id": TEAM}, "user": {"id": "U1"}}

    answer = await door.receive(urlencode({"payload": json.dumps(payload)}), FORM)

    assert (answer.status, answer.body) == (200, "")


@pytest.mark.parametrize("text", ["", "what is this", "payload.m4a"])
async def test_commands_that_nobody_offered_are_acknowledged(door: Door, text: str) -> None:
    command = {"command": "/transcribe", "text": text, "team_id": TEAM, "user_id": "U1", "channel_id": "C1"}

    assert (await door.receive(urlencode(command), FORM)).status == 200


async def test_slack_can_verify_the_address(door: Door) -> None:
    answer = await door.receive({"type": "url_verification", "token": "unused", "challenge": "c-1"})

    assert answer.status == 200
    assert "c-1" in answer.body


async def test_only_slack_is_believed(door: Door, store: Store) -> None:
    assert (await door.receive(body(event(clip())), secret="another")).status == 401
    assert (await door.receive(body(event(clip())), age_s=600)).status == 401
    assert (await store.requests.depth())[JobState.READY] == 0


async def test_credentials_in_the_environment_do_not_put_oauth_in_charge(
    monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SCOPES", "SLACK_BOT_TOKEN"):
        monkeypatch.setenv(name, "123.456")
    async with door_to(store.requests) as door:
        assert (await door.receive(body(event(clip())))).status == 200

    # Bolt's own authorisation finds no installation, answers 200 all the same and drops the event.
    assert (await store.requests.depth())[JobState.READY] == 1


async def test_building_warns_the_operator_of_nothing(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    async with door_to(store.requests):
        assert caplog.messages == []


async def test_fifty_events_ask_slack_nothing(door: Door, store: Store) -> None:
    for number in range(50):
        assert (await door.receive(body(event(clip(f"F{number}"))))).status == 200

    assert (await store.requests.depth())[JobState.READY] == 50
    assert door.slack.paths == []


async def test_the_events_of_a_flood_are_acknowledged_when_they_are_stored_and_handled_in_their_order(
    store: Store,
) -> None:
    held, eraser, backlog = CountingJobs(), Eraser(), Backlog(store.events, utc_now)
    pressed = INTERACTIONS["block_actions"] | {"team": {"id": TEAM}, "user": {"id": "U1"}}
    async with door_to(held, eraser, backlog=backlog) as door:
        events = [
            asyncio.create_task(door.receive(body(event(clip(f"F{number}"))) | {"event_id": f"Ev{number}"}))
            for number in range(EVENTS_AT_ONCE + 20)
        ]
        kept = await asyncio.gather(*events[EVENTS_AT_ONCE:])
        assert {answer.status for answer in kept} == {200}
        assert len(await store.events.due(100)) == 20
        assert (held.most, any(task.done() for task in events[:EVENTS_AT_ONCE])) == (EVENTS_AT_ONCE, False)
        pressing = await door.receive(urlencode({"payload": json.dumps(pressed)}), FORM)
        assert (pressing.status, eraser.heard) == (200, ["pressed"])
        held.released.set()
        assert {answer.status for answer in await asyncio.gather(*events)} == {200}
        # There is room again, but it must not overtake those that wait.
        assert (await door.receive(body(event(clip("LATER"))) | {"event_id": "EvLATER"})).status == 200
        assert "LATER" not in held.order
        async with backlog.handled_by(door.bolt.handle_waiting):
            while not backlog.is_empty:  # noqa: ASYNC110  # it tells nobody
                await asyncio.sleep(0.01)
    assert held.order == [*(f"F{number}" for number in range(EVENTS_AT_ONCE + 20)), "LATER"]


async def test_an_event_that_cannot_be_kept_is_not_acknowledged(store: Store) -> None:
    backlog = Backlog(store.events, utc_now)
    async with door_to(held := CountingJobs(), backlog=backlog) as door:
        events = [
            asyncio.create_task(door.receive(body(event(clip(f"F{number}"))) | {"event_id": f"Ev{number}"}))
            for number in range(EVENTS_AT_ONCE)
        ]
        while held.most < EVENTS_AT_ONCE:  # noqa: ASYNC110  # many steps of Bolt's come before
            await asyncio.sleep(0)
        await store.database.close()
        assert (await door.receive(body(event(clip("ONE_MORE"))) | {"event_id": "EvX"})).status == 500
        held.released.set()
        await asyncio.gather(*events)


async def test_a_waiting_event_that_fails_is_not_taken_for_handled() -> None:
    async with door_to(FailingJobs()) as door:
        assert await door.bolt.handle_waiting(body(event(clip()))) is False
    async with door_to(held := CountingJobs()) as door:
        held.released.set()
        assert await door.bolt.handle_waiting(body(event(clip()))) is True


async def test_an_event_that_comes_again_while_it_is_handled_gets_the_same_answer() -> None:
    held = CountingJobs()
    async with door_to(held) as door:
        first = asyncio.create_task(door.receive(body(event(clip()))))
        while held.most < 1:  # noqa: ASYNC110  # many steps of Bolt's come before
            await asyncio.sleep(0)
        again = [asyncio.create_task(door.receive(body(event(clip())))) for _ in range(3)]
        for _ in range(50):
            await asyncio.sleep(0)
        assert not any(task.done() for task in again)
        held.released.set()
        answers = await asyncio.gather(first, *again)
    assert ([answer.status for answer in answers], held.order) == ([200] * 4, ["F024CLIP1"])


async def test_an_event_that_is_given_up_is_acknowledged_to_nobody_who_waits_for_it() -> None:
    async with door_to(held := CountingJobs()) as door:
        first = asyncio.create_task(door.receive(body(event(clip()))))
        while held.most < 1:  # noqa: ASYNC110  # many steps of Bolt's come before
            await asyncio.sleep(0)
        again = asyncio.create_task(door.receive(body(event(clip()))))
        await asyncio.sleep(0)
        first.cancel()
        assert (await again).status == 500
        held.released.set()
        assert (await door.receive(body(event(clip())))).status == 200


class CountingJobs:
    """A store that takes its time, and counts who waits for it."""

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.at_once = self.most = 0
        self.order: list[str] = []

    async def accept(self, requests: Sequence[TranscriptionRequest]) -> int:
        self.order += [request.file.id for request in requests]
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await self.released.wait()
        self.at_once -= 1
        return len(requests)


@asynccontextmanager
async def connected(slack: SlackLookalike, jobs: object) -> AsyncIterator[None]:
    """The same listeners over Socket Mode."""
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    handler = AsyncSocketModeHandler(
        bolt_for(jobs, client, Metrics()), slack.app_token, web_client=AsyncWebClient(base_url=slack.api_url)
    )
    await handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK's own gap
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # the same


@pytest.fixture
async def slack() -> AsyncIterator[SlackLookalike]:
    async with SlackLookalike(schedule=RetrySchedule(ack_timeout_s=0.3, delays_s=())) as lookalike:
        yield lookalike


async def test_over_socket_mode_too_only_what_is_stored_is_acknowledged(
    slack: SlackLookalike, store: Store
) -> None:
    async with connected(slack, store.requests):
        kept = await slack.deliver("events_api", body(event(clip()))).settled()
        unheard = await slack.deliver("events_api", UNHANDLED["file_shared"]).settled()
    async with connected(slack, FailingJobs()):
        lost = await slack.deliver("events_api", body(event(clip()))).settled()

    assert (kept.acked, unheard.acked, lost.acked) == (True, True, False)
    assert (await store.requests.depth())[JobState.READY] == 1
    assert [call.method for call in slack.state.calls if "." in call.method] == ["apps.connections.open"] * 2


class Eraser:
    """A control that takes what it knows of messages, and breaks where it is told to."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.heard: list[str] = []
        self._fault = fault

    def register(self, listeners: Listeners) -> None:
        listeners.event("message", MessageEvent, self._erase, subtype="message_deleted")
        listeners.action("x", self._press)

    async def _erase(self, callback: EventCallback[MessageEvent]) -> None:
        self.heard.append(callback.event.subtype)
        if self._fault:
            raise self._fault

    async def _press(self, ack: AsyncAck, _pressed: BlockAction) -> None:
        self.heard.append("pressed")
        if self._fault:
            raise self._fault
        await ack()


DELETED = event(clip(), subtype="message_deleted", hidden=True)


async def test_a_control_hears_of_its_messages_before_the_intake_does(store: Store) -> None:
    eraser = Eraser()
    async with door_to(store.requests, eraser) as door:
        assert (await door.receive(body(DELETED))).status == 200
        assert eraser.heard == ["message_deleted"]
        assert door.counted("subtype") == 0

        assert (await door.receive(body(event(clip())))).status == 200

    assert eraser.heard == ["message_deleted"]
    assert (await store.requests.depth())[JobState.READY] == 1


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), Unavailable(Outage.SLACK)])
async def test_what_a_control_could_not_do_is_not_acknowledged(store: Store, fault: Exception) -> None:
    eraser = Eraser(fault)
    pressed = INTERACTIONS["block_actions"] | {"team": {"id": TEAM}, "user": {"id": "U1"}}
    async with door_to(store.requests, eraser) as door:
        assert (await door.receive(body(DELETED))).status == 500
        assert (await door.receive(urlencode({"payload": json.dumps(pressed)}), FORM)).status == 500

    assert eraser.heard == ["message_deleted", "pressed"]


@pytest.mark.parametrize(("installed_in", "heard"), [(OTHER, []), (TEAM, ["pressed"])])
async def test_a_press_in_a_view_of_another_workspaces_installation_is_refused_and_counted(
    store: Store, installed_in: str, heard: list[str]
) -> None:
    eraser = Eraser()
    pressed = INTERACTIONS["block_actions"] | {
        "team": {"id": OTHER},
        "user": {"id": "U1"},
        "view": {"app_installed_team_id": installed_in},
    }
    async with door_to(store.requests, eraser) as door:
        answer = await door.receive(urlencode({"payload": json.dumps(pressed)}), FORM)
        assert door.counted("other_team") == (not heard)

    assert (answer.status, answer.body) == (200, "")
    assert eraser.heard == heard


@pytest.mark.parametrize(("team_id", "counted"), [(OTHER, 1), (TEAM, 0)])
async def test_commands_and_shortcuts_of_another_workspace_are_refused_and_counted(
    door: Door, team_id: str, counted: int
) -> None:
    command = {"command": "/transcribe", "team_id": team_id, "user_id": "U1", "channel_id": "C1"}
    shortcut = INTERACTIONS["message_action"] | {"team": {"id": team_id}, "user": {"id": "U1"}}

    for form in (command, {"payload": json.dumps(shortcut)}):
        assert (await door.receive(urlencode(form), FORM)).status == 200

    assert door.counted("other_team") == 2 * counted


async def test_what_a_control_has_answered_is_acknowledged(store: Store) -> None:
    pressed = INTERACTIONS["block_actions"] | {"team": {"id": TEAM}, "user": {"id": "U1"}}
    async with door_to(store.requests, Eraser()) as door:
        answer = await door.receive(urlencode({"payload": json.dumps(pressed)}), FORM)

    assert (answer.status, answer.body) == (200, "")
