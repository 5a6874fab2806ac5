"""What somebody reads and hears of, and the connection that brings it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from bot.playground.slack_lookalike.records import Channel
from tests.browser.conftest import Place

pytestmark = pytest.mark.asyncio(loop_scope="session")

TURN = """(state) => {
    Object.defineProperty(document, "hidden", { value: state === "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
"""What a browser does when somebody turns to another window, and back."""


def person(place: Place, name: str) -> str:
    """Somebody's id."""
    return next(user.id for user in place.playground.slack.state.users.values() if user.name == name)


def without_bot(place: Place) -> Channel:
    """Ada and Grete's own conversation."""
    both = {person(place, "ada"), person(place, "grete")}
    channels = place.playground.slack.state.channels.values()
    return next(channel for channel in channels if set(channel.members) == both and channel.kind == "im")


async def test_a_mangled_address_leads_to_the_first_channel(page: Page, place: Place) -> None:
    await page.goto(f"{place.address}/#%E0%A4%A/1.2")
    await expect(page.get_by_role("textbox", name="Message #voice-notes")).to_be_visible()
    await expect(page.get_by_role("complementary", name="Thread")).to_be_hidden()


async def test_a_window_that_nobody_sees_holds_no_connection(page: Page, place: Place) -> None:
    await page.goto(place.address)
    await expect(page.get_by_role("textbox", name="Message #voice-notes")).to_be_visible()
    async with page.expect_event("requestfailed", lambda request: "/live" in request.url):
        await page.evaluate(TURN, "hidden")
    async with page.expect_request("**/live?*"):
        await page.evaluate(TURN, "visible")


async def test_messages_are_said_as_they_are_shown(page: Page, place: Place) -> None:
    state, channel = place.playground.slack.state, without_bot(place)
    await page.goto(f"{place.address}/#{channel.id}")
    await expect(page.get_by_role("textbox", name="Message Grete")).to_be_visible()
    said = page.get_by_role("log")
    state.post_as_user(channel.id, person(place, "grete"), f"*Look*, <@{person(place, 'ada')}>\n:eyes: &amp;")
    await expect(said).to_contain_text("Grete: Look, @Ada 👀 &")
    answer = state.post_as_user(channel.id, state.workspace.bot_user_id, "Listening", bot_id="B1")
    await expect(said).to_contain_text("Threadscribe: Listening")
    state.edit(answer, text="What was said")
    await expect(said).to_contain_text("Threadscribe: What was said")


async def test_what_is_deleted_is_nobodys(page: Page, place: Place) -> None:
    state, channel = place.playground.slack.state, without_bot(place)
    head = state.post_as_user(channel.id, person(place, "grete"), "A question")
    answer = state.post_as_user(channel.id, person(place, "ada"), "An answer", thread_ts=head.ts)
    await page.goto(f"{place.address}/#{channel.id}/{head.ts}")
    thread = page.get_by_role("complementary", name="Thread")
    field = thread.get_by_role("textbox", name="Reply in thread")
    await expect(field).to_be_visible()
    state.delete_message(head)
    await expect(thread.get_by_role("article", name="Deleted message")).to_be_visible()
    await expect(field).to_be_visible()
    state.delete_message(answer)
    state.delete_message(head)
    await expect(thread.get_by_text("This message is not here any more.")).to_be_visible()
    await expect(field).to_be_hidden()
