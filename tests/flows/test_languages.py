"""One person reads their own language, a thread that of ``REPLY_LOCALE``."""

from __future__ import annotations

import pytest

from bot.playground.slack_lookalike.records import Channel, Message, User, View
from bot.slack.requests.command_text import Word
from tests.flows.hands import Form, button, elements, menu, option, text_in
from tests.flows.harness import BotHarness, context, words

HELLO = "A clip of 2 seconds."
GERMAN_MENU = [
    "Falsche Sprache? Erneut transkribieren …",
    "Erneut transkribieren",
    "Wörter zum Vokabular hinzufügen",
    "Bearbeiten",
    "Transkript löschen",
]


def _reader(harness: BotHarness, locale: str) -> User:
    """Somebody in the channel whose Slack is in a language."""
    user = harness.slack.state.add_user("jonas", locale=locale)
    harness.channel.members.append(user.id)
    return user


async def _home(harness: BotHarness, user: User) -> View:
    """The home tab, opened just now."""
    direct = harness.slack.state.add_channel("", user.id, kind="im")
    harness.people.open_home(user.id, direct.id)
    await harness.until(lambda: user.id in harness.slack.state.homes)
    await harness.idle()
    return harness.slack.state.homes[user.id]


async def _whispered(harness: BotHarness, user: User, count: int) -> Message:
    """The latest of as many messages as only one person sees."""
    await harness.until(lambda: len(harness.whispers(user)) >= count)
    await harness.idle()
    return harness.whispers(user)[-1]


def _choices(message: Message) -> list[str]:
    return [choice["text"]["text"] for choice in menu(message)["options"]]


def _buttons(shown: Message | View) -> list[str]:
    blocks = shown.blocks if isinstance(shown, Message) else shown.content["blocks"]
    return [one["text"]["text"] for one in elements(blocks) if one["type"] == "button"]


def _hints(view: View) -> list[str]:
    return [block["hint"]["text"] for block in view.content["blocks"] if "hint" in block]


def _labels(view: View) -> list[str]:
    return [block["label"]["text"] for block in view.content["blocks"] if "label" in block]


async def test_the_settings_are_german_from_the_title_to_the_word_that_they_are_saved(
    socket_harness: BotHarness,
) -> None:
    harness = socket_harness
    jonas = _reader(harness, "de-DE")
    async with harness.bot_running():
        assert await harness.command("settings", user=jonas) == ""
        form = Form(harness.modal(jonas))
        view = form.view
        shown = [view.content[part]["text"] for part in ("title", "submit", "close")]
        assert shown == ["Channel-Einstellungen", "Speichern", "Abbrechen"]
        assert _labels(view) == [
            *("Automatisch transkribieren", "Sprache", "Namen und Begriffe, die vorkommen"),
            *("Namen aus diesem Channel", "Zahlen", "Tonfall", "Zeiten", "Wo ich antworte"),
        ]
        assert form.offers("Wo ich antworte") == ["Im Thread", "Nur der Person, die die Aufnahme geteilt hat"]
        assert form.offers("Sprache")[0] == "Automatisch"
        assert {"Deutsch", "Englisch", "Türkisch"} < set(form.offers("Sprache"))
        assert "Lass es auf „Automatisch“, wenn mehrere Sprachen gesprochen werden." in _hints(view)
        form.choose("Automatisch transkribieren", "Clips, die in Slack").choose("Sprache", "Deutsch")
        await harness.done(harness.people.submit(view, form.values))
        saved = await _whispered(harness, jonas, 1)
        status = await harness.command("status", user=jonas)
    assert view.closed
    assert saved.text == (
        "Gespeichert. Ich transkribiere die Clips, die in diesem Channel aufgenommen werden."
    )
    assert "Sprache: Deutsch." in status


async def test_the_home_tab_is_german_with_german_numbers(socket_harness: BotHarness) -> None:
    harness = socket_harness
    jonas = _reader(harness, "de-DE")
    async with harness.bot_running(monthly_minutes=1_200):
        await harness.answered(harness.share(harness.clip(2)))
        home = await _home(harness, jonas)
        shown = text_in(home)
        titles = [b["text"]["text"] for b in home.content["blocks"] if b["type"] == "header"]
        block, mode = next(
            (block, element)
            for block in home.content["blocks"]
            for element in block.get("elements", [])
            if element["type"] == "static_select"
        )
        chosen = option(mode, "Nichts, nur wenn mich jemand darum bittet")
        await harness.done(
            harness.people.click_in_view(
                home, mode["action_id"], block_id=block["block_id"], selected_option=chosen
            )
        )
        status = await harness.command("status", user=jonas)
    assert titles == [
        *("Was ich mache", "Deine Einstellungen", "Gemeinsame Channels", "Nutzung"),
        "So bekommst du ein Transkript",
    ]
    assert "1 Aufnahme transkribiert, 0 von 1.200 Min., etwa 0,01\xa0$." in shown
    assert _buttons(home) == ["Einstellungen"]
    assert status.startswith("In diesem Channel transkribiere ich nur, worum mich jemand bittet.")


async def test_commands_are_answered_in_german(socket_harness: BotHarness) -> None:
    harness = socket_harness
    jonas = _reader(harness, "de-DE")
    secret = harness.slack.state.add_channel("secret", harness.ada.id, kind="group")
    async with harness.bot_running():
        helped = await harness.command("help", user=jonas)
        status = await harness.command("status", user=jonas)
        wrong = await harness.command("hilfe", user=jonas)
        unseen = harness.slack.state.permalink(harness.share(harness.clip(2), channel=secret))
        refused = await harness.command(unseen, user=jonas)
        await harness.idle()
    assert all(f"/transcribe {word}" in helped for word in Word if word not in {Word.OFF, Word.HELP})
    assert "/transcribe allein: die neueste Aufnahme in diesem Channel." in helped
    assert status.splitlines() == [
        "Ich transkribiere die Clips und Audiodateien, die in diesem Channel geteilt werden.",
        "Sprache: Automatisch.",
        "0 Aufnahmen werden gerade transkribiert.",
    ]
    assert wrong == f"Ich weiß nicht, was „hilfe“ hier bedeutet.\n\n{helped}"
    assert refused.startswith("Das kann ich nicht finden, oder wir sind nicht beide im zugehörigen Channel.")


async def test_the_example_of_the_german_help_is_understood(socket_harness: BotHarness) -> None:
    harness = socket_harness
    jonas = _reader(harness, "de-DE")
    async with harness.bot_running(auto_transcribe=False):
        link = harness.slack.state.permalink(harness.share(harness.clip(2)))
        assert "„auf Englisch“" in await harness.command("help", user=jonas)
        said = await harness.command(f"{link} auf Englisch", user=jonas)
        private = await _whispered(harness, jonas, 3)
    assert said.startswith("Wird gemacht. Das Transkript ist nur für dich")
    assert HELLO in text_in(private)
    assert harness.ear.languages[-1] == "en"


async def test_a_private_answer_is_german_around_the_words_and_its_thread_stays_english(
    socket_harness: BotHarness,
) -> None:
    harness = socket_harness
    jonas = _reader(harness, "de-DE")
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
        await harness.done(harness.people.message_shortcut("transcribe", message, jonas.id))
        form = Form(harness.modal(jonas))
        title, submit = (form.view.content[part]["text"] for part in ("title", "submit"))
        form.choose("Wo ich antworte", "Nur für mich")
        await harness.done(harness.people.submit(form.view, form.values))
        private = await _whispered(harness, jonas, 1)
    assert (title, submit) == ("Transkribieren", "Transkribieren")
    assert (words(private), context(private)) == (HELLO, "Englisch · 0:02")
    assert _buttons(private) == ["Im Thread teilen"]
    assert (words(reply), context(reply)) == (HELLO, "English · 0:02")
    assert _choices(reply)[1] == "Transcribe again"


async def test_a_direct_message_is_german_around_the_words(socket_harness: BotHarness) -> None:
    harness = socket_harness
    jonas = _reader(harness, "de-DE")
    elsewhere = harness.slack.state.add_channel("elsewhere", jonas.id, with_bot=False)
    async with harness.bot_running(auto_transcribe=False):
        link = harness.slack.state.permalink(harness.share(harness.clip(2)))
        said = await harness.command(link, user=jonas, channel=elsewhere)
        await harness.until(lambda: bool(harness.direct(jonas)))
        await harness.idle()
        (told,) = harness.direct(jonas)
    assert said == "Wird gemacht. Das Transkript ist nur für dich: Es kommt als Direktnachricht."
    assert {HELLO, "Aus ", "zur Aufnahme"} <= set(text_in(told).splitlines())
    assert context(told) == "Englisch · 0:02"
    assert _choices(told) == GERMAN_MENU


async def test_why_nothing_is_transcribed_is_told_one_person_in_german_and_the_thread_in_english(
    socket_harness: BotHarness,
) -> None:
    harness = socket_harness
    jonas = _reader(harness, "de-DE")
    async with harness.bot_running(auto_transcribe=False):
        bot = harness.slack.state.workspace.bot_user_id
        empty = harness.slack.state.add_file(b"", "note.m4a", user=harness.ada.id)
        message = harness.share(empty)
        await harness.command(harness.slack.state.permalink(message), user=jonas)
        private = await _whispered(harness, jonas, 2)
        harness.slack.state.post_as_user(
            harness.channel.id, jonas.id, f"<@{bot}> transcribe", thread_ts=message.ts
        )
        (reply,) = await harness.answered(message)
        harness.slack.state.post_as_user(
            harness.channel.id, jonas.id, f"<@{bot}> danke", thread_ts=message.ts
        )
        told = await _whispered(harness, jonas, 3)
    assert private.text == "Diese Datei ist leer. Bitte teile sie noch einmal."
    assert words(reply) == "This file is empty. Please share it again."
    assert told.text.startswith("Ich weiß nicht, was „danke“ hier bedeutet.")


async def _greeted(harness: BotHarness) -> tuple[Channel, Message]:
    """A channel that the bot was invited to just now, and its greeting."""
    state = harness.slack.state
    channel = state.add_channel("news", harness.ada.id, with_bot=False)
    harness.comings.join(channel, state.workspace.bot_user_id, inviter=harness.ada.id)

    def said() -> list[Message]:
        return [
            message
            for message in state.messages.values()
            if message.channel_id == channel.id and message.bot_id == state.workspace.bot_id
        ]

    await harness.until(lambda: bool(said()))
    await harness.idle()
    (greeting,) = said()
    return channel, greeting


async def test_threads_and_the_greeting_are_german_where_the_operator_says_so(
    socket_harness: BotHarness,
) -> None:
    harness = socket_harness
    async with harness.bot_running(reply_locale="de"):
        channel, greeting = await _greeted(harness)
        assert greeting.text.startswith("Hallo, ich bin Threadscribe:")
        assert _buttons(greeting) == ["Einschalten", "Ausschalten", "Einstellungen"]
        await harness.done(harness.people.click(greeting, button(greeting, "Einschalten"), harness.ada.id))
        await harness.until(lambda: " hat mich eingeschaltet." in text_in(greeting))
        message = harness.share(harness.clip(2), channel=channel)
        (reply,) = await harness.answered(message)
        help_in_english = await harness.command("help", channel=channel)
        said = await harness.command(harness.slack.state.permalink(message), channel=channel)
        private = await _whispered(harness, harness.ada, 3)
        home = await _home(harness, harness.ada)
    assert (words(reply), context(reply)) == (HELLO, "Englisch · 0:02")
    assert _choices(reply) == GERMAN_MENU
    assert "/transcribe alone: the newest recording in this channel." in help_in_english
    assert said.startswith("I'm on it.")
    assert context(private) == "English · 0:02"
    assert "What I do" in text_in(home)


@pytest.mark.parametrize(
    ("locale", "figures", "german"),
    [
        ("es-LA", "0 of 12.000 min, about 0,01\xa0US$", "alemán"),
        ("no-NO", "0 of 12\xa0000 min, about 0,01\xa0USD", "tysk"),
    ],
)
async def test_who_reads_another_language_gets_english_with_their_regions_numbers(
    socket_harness: BotHarness, locale: str, figures: str, german: str
) -> None:
    harness = socket_harness
    jonas = _reader(harness, locale)
    async with harness.bot_running(monthly_minutes=12_000):
        await harness.answered(harness.share(harness.clip(2)))
        usage = await harness.command("usage", user=jonas)
        home = text_in(await _home(harness, jonas))
        await harness.command("settings", user=jonas)
        form = Form(harness.modal(jonas)).choose("Language", german)
        await harness.done(harness.people.submit(form.view, form.values))
        saved = await _whispered(harness, jonas, 2)
    assert figures in usage
    assert usage in home
    assert "What I do" in home
    assert saved.text.startswith("Saved. ")
