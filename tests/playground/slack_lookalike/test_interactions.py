"""Commands, shortcuts, buttons and modals, with Bolt on the other side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_lookalike.interactions import Interactions
from bot.playground.slack_lookalike.records import Channel
from bot.playground.slack_lookalike.server import SlackLookalike

_BUTTON = {
    "type": "button",
    "action_id": "copy",
    "value": "7",
    "text": {"type": "plain_text", "text": "Copy"},
}
_ROW = {"type": "actions", "block_id": "row", "elements": [_BUTTON]}
_MODAL = {
    "type": "modal",
    "callback_id": "preferences",
    "title": {"type": "plain_text", "text": "Preferences"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [_ROW],
}


@pytest.fixture
def people(slack: SlackLookalike) -> Interactions:
    return Interactions(slack)


@pytest.fixture
async def app(slack: SlackLookalike) -> AsyncIterator[AsyncApp]:
    web_client = AsyncWebClient(base_url=slack.api_url)
    app = AsyncApp(client=AsyncWebClient(slack.bot_token, base_url=slack.api_url))

    @app.event("message")
    async def hear() -> None:
        pass

    handler = AsyncSocketModeHandler(app, slack.app_token, web_client=web_client, ping_interval=0.1)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK's
    yield app
    await handler.close_async()  # type: ignore[no-untyped-call]  # the SDK's


async def test_a_command_is_answered_in_its_ack_and_later(
    slack: SlackLookalike, app: AsyncApp, people: Interactions, general: Channel
) -> None:
    @app.command("/transcribe")
    async def command(ack: AsyncAck, respond: AsyncRespond, command: dict[str, Any]) -> None:
        await respond(text=f"later: {command['text']}", response_type="in_channel")
        await ack("at once")

    await people.slash_command(general.id, general.members[0], "/transcribe", "help").settled()
    shown = [(message.text, message.ephemeral_for) for message in slack.state.messages.values()]
    assert shown == [("later: help", None), ("at once", general.members[0])]


async def test_a_shortcut_opens_a_modal_that_is_corrected_and_saved(
    slack: SlackLookalike, app: AsyncApp, people: Interactions, general: Channel
) -> None:
    message = slack.state.post_as_user(general.id, general.members[0], "hello")

    @app.shortcut("transcribe")
    async def shortcut(ack: AsyncAck, shortcut: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=shortcut["trigger_id"], view=_MODAL)
        await ack()

    @app.view("preferences")
    async def save(ack: AsyncAck, view: dict[str, Any]) -> None:
        if view["state"]["values"]["row"]["copy"]["value"] == "bad":
            await ack(response_action="errors", errors={"row": "No."})
        else:
            await ack()

    await people.message_shortcut("transcribe", message, general.members[0]).settled()
    (view,) = slack.state.views.values()
    await people.submit(view, {"row": {"copy": {"value": "bad"}}}).settled()
    assert not view.closed
    await people.submit(view, {"row": {"copy": {"value": "good"}}}).settled()
    assert view.closed


async def test_a_button_replaces_its_message(
    slack: SlackLookalike, app: AsyncApp, people: Interactions, general: Channel
) -> None:
    seen: list[dict[str, Any]] = []

    @app.action("copy")
    async def copy(ack: AsyncAck, action: dict[str, Any], respond: AsyncRespond) -> None:
        seen.append(action)
        await respond(text="copied", replace_original=True)
        await ack()

    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    posted = await client.chat_postMessage(channel=general.id, text="press", blocks=[_ROW])
    message = slack.state.messages[general.id, posted["ts"]]
    await people.click(message, "copy", general.members[0]).settled()
    assert (seen[0]["block_id"], seen[0]["value"]) == ("row", "7")
    assert (message.text, message.blocks) == ("copied", [])
    with pytest.raises(LookupError):
        people.click(message, "copy", general.members[0])


async def test_of_what_one_person_sees_only_its_place_is_told(
    slack: SlackLookalike, app: AsyncApp, people: Interactions, general: Channel
) -> None:
    bodies: list[dict[str, Any]] = []

    @app.action("copy")
    async def copy(ack: AsyncAck, body: dict[str, Any]) -> None:
        bodies.append(body)
        await ack()

    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    ann = general.members[0]
    posted = await client.chat_postEphemeral(channel=general.id, user=ann, text="press", blocks=[_ROW])
    message = slack.state.messages[general.id, posted["message_ts"]]
    await people.click(message, "copy", ann).settled()
    (body,) = bodies
    assert "message" not in body
    assert body["container"]["is_ephemeral"] is True
    assert (body["container"]["message_ts"], body["channel"]["id"]) == (message.ts, general.id)


async def test_a_view_that_slack_would_refuse_is_not_shown_in_place_of_another(
    slack: SlackLookalike, app: AsyncApp, people: Interactions, general: Channel
) -> None:
    ann = general.members[0]
    message = slack.state.post_as_user(general.id, ann, "hello")

    @app.shortcut("transcribe")
    async def shortcut(ack: AsyncAck, shortcut: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=shortcut["trigger_id"], view=_MODAL)
        await ack()

    @app.view("preferences")
    async def save(ack: AsyncAck) -> None:
        title = {"type": "plain_text", "text": "Preferences that are much too long for a title"}
        await ack(response_action="update", view=_MODAL | {"title": title})

    await people.message_shortcut("transcribe", message, ann).settled()
    (view,) = slack.state.views.values()
    submission = people.submit(view, {})
    await submission.settled()
    assert view.content == _MODAL
    assert "title" in view.errors[""]


async def test_a_modal_that_an_acknowledgement_changed_has_another_hash(
    slack: SlackLookalike, app: AsyncApp, people: Interactions, general: Channel
) -> None:
    ann = general.members[0]
    message = slack.state.post_as_user(general.id, ann, "hello")

    @app.shortcut("transcribe")
    async def shortcut(ack: AsyncAck, shortcut: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=shortcut["trigger_id"], view=_MODAL)
        await ack()

    @app.view("preferences")
    async def save(ack: AsyncAck) -> None:
        await ack(response_action="update", view=_MODAL)

    await people.message_shortcut("transcribe", message, ann).settled()
    (view,) = slack.state.views.values()
    before = view.hash
    await people.submit(view, {}).settled()

    assert view.hash != before


async def test_the_home_tab_is_published_and_used(
    slack: SlackLookalike, app: AsyncApp, people: Interactions, general: Channel
) -> None:
    ann = general.members[0]
    pressed: list[str] = []

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [_ROW]})

    @app.action("copy")
    async def copy(ack: AsyncAck, body: dict[str, Any]) -> None:
        pressed.append(body["view"]["type"])
        await ack()

    published = slack.faults.hold("views.publish", after_acting=True)
    people.open_home(ann, general.id)
    await published.reached()
    published.release()
    await people.click_in_view(slack.state.homes[ann], "copy").settled()
    assert pressed == ["home"]
    await slack.settled()


async def test_a_response_url_deletes_what_it_came_from(slack: SlackLookalike, general: Channel) -> None:
    message = slack.state.post_as_user(general.id, general.members[0], "press")
    url = slack.state.new_response_url(general.id, general.members[0], message.ts)
    async with aiohttp.ClientSession() as session:
        async with session.post(url, data=b"{") as response:
            assert response.status == 400
        async with session.post(url, json={}) as response:
            assert (await response.json())["error"] == "no_text"
        async with session.post(url, json={"delete_original": True}) as response:
            assert response.status == 200
    assert slack.state.messages == {}


async def test_a_response_url_serves_five_times_and_not_for_ever(
    slack: SlackLookalike, general: Channel
) -> None:
    async def answer(url: str, body: dict[str, Any]) -> int:
        async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
            return response.status

    url = slack.state.new_response_url(general.id, general.members[0])
    assert await answer(url, {"text": "hi", "colour": "red"}) == 404
    assert [await answer(url, {"text": "hi"}) for _ in range(6)] == [200] * 5 + [404]
    late = slack.state.new_response_url(general.id, general.members[0])
    next(reversed(slack.state.response_urls.values())).issued_at -= 1801
    assert await answer(late, {"text": "hi"}) == 404
    assert await answer(f"{slack.origin}/response/unknown", {"text": "hi"}) == 404
