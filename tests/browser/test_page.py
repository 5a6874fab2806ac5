"""The playground's page in a real browser: what somebody does in their first minutes."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from playwright.async_api import FloatRect, Locator, Page, expect

from bot.commands.playground import CLIP
from tests.browser.conftest import Place, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = "ask not what your country can do for you"
PATIENCE_MS = 60_000
"""The packaged recogniser shares two cores with the other tests."""


async def opened(page: Page, place: Place) -> Locator:
    """The page with its channel; returns the thread beside it."""
    await page.goto(place.address)
    await expect(page.get_by_role("textbox", name="Message #voice-notes")).to_be_visible()
    return page.get_by_role("complementary", name="Thread")


async def shared(page: Page, place: Place, path: Path = CLIP) -> tuple[Locator, Locator]:
    """Attach a file in the channel; returns the thread, which opens by itself, and the bot's reply in it."""
    thread = await opened(page, place)
    await page.get_by_label("Attach a file").first.set_input_files(path)
    send = page.get_by_role("button", name="Send").first
    await send.click()
    reply = thread.get_by_role("article").filter(has_text=WORDS)
    await expect(reply).to_be_visible(timeout=PATIENCE_MS)
    return thread, reply


async def chosen(page: Page, reply: Locator, entry: str) -> None:
    """Choose from the menu under a reply."""
    await reply.get_by_role("button", name="More options").click()
    await page.get_by_role("menuitem", name=entry).click()


async def test_a_dropped_file_comes_back_as_text(page: Page, place: Place, pictures: Path) -> None:
    thread = await opened(page, place)
    carried = await page.evaluate_handle(
        """(bytes) => {
            const carried = new DataTransfer();
            const content = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
            carried.items.add(new File([content], "speech.m4a", { type: "audio/mp4" }));
            return carried;
        }""",
        base64.b64encode(CLIP.read_bytes()).decode(),
    )
    await page.get_by_role("main").dispatch_event("drop", {"dataTransfer": carried})
    await page.get_by_role("button", name="Send").first.click()
    await expect(thread.get_by_role("status")).to_contain_text("is transcribing", timeout=PATIENCE_MS)
    reply = thread.get_by_role("article").filter(has_text=WORDS)
    await expect(reply).to_be_visible(timeout=PATIENCE_MS)
    await expect(reply).to_contain_text("English · 0:11")
    await page.get_by_role("button", name="Traffic", exact=True).click()
    await page.mouse.move(0, 0)
    await page.screenshot(path=pictures / "page.png")


async def test_another_language_changes_the_reply(page: Page, place: Place, pictures: Path) -> None:
    thread, reply = await shared(page, place)
    await page.get_by_role("button", name="Traffic", exact=True).click()
    await reply.get_by_role("button", name="More options").click()
    await page.screenshot(path=pictures / "reply.png", clip=await around(thread, height=640))
    await page.keyboard.press("Escape")
    said_to_all = thread.get_by_role("article").filter(has_not_text="Only visible to you")
    count = await said_to_all.count()
    await chosen(page, reply, "Wrong language?")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox").select_option(label="German")
    await dialog.get_by_role("button", name=re.compile("Transcribe")).click()
    await expect(dialog).to_be_hidden()
    await expect(thread.get_by_text("German · 0:11")).to_be_visible(timeout=PATIENCE_MS)
    # The same reply was edited: none was added.
    assert await said_to_all.count() == count


async def test_a_deleted_transcript_is_gone(page: Page, place: Place) -> None:
    _, reply = await shared(page, place)
    await chosen(page, reply, "Delete transcript")
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(reply).to_have_count(0, timeout=PATIENCE_MS)


async def test_a_deleted_message_takes_its_transcript_along(page: Page, place: Place) -> None:
    thread, reply = await shared(page, place)
    head = thread.get_by_role("article").first
    await head.hover()
    await head.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Delete message").click()
    confirm = page.get_by_role("dialog")
    await confirm.get_by_role("button", name="Delete").click()
    await expect(reply).to_have_count(0, timeout=PATIENCE_MS)


async def test_a_message_can_be_asked_about_and_reacted_to(page: Page, place: Place) -> None:
    thread, _ = await shared(page, place)
    head = thread.get_by_role("article").first
    await head.hover()
    await head.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Transcribe").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Where I answer")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await head.hover()
    await head.get_by_role("button", name="Add reaction").click()
    await page.get_by_role("menuitem", name="tada").click()
    pill = head.get_by_role("button", name="tada, 1")
    await expect(pill).to_have_attribute("aria-pressed", "true")
    await pill.click()
    await expect(pill).to_have_count(0)


async def test_what_the_microphone_hears_is_transcribed(page: Page, place: Place) -> None:
    thread = await opened(page, place)
    known = len(place.playground.slack.state.files)
    await page.get_by_role("button", name="Record a clip").first.click()
    await expect(page.get_by_role("button", name="Stop and send")).to_be_visible()
    await page.wait_for_timeout(9_000)
    await page.get_by_role("button", name="Stop and send").click()
    reply = thread.get_by_role("article").filter(has_text=re.compile("fellow America", re.IGNORECASE))
    await expect(reply).to_be_visible(timeout=PATIENCE_MS)
    recorded = list(place.playground.slack.state.files.values())[known]
    assert recorded.is_voice_clip
    assert recorded.mimetype == "audio/webm"
    assert recorded.duration_ms is not None
    assert 7_500 < recorded.duration_ms < 11_500


async def test_a_command_is_completed_and_answered_for_one_alone(page: Page, place: Place) -> None:
    await opened(page, place)
    box = page.get_by_role("textbox", name="Message #voice-notes")
    await box.press_sequentially("/tr")
    await expect(page.get_by_role("option", name="/transcribe")).to_be_visible()
    await box.press("Tab")
    await box.press_sequentially("usage")
    await box.press("Enter")
    answer = page.get_by_role("article").filter(has_text="Only visible to you").last
    await expect(answer).to_contain_text("recordings transcribed")


async def around(pane: Locator, height: float) -> FloatRect:
    """The upper part of a pane, for a picture."""
    box = await pane.bounding_box()
    assert box is not None
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": height}


async def test_the_home_tab_is_the_bots_own(page: Page, place: Place, pictures: Path) -> None:
    await opened(page, place)
    await page.get_by_role("link", name="Threadscribe").first.click()
    await page.get_by_role("tab", name="Home").click()
    panel = page.get_by_role("tabpanel")
    await expect(panel.get_by_text("#voice-notes").first).to_be_visible()
    box = panel.get_by_role("checkbox").first
    await box.check()
    await until(lambda: is_opted_out(place))
    await expect(box).to_be_checked()
    await box.uncheck()
    await until(lambda: not is_opted_out(place))
    await expect(box).not_to_be_checked()
    await page.get_by_role("main").screenshot(path=pictures / "home.png")


def is_opted_out(place: Place) -> bool:
    """What the home tab says that the bot has published for Ada."""
    state = place.playground.slack.state
    ada = next(user for user in state.users.values() if user.name == "ada")
    return "initial_options" in json.dumps(state.homes[ada.id].content)


async def test_the_traffic_shows_what_was_sent_and_how_long_it_took(
    page: Page, place: Place, pictures: Path
) -> None:
    await shared(page, place)
    traffic = page.get_by_role("complementary", name="Traffic")
    row = traffic.get_by_text("message · file_share").last
    await row.click()
    await expect(traffic.get_by_text("event_callback").first).to_be_visible()
    await expect(traffic.get_by_text("qwen3-asr-flash").first).to_be_visible()
    await traffic.screenshot(path=pictures / "traffic.png")


async def test_everything_fits_a_phone(page: Page, place: Place, pictures: Path) -> None:
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 360, "height": 640})
    _, reply = await shared(page, place)
    await expect(reply).to_be_in_viewport()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.screenshot(path=pictures / "phone.png")


async def test_the_settings_of_a_channel_are_kept(page: Page, place: Place, pictures: Path) -> None:
    await opened(page, place)
    await commanded(page, "settings")
    dialog = page.get_by_role("dialog")
    words = dialog.get_by_role("textbox").first
    await words.fill("Grünwald, Qwen")
    await dialog.screenshot(path=pictures / "settings.png")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_be_hidden()
    await commanded(page, "settings")
    await expect(words).to_have_value(re.compile("Grünwald"))
    await words.fill("")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_be_hidden()
    await commanded(page, "settings")
    await expect(dialog.get_by_role("button", name="Save")).to_be_visible()
    await expect(words).to_have_value("")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_an_emptied_edit_is_not_said_to_be_written(page: Page, place: Place) -> None:
    _, reply = await shared(page, place)
    await chosen(page, reply, "Edit")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill("")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_contain_text("Please complete this required field.")
    await page.keyboard.press("Escape")
    await expect(reply).to_contain_text(WORDS)


async def commanded(page: Page, text: str) -> None:
    """Type ``/transcribe`` and more in the channel."""
    box = page.get_by_role("textbox", name="Message #voice-notes")
    await box.fill(f"/transcribe {text}")
    await box.press("Enter")


async def test_somebody_else_sees_what_is_theirs(page: Page, place: Place) -> None:
    await opened(page, place)
    grete = next(user for user in place.playground.slack.state.users.values() if user.name == "grete")
    whispers = page.get_by_role("article").filter(has_text="Only visible to you")
    await page.get_by_label("You are").select_option(label="Grete")
    await expect(whispers).to_have_count(0)
    await commanded(page, "status")
    await expect(whispers).to_have_count(1)
    (told,) = [m for m in place.playground.slack.state.messages.values() if m.ephemeral_for == grete.id]
    theirs = page.locator(f'[data-ts="{told.ts}"]')
    await expect(theirs).to_be_visible()
    await page.get_by_label("You are").select_option(label="Ada")
    await expect(theirs).to_have_count(0)


async def test_who_reads_german_sees_german(page: Page, place: Place, pictures: Path) -> None:
    await opened(page, place)
    await page.get_by_label("You are").select_option(label="Grete")
    await commanded(page, "settings")
    dialog = page.get_by_role("dialog", name="Channel-Einstellungen")
    await dialog.get_by_label("Namen und Begriffe").fill("Grünwald\nQwen")
    await expect(dialog.get_by_role("button", name="Speichern")).to_be_enabled()
    await dialog.screenshot(path=pictures / "german.png")
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="Threadscribe").first.click()
    await page.get_by_role("tab", name="Home").click()
    await expect(page.get_by_role("tabpanel").get_by_text("Deine Einstellungen")).to_be_visible()
