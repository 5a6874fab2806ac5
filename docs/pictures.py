"""The README's pictures, made from the views and messages that the bot really shows: ``make pictures``.

Renders Block Kit roughly as Slack does, and has a headless Chromium take the picture.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

from bot.model import (
    Claim,
    FileState,
    JobKey,
    LanguageHeard,
    Paragraph,
    SharedFile,
    Span,
    Transcript,
    TranscriptionRequest,
    Utterance,
)
from bot.preferences import Automatic, ChannelSettings, Usage
from bot.sentences import reader_locale
from bot.slack.choices.home_view import SharedChannel, Tab, render_home
from bot.slack.choices.settings_view import form_for, render_settings
from bot.slack.speech.blocks import Message, render_reply

HERE = Path(__file__).parent
STYLE = HERE / "pictures.css"


def render_view(view: dict[str, Any]) -> str:
    """A modal or a home tab."""
    title = f"<h1>{_text(view['title'])}</h1>" if "title" in view else ""
    closing = [f'<span class="button">{_text(view["close"])}</span>'] if "close" in view else []
    if "submit" in view:
        closing.append(f'<span class="button primary">{_text(view["submit"])}</span>')
    foot = f'<div class="foot">{"".join(closing)}</div>' if closing else ""
    return f'<div class="frame">{title}{render_blocks(view["blocks"])}{foot}</div>'


def render_message(blocks: list[dict[str, Any]]) -> str:
    """A message of the bot's, with its menu open."""
    menus = [e for block in blocks for e in block["elements"] if e["type"] == "overflow"]
    entries = "".join(f"<div>{_text(entry['text'])}</div>" for menu in menus for entry in menu["options"])
    who = '<div class="who">Threadscribe<span>APP 10:02</span></div>'
    return f'<div class="frame">{who}{render_blocks(blocks)}<div class="popup">{entries}</div></div>'


def render_blocks(blocks: list[dict[str, Any]]) -> str:
    """Blocks, one below the other."""
    return "".join(_BLOCKS[block["type"]](block) for block in blocks)


def _text(text: dict[str, Any]) -> str:
    return escape(text["text"])


def _section(block: dict[str, Any]) -> str:
    beside = _element(block["accessory"]) if "accessory" in block else ""
    return f'<div class="section"><span>{_text(block["text"])}</span>{beside}</div>'


def _rich_text(block: dict[str, Any]) -> str:
    parts = [part for section in block["elements"] for part in section["elements"]]
    return f'<div class="said">{"".join(escape(part.get("text", "#voice-notes")) for part in parts)}</div>'


def _input(block: dict[str, Any]) -> str:
    hint = f'<div class="hint">{_text(block["hint"])}</div>' if "hint" in block else ""
    return f'<div><div class="label">{_text(block["label"])}</div>{_element(block["element"])}{hint}</div>'


def _menu(element: dict[str, Any]) -> str:
    chosen = element.get("initial_option") or {"text": element.get("placeholder", {"text": "Choose"})}
    return f'<span class="menu">{_text(chosen["text"])}</span>'


def _menu_of_many(element: dict[str, Any]) -> str:
    chosen = element.get("initial_options") or [{"text": element.get("placeholder", {"text": "Choose"})}]
    return f'<span class="menu">{", ".join(_text(option["text"]) for option in chosen)}</span>'


def _choices(element: dict[str, Any]) -> str:
    initial = [*element.get("initial_options", []), element.get("initial_option")]
    return "".join(
        f'<div class="{"chosen" if option in initial else "choice"}">{_text(option["text"])}</div>'
        for option in element["options"]
    )


def _text_input(element: dict[str, Any]) -> str:
    kind = "field lines" if element.get("multiline") else "field"
    return f'<div class="{kind}">{escape(element.get("initial_value", ""))}</div>'


def _element(element: dict[str, Any]) -> str:
    return _ELEMENTS[element["type"]](element)


_ELEMENTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "button": lambda e: f'<span class="button {e.get("style", "")}">{_text(e["text"])}</span>',
    "overflow": lambda _: '<span class="overflow">⋯</span>',
    "static_select": _menu,
    "multi_static_select": _menu_of_many,
    "checkboxes": _choices,
    "radio_buttons": _choices,
    "plain_text_input": _text_input,
}
_BLOCKS: dict[str, Callable[[dict[str, Any]], str]] = {
    "header": lambda block: f"<h2>{_text(block['text'])}</h2>",
    "section": _section,
    "context": lambda block: f'<div class="context">{" ".join(_text(e) for e in block["elements"])}</div>',
    "actions": lambda block: f'<div class="row">{"".join(_element(e) for e in block["elements"])}</div>',
    "divider": lambda _: "<hr>",
    "input": _input,
    "rich_text": _rich_text,
}


def take_picture(html: str, target: Path, width: int, height: int) -> None:
    """Have a headless Chromium draw a page.

    Raises:
        FileNotFoundError: there is no Chromium.
    """
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise FileNotFoundError("Chromium is not installed")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        style = STYLE.read_text(encoding="utf-8")
        page.write_text(f"<!doctype html><meta charset=utf-8><style>{style}</style>{html}", encoding="utf-8")
        command = [
            browser,
            "--headless",
            "--no-sandbox",
            "--hide-scrollbars",
            "--force-device-scale-factor=2",
        ]
        command += [f"--window-size={width},{height}", f"--screenshot={target}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


def main() -> None:
    """Draw them all."""
    settings = ChannelSettings(automatic=Automatic.AUDIO, vocabulary=("Grünwald", "Threadscribe", "Qwen"))
    form = form_for("C0000000001", "en-GB", settings, Automatic.AUDIO)
    take_picture(render_view(render_settings(form)), HERE / "settings.png", 560, 730)
    channels = [
        SharedChannel(
            "C0000000001", "voice-notes", Automatic.AUDIO, is_shared_externally=False, may_change=True
        ),
        SharedChannel("C0000000002", "partners", Automatic.OFF, is_shared_externally=True, may_change=True),
    ]
    tab = Tab(
        reader=reader_locale("en-GB"),
        audio_goes_to="dashscope-intl.aliyuncs.com",
        ask_reaction="speech_balloon",
        is_opted_out=False,
        channels=channels,
        subscriptions=frozenset({"C0000000001"}),
        month=date(2026, 11, 1),
        used=Usage(clips=128, seconds=9_240.0),
        cost=0.32,
        monthly_minutes=600,
    )
    take_picture(render_view(render_home(tab)), HERE / "home.png", 720, 735)
    take_picture(render_message(_reply().blocks), HERE / "reply.png", 720, 375)


def _reply() -> Message:
    said = "The launch moves to Thursday. Please tell Grünwald before noon, and bring the figures along."
    transcript = Transcript(
        passages=(Paragraph(said, (Utterance(said, Span(0, 11_400)),)),),
        languages=(LanguageHeard("en", 0),),
        duration_s=11.4,
        complete=True,
    )
    file = SharedFile("F1", "audio_message.m4a", Claim.VOICE_CLIP, FileState.AVAILABLE, None, None, 11.4)
    key = JobKey("T0000000001", "C0000000001", "1795517973.653010", file.id)
    request = TranscriptionRequest(key, file, key.message_ts, "U1", 0, 1, explicit=False)
    return next(iter(render_reply(request, transcript)))


if __name__ == "__main__":
    main()
