"""Block Kit, modals and the traffic panel in a real browser, without a playground behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from bot.playground.page.server import STATIC

pytestmark = pytest.mark.asyncio(loop_scope="session")

Json = dict[str, Any]

HTML = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Blocks</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/static/page.css">
<link rel="stylesheet" href="/static/blocks.css"><link rel="stylesheet" href="/static/modal.css">
<link rel="stylesheet" href="/static/traffic.css"><div id="root"></div></html>"""
MRKDWN = """async (text) => {
    const { renderMrkdwn } = await import("/static/mrkdwn.js");
    const users = { U1: { name: "ada", real_name: "<b>Ada</b>" } };
    const channels = [{ id: "C1", name: "voice-notes", title: "#voice-notes", kind: "channel" }];
    const root = document.querySelector("#root");
    root.replaceChildren(renderMrkdwn(text, { users, channels, surface: "message", press: async () => {} }));
    return root.innerHTML;
}"""
SHOWN = {
    "*bold* and _it ~both~_": "<strong>bold</strong> and <em>it <s>both</s></em>",
    "snake_case_name, 2*3*4 and * alone *": "snake_case_name, 2*3*4 and * alone *",
    "`*code*`": '<code class="b-code">*code*</code>',
    "&lt;b&gt; &amp;lt;": "&lt;b&gt; &amp;lt;",
    "<b onclick=alert(1)>": "&lt;b onclick=alert(1)&gt;",
    "<javascript:alert(1)|click>": "&lt;javascript:alert(1)|click&gt;",
    "<@U1>": '<span class="b-mention">@&lt;b&gt;Ada&lt;/b&gt;</span>',
    "<@constructor>": '<span class="b-mention">@constructor</span>',
    "<#C1|old-name>": '<a class="b-mention" href="#C1">#voice-notes</a>',
    "<https://a.test/?b&amp;|*d*>": '<a href="https://a.test/?b&amp;" target="_blank" rel="noopener">*d*</a>',
    "&gt; one\n&gt; two\nthree": '<blockquote class="b-quote">one<br>two</blockquote>three',
    "```\n*x*\n```\nend": '<pre class="b-pre"><code>*x*</code></pre>end',
    "```never closed": "```never closed",
    ":eyes: :constructor:": "👀 :constructor:",
}
"""What is written in mrkdwn, and what becomes of it."""
BLOCKS = """async (blocks) => {
    const { renderBlocks } = await import("/static/blocks.js");
    window.told = [];
    const press = async (block, element, chosen) => {
        window.told.push([element.action_id, chosen]);
        return { acknowledged: false };
    };
    const root = document.querySelector("#root");
    root.replaceChildren(renderBlocks(blocks, { users: {}, channels: [], surface: "message", press }));
    return root.innerHTML;
}"""
MODALS = """async (views) => {
    const { showModals } = await import("/static/modal.js");
    showModals(views, { users: {}, channels: [] });
}"""
TRAFFIC = """async (rows) => {
    const { mountTraffic, addTraffic } = await import("/static/traffic.js");
    if (!document.querySelector(".traffic")) mountTraffic(document.querySelector("#root"));
    addTraffic(rows);
}"""


Acts = asyncio.Queue[Json]
"""What the page asked its server to do."""


async def _index(_request: web.Request) -> web.Response:
    return web.Response(text=HTML, content_type="text/html")


async def _detail(_request: web.Request) -> web.Response:
    parts = [{"name": "Payload", "json": {"type": "event_callback", "wave": list(range(300))}}]
    return web.json_response({"id": "d1", "title": "message", "parts": parts})


@pytest_asyncio.fixture(loop_scope="session")
async def acts(page: Page) -> AsyncIterator[Acts]:
    """The page's modules on an empty page; yields what they ask for."""
    asked = Acts()

    async def note(request: web.Request) -> web.Response:
        asked.put_nowait(await request.json())
        return web.json_response({"acknowledged": True})

    app = web.Application()
    app.add_routes(
        [
            web.get("/", _index),
            web.post("/act", note),
            web.get("/traffic/{id}", _detail),
            web.static("/static", STATIC),
        ]
    )
    async with TestServer(app, host="127.0.0.1") as server:
        await page.goto(str(server.make_url("/")))
        yield asked


def text(words: str) -> Json:
    return {"type": "plain_text", "text": words}


def field(block_id: str, label: str, element: Json, **more: Any) -> Json:
    made = {"type": "input", "block_id": block_id, "label": text(label)}
    return made | {"element": {"action_id": "entry", **element}} | more


def view(*blocks: Json, view_id: str = "V1", **more: Any) -> Json:
    made = {"id": view_id, "hash": "1", "type": "modal", "title": text("Settings"), "submit": text("Save")}
    return made | {"close": None, "errors": {}, "blocks": list(blocks)} | more


@pytest.mark.usefixtures("acts")
async def test_mrkdwn_shows_its_marks_and_keeps_hostile_text_text(page: Page) -> None:
    assert {written: await page.evaluate(MRKDWN, written) for written in SHOWN} == SHOWN


@pytest.mark.usefixtures("acts")
async def test_a_long_line_of_marks_costs_no_more_than_others(page: Page) -> None:
    spent_ms = await page.evaluate(
        """async () => {
            const { renderMrkdwn } = await import("/static/mrkdwn.js");
            const context = { users: {}, channels: [] };
            const started = performance.now();
            for (const mark of ["*a ", "_*~a ", "<", "`", ":a", "&gt;"]) {
                renderMrkdwn(mark.repeat(40_000 / mark.length), context);
            }
            return performance.now() - started;
        }"""
    )
    # Quadratic work on 40,000 characters takes minutes.
    assert spent_ms < 5_000


FIRST_LETTERS = """() => {
    const section = document.querySelector(".b-rich-section");
    const { left, right } = section.getBoundingClientRect();
    const texts = [...section.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data);
    return texts.map((node) => {
        const range = document.createRange();
        const at = node.data.search(/\\p{L}/u);
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        return range.getBoundingClientRect().left > (left + right) / 2 ? "right" : "left";
    });
}"""
"""The sides of a section on which the first letters of its lines stand."""


@pytest.mark.usefixtures("acts")
async def test_each_paragraph_is_laid_out_by_its_first_letter(page: Page) -> None:
    lines = ["Good morning.", "صباح الخير.", "Slack هو موضوع اليوم.", "\u200fSlack هو موضوع اليوم."]
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "\n\n".join(lines)}]}

    await page.evaluate(BLOCKS, [{"type": "rich_text", "elements": [section]}])

    assert await page.evaluate(FIRST_LETTERS) == ["left", "right", "left", "right"]


@pytest.mark.usefixtures("acts")
async def test_rich_text_shows_styles_and_lists_and_what_is_hostile_to_the_letter(page: Page) -> None:
    items = [{"type": "rich_text_section", "elements": [{"type": "text", "text": "third"}]}]
    span = {"type": "text", "text": "<img src=x> *a*", "style": {"bold": True, "code": True}}
    link = {"type": "link", "url": "javascript:alert(1)", "text": "click"}
    block = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [span, link]},
            {"type": "rich_text_list", "style": "ordered", "offset": 2, "indent": 1, "elements": items},
        ],
    }
    shown = await page.evaluate(BLOCKS, [block])
    assert '<strong><code class="b-code">&lt;img src=x&gt; *a*</code></strong>click' in shown
    assert '<ol class="b-list" start="3"' in shown
    assert "lower-alpha" in shown
    assert "javascript" not in shown


@pytest.mark.usefixtures("acts")
async def test_a_block_that_nobody_knows_is_named(page: Page) -> None:
    await page.evaluate(BLOCKS, [{"type": "constructor"}])
    await expect(page.get_by_text("[constructor]")).to_be_visible()


@pytest.mark.usefixtures("acts")
async def test_a_button_asks_first_and_says_that_the_app_was_silent(page: Page) -> None:
    question = {
        "title": text("Really?"),
        "text": text("It is gone."),
        "confirm": text("Yes"),
        "deny": text("No"),
    }
    pressed = {
        "type": "button",
        "action_id": "go",
        "text": text("Go"),
        "value": "7",
        "confirm": question | {"style": "danger"},
    }
    await page.evaluate(BLOCKS, [{"type": "actions", "elements": [pressed]}])
    button = page.get_by_role("button", name="Go")
    await button.click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert await page.evaluate("window.told") == []

    await expect(button).to_be_focused()
    await button.click()
    await expect(page.get_by_role("button", name="No")).to_be_focused()
    await page.get_by_role("dialog", name="Really?").get_by_role("button", name="Yes").click()
    await expect(page.get_by_role("alert")).to_have_text("Threadscribe did not answer in 3 seconds.")
    assert await page.evaluate("window.told") == [["go", {"value": "7"}]]


@pytest.mark.usefixtures("acts")
async def test_a_menu_is_used_from_the_keyboard(page: Page) -> None:
    options = [{"text": text(name), "value": name} for name in ("Edit", "Delete")]
    menu = {"type": "overflow", "action_id": "more", "options": options}
    await page.evaluate(BLOCKS, [{"type": "actions", "elements": [menu]}])
    button = page.get_by_role("button", name="More options")
    await button.press("Enter")
    await expect(button).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(button).to_be_focused()
    await button.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await page.evaluate("window.told") == [["more", {"selected_option": options[1]}]]


@pytest.mark.usefixtures("acts")
async def test_a_menu_of_many_tells_once_it_closes(page: Page) -> None:
    options = [{"text": text(name), "value": name} for name in ("one", "two", "three")]
    menu = {"type": "multi_static_select", "action_id": "many", "options": options}
    shown = {
        "type": "section",
        "text": text("Channels"),
        "accessory": menu | {"initial_options": options[:1]},
    }
    await page.evaluate(BLOCKS, [shown])
    await page.get_by_role("button", name="Channels one").click()
    await page.get_by_role("checkbox", name="three").check()
    assert await page.evaluate("window.told") == []
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Channels one, three")).to_be_visible()
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await page.evaluate("window.told") == [["many", {"selected_options": [options[0], options[2]]}]]


async def test_a_modal_keeps_what_is_typed_when_it_is_updated(page: Page, acts: Acts) -> None:
    words = field("words", "Words", {"type": "plain_text_input", "initial_value": "one"})
    choices = [{"text": text(name), "value": name} for name in ("Automatic", "German")]
    language = field(
        "language", "Language", {"type": "static_select", "options": choices}, dispatch_action=True
    )
    await page.evaluate(MODALS, [view(words, language)])
    typed = page.get_by_role("textbox", name="Words")
    await expect(typed).to_be_focused()
    await typed.fill("one and two")
    await page.get_by_role("combobox", name="Language").select_option("German")
    values = {
        "words": {"entry": {"value": "one and two"}},
        "language": {"entry": {"selected_option": choices[1]}},
    }
    pressed = await acts.get()
    assert (pressed["act"], pressed["values"]) == ("press_in_view", values)

    await typed.focus()
    changed = words | {"label": text("Names")}
    added = field("digits", "Digits", {"type": "checkboxes", "options": choices[:1]}, optional=True)
    await page.evaluate(MODALS, [view(added, changed, language, hash="2")])
    await expect(page.get_by_role("textbox", name="Names")).to_have_value("one and two")
    await expect(page.get_by_role("textbox", name="Names")).to_be_focused()
    await page.get_by_role("button", name="Save").click()
    sent = await acts.get()
    assert sent["act"] == "submit"
    assert sent["values"] == values | {"digits": {"entry": {"selected_options": []}}}


async def test_a_modal_says_at_the_field_what_is_wrong(page: Page, acts: Acts) -> None:
    words = field("words", "Words", {"type": "plain_text_input"}, hint=text("One a line."))
    await page.evaluate(MODALS, [view(words)])
    typed = page.get_by_role("textbox", name="Words")
    await page.get_by_role("button", name="Save").click()
    await expect(typed).to_have_accessible_description("Please complete this required field. One a line.")
    await expect(typed).to_be_focused()
    assert acts.empty()

    await typed.fill("too many")
    await page.get_by_role("button", name="Save").click()
    await page.evaluate(MODALS, [view(words, errors={"words": "Too long.", "": "Try again."})])
    await expect(typed).to_have_accessible_description("Too long. One a line.")
    await expect(page.get_by_role("alert").first).to_have_text("Try again.")
    assert (await acts.get())["act"] == "submit"


async def test_what_is_emptied_is_sent_as_nothing_and_not_as_it_began(page: Page, acts: Acts) -> None:
    """Source: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload."""
    choice = {"text": text("German"), "value": "de"}
    elements: dict[str, Json] = {
        "Words": {"type": "plain_text_input", "initial_value": "one"},
        "Number": {"type": "number_input", "is_decimal_allowed": False, "initial_value": "7"},
        "Day": {"type": "datepicker", "initial_date": "2026-11-30"},
        "Time": {"type": "timepicker", "initial_time": "12:30"},
        "Language": {"type": "static_select", "options": [choice], "initial_option": choice},
        "Boxes": {"type": "checkboxes", "options": [choice], "initial_options": [choice]},
        "Many": {"type": "multi_static_select", "options": [choice], "initial_options": [choice]},
    }
    fields = [field(name, name, element, optional=True) for name, element in elements.items()]
    await page.evaluate(MODALS, [view(*fields)])
    for name in ("Words", "Number", "Day", "Time"):
        await page.get_by_label(name).fill("")
    await page.get_by_label("Language").select_option("-1")
    await page.get_by_role("checkbox", name="German").uncheck()
    await page.get_by_role("button", name="Many").click()
    await page.get_by_role("checkbox", name="German").last.uncheck()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Save").click()
    sent = await acts.get()
    assert sent["values"] == {
        "Words": {"entry": {"value": None}},
        "Number": {"entry": {"value": None}},
        "Day": {"entry": {"selected_date": None}},
        "Time": {"entry": {"selected_time": None}},
        "Language": {"entry": {"selected_option": None}},
        "Boxes": {"entry": {"selected_options": []}},
        "Many": {"entry": {"selected_options": []}},
    }


async def test_a_field_that_must_be_filled_in_is_asked_for_once_it_is_emptied(page: Page, acts: Acts) -> None:
    words = field("words", "Words", {"type": "plain_text_input", "initial_value": "one", "multiline": True})
    await page.evaluate(MODALS, [view(words)])
    typed = page.get_by_role("textbox", name="Words")
    await typed.fill("")
    await page.get_by_role("button", name="Save").click()
    await expect(typed).to_have_accessible_description("Please complete this required field.")
    assert acts.empty()
    await page.evaluate(MODALS, [view(words, submit_disabled=True, hash="2")])
    await expect(page.get_by_role("button", name="Save")).to_be_disabled()


async def test_escape_closes_the_modal_on_top_and_gives_the_focus_back(page: Page, acts: Acts) -> None:
    below = view(field("a", "Below", {"type": "plain_text_input"}))
    above = view(field("b", "Above", {"type": "plain_text_input"}), view_id="V2")
    await page.evaluate(MODALS, [below])
    await page.evaluate(MODALS, [below, above])
    await expect(page.get_by_role("textbox", name="Below")).to_be_hidden()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("textbox", name="Below")).to_be_focused()
    # The workspace may tell of it once more before it knows.
    await page.evaluate(MODALS, [below, above])
    await expect(page.get_by_role("dialog")).to_have_count(1)
    await page.evaluate(MODALS, [])
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert await acts.get() == {"as": "", "act": "close_view", "view_id": "V2"}
    assert acts.empty()


@pytest.mark.usefixtures("acts")
async def test_traffic_is_judged_sifted_and_opened(page: Page) -> None:
    row = {"kind": "delivery", "detail": "", "state": "ok", "note": "acknowledged"}
    await page.evaluate(
        TRAFFIC,
        [
            row | {"id": "d1", "at": 1000.0, "title": "fast", "took_s": 0.004},
            row | {"id": "d2", "at": 1002.5, "title": "late", "took_s": 3.4},
            row | {"id": "c1", "at": 1001.0, "title": "chat.postMessage", "took_s": 1.5, "kind": "call"},
        ],
    )
    rows = page.get_by_role("listitem").filter(has=page.get_by_role("time"))
    await expect(rows).to_contain_text(["fast", "chat.postMessage", "late"])
    await expect(rows.nth(2)).to_contain_text("+1.5 s")
    await expect(rows.nth(2)).to_have_class("traffic-row traffic-delivery traffic-ok traffic-late")
    await page.get_by_role("button", name="Call").click()
    await expect(rows.filter(visible=True)).to_contain_text(["fast", "late"])
    await page.get_by_label("Filter the traffic").fill("FAST")
    await expect(rows.filter(visible=True)).to_have_count(1)
    await rows.first.get_by_text("fast").click()
    await expect(page.get_by_text("acknowledged after 4 ms; Slack waits 3 s")).to_be_visible()
    await expect(page.get_by_text('"event_callback"')).to_be_visible()

    await page.get_by_role("button", name="Clear").click()
    await page.evaluate(TRAFFIC, [row | {"id": "d2", "at": 1002.5, "title": "late", "took_s": 3.4}])
    await expect(rows).to_have_count(0)
