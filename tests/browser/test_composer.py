"""What is written, chosen and recorded stays with whoever did it, and where they did it."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import FilePayload, Locator, Page, Route, expect

from bot.playground.slack_lookalike.records import Message
from tests.browser.conftest import Place, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

UPLOAD = "**/upload?*"
REFUSED = "Failed to load resource: the server responded with a status of 400 (Bad Request)"
"""What the browser itself writes into its console."""


def note(name: str) -> FilePayload:
    """A file that the bot has no use for."""
    return {"name": name, "mimeType": "text/plain", "buffer": b"Nothing to hear."}


async def opened(page: Page, place: Place) -> Locator:
    """The page, with Ada and Grete's conversation, where no bot reads; returns its field."""
    await page.goto(place.address)
    await page.get_by_role("link", name="Grete").click()
    field = field_for(page, "Grete")
    await expect(field).to_be_visible()
    return field


def field_for(page: Page, title: str) -> Locator:
    """Where one writes in a conversation."""
    return page.get_by_role("textbox", name=f"Message {title}", exact=True)


async def attached(page: Page, *names: str) -> None:
    """Choose files in the main column."""
    await page.get_by_label("Attach a file").first.set_input_files([note(name) for name in names])


async def sent(page: Page) -> None:
    """Press the main column's button."""
    await page.get_by_role("button", name="Send", exact=True).first.click()


def chip(page: Page, name: str) -> Locator:
    """What waits to be sent."""
    return page.get_by_role("button", name=f"Remove {name}")


def sharing(place: Place, name: str) -> list[Message]:
    """The messages with a file of this name."""
    messages = place.playground.slack.state.messages.values()
    return [message for message in messages if any(file.name == name for file in message.files)]


async def refuse(route: Route) -> None:
    """Answer an upload as the server does where it cannot take it."""
    await route.fulfill(status=400, json={"error": "The disk is full."})


async def test_a_slow_upload_does_not_pull_the_person_back(page: Page, place: Place) -> None:
    going = asyncio.Event()

    async def wait(route: Route) -> None:
        await going.wait()
        await route.continue_()

    await page.route(UPLOAD, wait)
    await opened(page, place)
    await attached(page, "slow.txt")
    await sent(page)
    await page.get_by_role("link", name="general").click()
    await field_for(page, "#general").press_sequentially("Good mor")
    async with page.expect_response(UPLOAD):
        going.set()
    await until(lambda: bool(sharing(place, "slow.txt")))
    await page.keyboard.type("ning")
    await expect(field_for(page, "#general")).to_have_value("Good morning")
    await expect(page.get_by_role("complementary", name="Thread")).to_be_hidden()


async def test_only_what_was_not_shared_comes_back(page: Page, place: Place, complaints: list[str]) -> None:
    async def refuse_the_second(route: Route) -> None:
        await (refuse(route) if "second" in route.request.url else route.continue_())

    await page.route(UPLOAD, refuse_the_second)
    field = await opened(page, place)
    await attached(page, "first.txt", "second.txt")
    await field.fill("Two files")
    await sent(page)
    await expect(page.get_by_text("The disk is full.")).to_be_visible()
    await expect(page.get_by_role("complementary", name="Thread").get_by_text("first.txt")).to_be_visible()
    await expect(chip(page, "second.txt")).to_be_visible()
    await expect(chip(page, "first.txt")).to_have_count(0)
    await expect(field).to_have_value("")
    await page.unroute(UPLOAD)
    await sent(page)
    await until(lambda: bool(sharing(place, "second.txt")))
    assert len(sharing(place, "first.txt")) == 1
    assert take_out_refusals(complaints) == 1


async def test_what_failed_goes_back_to_where_it_was_written(
    page: Page, place: Place, complaints: list[str]
) -> None:
    going = asyncio.Event()

    async def refuse_later(route: Route) -> None:
        await going.wait()
        await refuse(route)

    await page.route(UPLOAD, refuse_later)
    field = await opened(page, place)
    await attached(page, "lost.txt")
    await field.fill("Do read this")
    await sent(page)
    await page.get_by_label("You are").select_option(label="Grete")
    # The same conversation has another name for her.
    theirs = field_for(page, "Ada")
    await expect(theirs).to_have_attribute("placeholder", "Message Ada")
    going.set()
    await expect(page.get_by_text("The disk is full.")).to_be_visible()
    await expect(theirs).to_have_value("")
    await expect(chip(page, "lost.txt")).to_have_count(0)
    await page.get_by_label("You are").select_option(label="Ada")
    await expect(field).to_have_value("Do read this")
    await expect(chip(page, "lost.txt")).to_be_visible()
    assert take_out_refusals(complaints) == 1


async def test_a_clip_that_was_refused_is_sent_once_more(
    page: Page, place: Place, complaints: list[str]
) -> None:
    await page.route(UPLOAD, refuse)
    await opened(page, place)
    await page.get_by_role("button", name="Record a clip").first.click()
    await page.get_by_role("button", name="Stop and send").click()
    await expect(chip(page, "Voice clip")).to_be_visible()
    await page.unroute(UPLOAD)
    await sent(page)
    await until(lambda: bool(sharing(place, "audio_message.webm")))
    (message,) = [m for m in sharing(place, "audio_message.webm") if m.channel_id.startswith("D")]
    assert message.files[0].is_voice_clip
    await expect(chip(page, "Voice clip")).to_have_count(0)
    assert take_out_refusals(complaints) == 1


@pytest.mark.parametrize("way", ["channel", "person", "phone"])
async def test_whoever_leaves_is_not_recorded_any_more(page: Page, place: Place, way: str) -> None:
    if way == "phone":
        await page.set_viewport_size({"width": 360, "height": 640})
        await page.goto(place.address)
    else:
        await opened(page, place)
    await page.get_by_role("button", name="Record a clip").first.click()
    await expect(page.get_by_role("group", name="Recording")).to_be_visible()
    match way:
        case "channel":
            await page.get_by_role("link", name="general").click()
        case "person":
            await page.get_by_label("You are").select_option(label="Grete")
        case _:
            await page.get_by_role("button", name="Back to the channels").click()
    await expect(page.get_by_text("the recording was cancelled")).to_be_visible()
    await expect(page.get_by_role("group", name="Recording")).to_have_count(0)


async def test_the_bot_is_invited_by_name(page: Page, place: Place) -> None:
    state = place.playground.slack.state
    general = next(channel for channel in state.channels.values() if channel.name == "general")
    await page.goto(f"{place.address}/#{general.id}")
    field = field_for(page, "#general")
    await field.press_sequentially("/inv")
    await field.press("Tab")
    await field.press_sequentially("@thr")
    await expect(page.get_by_role("option", name="Threadscribe")).to_be_visible()
    await field.press("Tab")
    await field.press("Enter")
    await until(lambda: state.workspace.bot_user_id in general.members)
    await expect(page.get_by_text("is not in this conversation")).to_be_hidden()
    await field.fill("/invite @Threadscribe")
    await field.press("Enter")
    await expect(page.get_by_text("Threadscribe is in this conversation already.")).to_be_visible()


def take_out_refusals(complaints: list[str]) -> int:
    """Forget the refusals that the test made; returns how many there were."""
    count = complaints.count(REFUSED)
    complaints[:] = [complaint for complaint in complaints if complaint != REFUSED]
    return count
