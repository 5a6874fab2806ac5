"""View of the channel settings modal, and parsing its submission. Pure; what comes back is hostile here.

Source: https://docs.slack.dev/surfaces/modals and
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot import sentences
from bot.channel_settings import Automatic, ChannelSettings, parse_vocabulary, vocabulary_bytes
from bot.recording import DIGIT_LANGUAGES, MOST_CONTEXT_BYTES
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import (
    Block,
    field,
    line,
    modal,
    section,
    text_input,
)
from bot.slack.blockkit.language_menu import language_menu, parse_language
from bot.slack.incoming.fields import id_in
from bot.slack.incoming.interactions import Input, View
from bot.slack.interactions.modal_kind import ModalKind
from bot.slack.settings.controls import automatic_menu, box, choice_menu, is_ticked, parse_automatic
from bot.translations import Reader

_MOST_IN_A_FIELD = 3_000
_FILLED_IN_A_FIELD = 2_400
"""So that there is room to write on in each."""
_MOST_FIELDS = 10
_WITH_DIGITS = frozenset({None, *DIGIT_LANGUAGES})
"""The languages, and automatic, in which the recogniser can write numbers as digits."""
_FOR_SENDER, _FOR_THREAD = "sender", "thread"
_REPLIES = {_FOR_THREAD: sentences.REPLY_IN_THREAD, _FOR_SENDER: sentences.REPLY_TO_SENDER}
_IN_ALL, _IN_CHANNELS = frozenset({"language"}), frozenset({"language", "automatic", "reply"})
"""The menus of a direct message's modal and of a channel's, always with something chosen."""
_DECIDED = "-"
"""In a modal's metadata: what was shown of the automatic is what somebody had decided."""
_ENTRY = "entry"
"""The action of every field that tells nothing before the modal is sent."""

MODAL = ModalKind(
    sentences.SETTINGS_TITLE,
    action_ids.SETTINGS_MODAL,
    not_opened="settings not opened",
    not_filled="settings not shown",
)

Errors = dict[str, str]
"""Error sentences, by the field's block."""
Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True)
class Form:
    """The content of the modal's fields."""

    channel_id: str
    reader: Reader
    """The person who looks at it."""
    settings: ChannelSettings
    """Its vocabulary is not counted: it stands in the texts."""
    texts: tuple[str, ...] = ("",)
    """The vocabulary as it lies in its fields, one name or term a line."""
    by_default: str = _DECIDED
    """The automatic that the modal began with where nobody had decided; else ``_DECIDED``."""
    first_words: str = ""
    """A digest of the vocabulary that the modal began with."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The settings that somebody submits in the modal."""

    channel_id: str
    settings: ChannelSettings
    """The settings as they stood in it."""
    leaves_automatic: bool
    """Nobody had decided what is transcribed, and what was shown of it was left as it was."""
    leaves_vocabulary: bool
    """The names and terms were left as they were shown."""

    def onto(self, stored: ChannelSettings) -> ChannelSettings:
        """The settings to store; what was left alone stays as it is stored now."""
        return replace(
            self.settings,
            automatic=stored.automatic if self.leaves_automatic else self.settings.automatic,
            vocabulary=stored.vocabulary if self.leaves_vocabulary else self.settings.vocabulary,
        )


def form_for(channel_id: str, reader: Reader, settings: ChannelSettings, automatic: Automatic) -> Form:
    """The form that the modal begins with; ``automatic`` counts now, also where nobody has decided."""
    texts = _in_fields(settings.vocabulary)
    return Form(
        channel_id,
        reader,
        replace(settings, automatic=automatic),
        texts,
        by_default=automatic if settings.automatic is None else _DECIDED,
        first_words=_digest(texts),
    )


def render_settings(form: Form) -> Block:
    """The modal. A direct message has less to decide: there everything is transcribed, and answered there."""
    settings, is_direct, reader = form.settings, form.channel_id.startswith("D"), form.reader
    language = language_menu(reader, action_ids.SETTINGS_LANGUAGE, settings.language)
    blocks = [
        _about(reader, form.channel_id, is_direct=is_direct),
        field(
            "automatic",
            reader.say(sentences.AUTOMATIC_LABEL),
            automatic_menu(reader, _ENTRY, settings.automatic or Automatic.OFF),
        ),
        field(
            "language",
            reader.say(sentences.LANGUAGE_LABEL),
            language,
            hint=reader.say(sentences.LANGUAGE_HINT),
            tells_at_once=True,
        ),
        *_vocabulary_fields(reader, form.texts),
        _box_field(
            "names",
            reader.say(sentences.NAMES_LABEL),
            reader.say(sentences.NAMES_CHOICE),
            ticked=settings.names_in_vocabulary,
        ),
        _box_field(
            "digits",
            reader.say(sentences.DIGITS_LABEL),
            reader.say(sentences.DIGITS_CHOICE),
            ticked=settings.digits,
        ),
        _box_field(
            "emotion",
            reader.say(sentences.EMOTION_LABEL),
            reader.say(sentences.EMOTION_CHOICE),
            ticked=settings.emotion,
        ),
        _box_field(
            "time_marks",
            reader.say(sentences.TIME_MARKS_LABEL),
            reader.say(sentences.TIME_MARKS_CHOICE),
            ticked=settings.time_marks,
        ),
        field(
            "reply",
            reader.say(sentences.REPLY_LABEL),
            choice_menu(reader, _ENTRY, _REPLIES, _FOR_SENDER if settings.only_for_sender else _FOR_THREAD),
        ),
    ]
    left_out = {"automatic", "names", "reply"} if is_direct else set()
    if settings.language not in _WITH_DIGITS:
        left_out.add("digits")
    blocks = [block for block in blocks if block.get("block_id") not in left_out]
    return modal(
        action_ids.SETTINGS_MODAL,
        reader.say(sentences.SETTINGS_TITLE),
        blocks,
        submit=reader.say(sentences.SAVE),
        close=reader.say(sentences.CANCEL),
        private_metadata=f"{form.channel_id} {form.by_default} {form.first_words} {reader.name}",
    )


def parse_form(view: View) -> Form | Errors:
    """The fields of the modal as they are now, to be saved or not; the vocabulary is as it was written.

    A box that the modal did not show is not ticked, but for that of the time marks: modals that were opened
    by an older version do not know it.
    """
    channel_id, by_default, first_words, locale = (*view.private_metadata.split(" ", 3), *[""] * 3)[:4]
    errors: Errors = {}
    reader = Reader.of(locale)

    def read(block_id: str, parse: Callable[[Input], Parsed], default: Parsed) -> Parsed:
        if block_id not in view.state:
            return default
        try:
            return parse(view.input(block_id))
        except ValueError:
            errors[block_id] = reader.say(sentences.NOT_AN_OPTION)
            return default

    settings = ChannelSettings(
        automatic=read("automatic", parse_automatic, None),
        language=read("language", parse_language, None),
        names_in_vocabulary=read("names", is_ticked, default=False),
        digits=read("digits", is_ticked, default=False),
        emotion=read("emotion", is_ticked, default=False),
        time_marks=read("time_marks", is_ticked, default=True),
        only_for_sender=read("reply", _is_for_sender, default=False),
    )
    names = [name for name in map(_vocabulary_block, range(_MOST_FIELDS)) if name in view.state]
    texts = tuple(read(name, _text, default="") for name in names)
    menus = _IN_ALL if channel_id.startswith("D") else _IN_CHANNELS
    missing = menus - view.state.keys()
    if not id_in(channel_id):
        missing |= {"language"}
    errors |= dict.fromkeys(missing, reader.say(sentences.NOT_AN_OPTION))
    return errors or Form(channel_id, reader, settings, texts or ("",), by_default, first_words)


def parse_submission(view: View) -> Submission | Errors:
    """The settings that were submitted, or the errors in them."""
    form = parse_form(view)
    if not isinstance(form, Form):
        return form
    words = parse_vocabulary("\n".join(form.texts))
    over_bytes = vocabulary_bytes(words) - MOST_CONTEXT_BYTES
    if over_bytes > 0:
        # Told in letters, of which the vocabulary's own may take up to four bytes each.
        text = "\n".join(words)
        over = math.ceil(over_bytes * len(text) / len(text.encode()))
        return {_vocabulary_block(len(form.texts) - 1): sentences.vocabulary_too_long(form.reader, over)}
    settings = form.settings
    digits = settings.digits and settings.language in _WITH_DIGITS
    return Submission(
        form.channel_id,
        replace(settings, vocabulary=words, digits=digits),
        leaves_automatic=settings.automatic == form.by_default,
        leaves_vocabulary=_digest(form.texts) == form.first_words,
    )


def _about(reader: Reader, channel_id: str, *, is_direct: bool) -> Block:
    if is_direct:
        return section(reader.say(sentences.SETTINGS_ABOUT_DIRECT))
    return line(reader.say(sentences.SETTINGS_ABOUT), channel={"type": "channel", "channel_id": channel_id})


def _vocabulary_fields(reader: Reader, texts: Sequence[str]) -> Iterator[Block]:
    for position, text in enumerate(texts):
        yield field(
            _vocabulary_block(position),
            reader.say(sentences.VOCABULARY_MORE_LABEL if position else sentences.VOCABULARY_LABEL),
            text_input(_ENTRY, text, lines=True, most=_MOST_IN_A_FIELD),
            hint="" if position else reader.say(sentences.VOCABULARY_HINT),
            optional=True,
        )


def _box_field(block_id: str, label: str, choice: str, *, ticked: bool) -> Block:
    return field(block_id, label, box(_ENTRY, choice, ticked=ticked), optional=True)


def _in_fields(words: Sequence[str]) -> tuple[str, ...]:
    """The vocabulary in texts that fit a field each; a term never stands in two of them."""
    fields = [""]
    for word in (word[:_MOST_IN_A_FIELD] for word in words):
        longer = f"{fields[-1]}\n{word}" if fields[-1] else word
        if fields[-1] and len(longer) > _FILLED_IN_A_FIELD:
            fields.append(word)
        else:
            fields[-1] = longer
    return tuple(fields)


def _digest(texts: Sequence[str]) -> str:
    """A digest of a vocabulary in fields, to tell it from another one."""
    words = "\n".join(parse_vocabulary("\n".join(texts)))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _vocabulary_block(position: int) -> str:
    return f"vocabulary_{position}"


def _text(state: Input) -> str:
    if state.is_odd or len(state.value) > _MOST_IN_A_FIELD:
        raise ValueError("no text of a field")
    return state.value


def _is_for_sender(state: Input) -> bool:
    chosen = state.selected_option.value
    if chosen not in _REPLIES:
        raise ValueError("no such place")
    return chosen == _FOR_SENDER
