"""The menu under a reply: in another language, again, words, edit, delete."""

from __future__ import annotations

import pytest

from bot import sentences
from bot.playground.slack_lookalike.records import Message, User
from bot.translations import ENGLISH
from tests.flows.hands import Form, menu, option, text_in
from tests.flows.harness import BotHarness, at_the_door, context, words

HELLO = "A clip of 2 seconds."


async def _use(harness: BotHarness, reply: Message, entry: str, user: User | None = None) -> None:
    """Choose an entry of a reply's menu."""
    element = menu(reply)
    chosen = option(element, entry)
    who = (user or harness.ada).id
    await harness.done(harness.people.click(reply, element["action_id"], who, selected_option=chosen))


def _member(harness: BotHarness, name: str, *, is_admin: bool = False) -> User:
    user = harness.slack.state.add_user(name, is_admin=is_admin)
    harness.channel.members.append(user.id)
    return user


async def test_a_reply_offers_five_things(harness: BotHarness) -> None:
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(harness.clip(2)))
    assert [choice["text"]["text"].split()[0] for choice in menu(reply)["options"]] == [
        *("Wrong", "Transcribe", "Add", "Edit", "Delete")
    ]


@at_the_door
async def test_another_language_edits_the_same_reply(harness: BotHarness) -> None:
    bea = _member(harness, "bea")
    async with harness.bot_running():
        message = harness.share(harness.clip(2), harness.clip(3), text="two")
        first, _ = await harness.answered(message, replies=2)
        assert context(first) == "English · 0:02 · audio_message.wav"
        await _use(harness, first, "Wrong language", bea)
        form = Form(harness.modal(bea))
        assert len(form.offers("Language")) >= 27
        form.choose("Language", "Portuguese")
        await harness.done(harness.people.submit(form.view, form.values))
        await harness.until(lambda: context(harness.replies(message)[0]).startswith("Portuguese"))
        await harness.idle()
    assert len(harness.replies(message)) == 2
    assert context(harness.replies(message)[0]) == "Portuguese · 0:02 · audio_message.wav"
    assert "pt" in harness.ear.languages


async def test_again_hears_it_again(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
        harness.ear.text = "Something else."
        await _use(harness, reply, "Transcribe again")
        await harness.until(lambda: words(reply) == "Something else.")
        await harness.idle()
    assert harness.replies(message) == [reply]


async def test_words_stay_where_hearing_them_again_fails(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
        harness.ear.text = ""
        await _use(harness, reply, "Transcribe again")
        await harness.until(lambda: bool(harness.whispers()))
        await harness.idle()
    assert words(reply) == HELLO
    assert "speech" in harness.whispers()[-1].text


async def test_words_are_added_to_the_vocabulary(harness: BotHarness) -> None:
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(harness.clip(2)))
        await _use(harness, reply, "Add words")
        view = harness.modal()
        label = next(b["label"]["text"] for b in view.content["blocks"] if b["type"] == "input")
        form = Form(view).write(label, "Grünwald\nTim\n")
        await harness.done(harness.people.submit(view, form.values))
        await harness.answered(harness.share(harness.clip(3)))
    assert harness.ear.contexts[-1] == "Grünwald\nTim"


async def test_the_sender_edits_a_transcript(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
        await _use(harness, reply, "Edit")
        view = harness.modal()
        (block,) = [block for block in view.content["blocks"] if block["type"] == "input"]
        form = Form(view)
        assert form.says(block["label"]["text"]) == HELLO
        form.write(block["label"]["text"], "A clip by <!channel> Grünwald.")
        await harness.done(harness.people.submit(view, form.values))
        await harness.until(lambda: "Grünwald" in words(reply))
        await harness.until(lambda: "Grünwald" in text_in(view))
        await harness.idle()
        assert words(reply) == "A clip by <!channel> Grünwald."
        assert "<!channel>" not in reply.text
        assert context(reply).startswith("English")
        assert menu(reply)
        (boxes,) = [b for b in view.content["blocks"] if b.get("element", {}).get("type") == "checkboxes"]
        form = Form(view).tick(boxes["label"]["text"], "Grünwald")
        await harness.done(harness.people.submit(view, form.values))
        await harness.answered(harness.share(harness.clip(3)))
    assert harness.ear.contexts[-1] == "Grünwald"
    assert harness.replies(message) == [reply]


async def test_the_files_of_a_long_transcript_are_edited_too(harness: BotHarness) -> None:
    harness.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        await harness.answered(message)
        await harness.until(lambda: len(harness.replies(message)) == 2)
        reply = next(m for m in harness.replies(message) if not m.files)
        before = [m for m in harness.replies(message) if m.files]
        await _use(harness, reply, "Edit")
        view = harness.modal()
        await harness.until(lambda: any(b["type"] == "input" for b in view.content["blocks"]))
        inputs = [block for block in view.content["blocks"] if block["type"] == "input"]
        assert len(inputs) > 1
        last = inputs[-1]
        text = last["element"]["initial_value"].replace("word1499", "the end")
        state = {last["block_id"]: {last["element"]["action_id"]: {"value": text}}}
        await harness.done(harness.people.submit(view, state))
        await harness.until(
            lambda: (
                [m.ts for m in harness.replies(message) if m.files] != [m.ts for m in before]
                and len([m for m in harness.replies(message) if m.files]) == 1
            )
        )
        await harness.idle()
    (shared,) = [m for m in harness.replies(message) if m.files]
    texts = {file.name.rsplit(".", 1)[1]: file.read().decode() for file in shared.files}
    assert set(texts) == {"txt", "srt", "vtt"}
    assert all("the end" in text and "word1499" not in text for text in texts.values())
    assert "word1498" in texts["srt"]
    assert all(file.deleted for old in before for file in old.files)


async def test_an_edit_does_not_undo_what_happened_meanwhile(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
        await _use(harness, reply, "Edit")
        view = harness.modal()
        (block,) = [block for block in view.content["blocks"] if block["type"] == "input"]
        harness.ear.text = "Something else."
        await _use(harness, reply, "Transcribe again")
        await harness.until(lambda: words(reply) == "Something else.")
        form = Form(view).write(block["label"]["text"], "Mine.")
        await harness.done(harness.people.submit(view, form.values))
        await harness.idle()
    assert words(reply) == "Something else."
    assert not view.closed


@pytest.mark.parametrize("entry", ["Edit", "Delete"])
async def test_others_may_neither_edit_nor_delete(harness: BotHarness, entry: str) -> None:
    bea, root = _member(harness, "bea"), _member(harness, "root", is_admin=True)
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
        await _use(harness, reply, entry, bea)
        told = "".join(text_in(view) for view in harness.slack.state.views.values() if view.user == bea.id)
        told += "".join(whisper.text for whisper in harness.whispers(bea))
        assert "admin" in told
        assert not any("submit" in v.content for v in harness.slack.state.views.values() if v.user == bea.id)
        await _use(harness, reply, entry, root)
        await harness.until(lambda: "submit" in harness.modal(root).content)
    assert words(harness.replies(message)[0]) == HELLO


async def test_a_transcript_is_deleted_with_its_files(harness: BotHarness) -> None:
    harness.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        await harness.answered(message)
        await harness.until(lambda: len(harness.replies(message)) == 2)
        replies = harness.replies(message)
        reply = next(m for m in replies if not m.files)
        await _use(harness, reply, "Delete")
        await harness.until(lambda: "submit" in harness.modal().content)
        await harness.done(harness.people.submit(harness.modal(), {}))
        await harness.until(lambda: harness.replies(message) == [])
        await harness.idle()
        # Whoever wants it back asks again, and gets one reply.
        harness.ear.text = "Again."
        harness.slack.state.react(message, harness.ada.id, "speech_balloon")
        (again,) = await harness.answered(message)
    assert all(file.deleted for shared in replies for file in shared.files)
    assert words(again) == "Again."


async def test_a_menu_works_after_the_bot_has_forgotten_the_job(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
    for file in (harness.settings.data_dir).glob("threadscribe.db*"):
        file.unlink()
    async with harness.bot_running():
        harness.ear.text = "Something else."
        await _use(harness, reply, "Transcribe again")
        await harness.until(lambda: words(reply) == "Something else.")
        await harness.idle()
        await _use(harness, reply, "Delete")
        await harness.until(lambda: "submit" in harness.modal().content)
        await harness.done(harness.people.submit(harness.modal(), {}))
        await harness.until(lambda: harness.replies(message) == [])


async def test_a_reply_without_words_can_be_asked_for_again(harness: BotHarness) -> None:
    harness.ear.text = ""
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
        offered = [choice["text"]["text"].split()[0] for choice in menu(reply)["options"]]
        harness.ear.text = "Now I hear you."
        await _use(harness, reply, "Transcribe again")
        await harness.until(lambda: words(reply) == "Now I hear you.")
        await harness.idle()
    assert offered == ["Wrong", "Transcribe", "Delete"]
    assert harness.replies(message) == [reply]


async def _edited(harness: BotHarness, reply: Message) -> None:
    """Ada writes something else in a reply's place."""
    await _use(harness, reply, "Edit")
    form = Form(harness.modal())
    (block,) = [block for block in form.view.content["blocks"] if block["type"] == "input"]
    form.write(block["label"]["text"], "By hand.")
    await harness.done(harness.people.submit(form.view, form.values))
    await harness.until(lambda: words(reply) == "By hand.")
    await harness.idle()


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("again", ["Transcribe again", "Wrong language"])
async def test_edits_are_not_lost_without_a_warning(
    harness: BotHarness, again: str, *, restarted: bool
) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
        await _edited(harness, reply)
        if not restarted:
            await _confirmed(harness, reply, again)
    if restarted:
        (harness.settings.data_dir / "threadscribe.db").unlink()
        known = len(harness.dashscope.calls)
        async with harness.bot_running():
            # Each start verifies the key.
            await harness.until(lambda: len(harness.dashscope.calls) > known)
            await _confirmed(harness, reply, again)
    assert harness.replies(message) == [reply]


async def _confirmed(harness: BotHarness, reply: Message, again: str) -> None:
    """Somebody is warned, and wants it all the same; the next time there is nothing to lose."""
    heard = len(harness.dashscope.calls)
    await _use(harness, reply, again)
    view = harness.modal()
    assert ENGLISH.say(sentences.AGAIN_LOSES_EDITS) in text_in(view)
    await harness.idle()
    assert (words(reply), len(harness.dashscope.calls)) == ("By hand.", heard)
    await harness.done(harness.people.submit(view, Form(view).values))
    await harness.until(lambda: words(reply) == HELLO)
    await harness.idle()
    views = len(harness.slack.state.views)
    await _use(harness, reply, "Transcribe again")
    await harness.until(lambda: len(harness.dashscope.calls) == heard + 2)
    await harness.idle()
    assert len(harness.slack.state.views) == views, "nobody is asked about words that nobody wrote"
