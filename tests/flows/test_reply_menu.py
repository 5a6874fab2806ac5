"""The menu under a reply: in another language, again, words, edit, delete."""

from __future__ import annotations

import pytest

from bot.playground.slack_lookalike.records import Message, User
from tests.flows.hands import Form, menu, option, text_in
from tests.flows.world import World, at_the_door, context, words

HELLO = "A clip of 2 seconds."


async def _use(world: World, reply: Message, entry: str, user: User | None = None) -> None:
    """Choose an entry of a reply's menu."""
    element = menu(reply)
    chosen = option(element, entry)
    who = (user or world.ada).id
    await world.done(world.people.click(reply, element["action_id"], who, selected_option=chosen))


def _member(world: World, name: str, *, is_admin: bool = False) -> User:
    user = world.slack.state.add_user(name, is_admin=is_admin)
    world.channel.members.append(user.id)
    return user


async def test_a_reply_offers_five_things(world: World) -> None:
    async with world.bot_running():
        (reply,) = await world.answered(world.share(world.clip(2)))
    assert [choice["text"]["text"].split()[0] for choice in menu(reply)["options"]] == [
        *("Wrong", "Transcribe", "Add", "Edit", "Delete")
    ]


@at_the_door
async def test_another_language_edits_the_same_reply(world: World) -> None:
    bea = _member(world, "bea")
    async with world.bot_running():
        message = world.share(world.clip(2), world.clip(3), text="two")
        first, _ = await world.answered(message, replies=2)
        assert context(first) == "English · 0:02 · audio_message.wav"
        await _use(world, first, "Wrong language", bea)
        form = Form(world.modal(bea))
        assert len(form.offers("Language")) >= 27
        form.choose("Language", "Portuguese")
        await world.done(world.people.submit(form.view, form.values))
        await world.until(lambda: context(world.replies(message)[0]).startswith("Portuguese"))
        await world.idle()
    assert len(world.replies(message)) == 2
    assert context(world.replies(message)[0]) == "Portuguese · 0:02 · audio_message.wav"
    assert "pt" in world.ear.languages


async def test_again_hears_it_again(world: World) -> None:
    async with world.bot_running():
        message = world.share(world.clip(2))
        (reply,) = await world.answered(message)
        world.ear.text = "Something else."
        await _use(world, reply, "Transcribe again")
        await world.until(lambda: words(reply) == "Something else.")
        await world.idle()
    assert world.replies(message) == [reply]


async def test_words_stay_where_hearing_them_again_fails(world: World) -> None:
    async with world.bot_running():
        message = world.share(world.clip(2))
        (reply,) = await world.answered(message)
        world.ear.text = ""
        await _use(world, reply, "Transcribe again")
        await world.until(lambda: bool(world.whispers()))
        await world.idle()
    assert words(reply) == HELLO
    assert "speech" in world.whispers()[-1].text


async def test_words_are_added_to_the_vocabulary(world: World) -> None:
    async with world.bot_running():
        (reply,) = await world.answered(world.share(world.clip(2)))
        await _use(world, reply, "Add words")
        view = world.modal()
        label = next(b["label"]["text"] for b in view.content["blocks"] if b["type"] == "input")
        form = Form(view).write(label, "Grünwald\nTim\n")
        await world.done(world.people.submit(view, form.values))
        await world.answered(world.share(world.clip(3)))
    assert world.ear.contexts[-1] == "Grünwald\nTim"


async def test_the_sender_edits_a_transcript(world: World) -> None:
    async with world.bot_running():
        message = world.share(world.clip(2))
        (reply,) = await world.answered(message)
        await _use(world, reply, "Edit")
        view = world.modal()
        (block,) = [block for block in view.content["blocks"] if block["type"] == "input"]
        form = Form(view)
        assert form.says(block["label"]["text"]) == HELLO
        form.write(block["label"]["text"], "A clip by <!channel> Grünwald.")
        await world.done(world.people.submit(view, form.values))
        await world.until(lambda: "Grünwald" in words(reply))
        await world.until(lambda: "Grünwald" in text_in(view))
        await world.idle()
        assert words(reply) == "A clip by <!channel> Grünwald."
        assert "<!channel>" not in reply.text
        assert context(reply).startswith("English")
        assert menu(reply)
        (boxes,) = [b for b in view.content["blocks"] if b.get("element", {}).get("type") == "checkboxes"]
        form = Form(view).tick(boxes["label"]["text"], "Grünwald")
        await world.done(world.people.submit(view, form.values))
        await world.answered(world.share(world.clip(3)))
    assert world.ear.contexts[-1] == "Grünwald"
    assert world.replies(message) == [reply]


async def test_the_files_of_a_long_transcript_are_edited_too(world: World) -> None:
    world.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
    async with world.bot_running():
        message = world.share(world.clip(2))
        await world.answered(message)
        await world.until(lambda: len(world.replies(message)) == 2)
        reply = next(m for m in world.replies(message) if not m.files)
        before = [m for m in world.replies(message) if m.files]
        await _use(world, reply, "Edit")
        view = world.modal()
        await world.until(lambda: any(b["type"] == "input" for b in view.content["blocks"]))
        inputs = [block for block in view.content["blocks"] if block["type"] == "input"]
        assert len(inputs) > 1
        last = inputs[-1]
        text = last["element"]["initial_value"].replace("word1499", "the end")
        state = {last["block_id"]: {last["element"]["action_id"]: {"value": text}}}
        await world.done(world.people.submit(view, state))
        await world.until(
            lambda: (
                [m.ts for m in world.replies(message) if m.files] != [m.ts for m in before]
                and len([m for m in world.replies(message) if m.files]) == 1
            )
        )
        await world.idle()
    (shared,) = [m for m in world.replies(message) if m.files]
    texts = {file.name.rsplit(".", 1)[1]: file.read().decode() for file in shared.files}
    assert set(texts) == {"txt", "srt", "vtt"}
    assert all("the end" in text and "word1499" not in text for text in texts.values())
    assert "word1498" in texts["srt"]
    assert all(file.deleted for old in before for file in old.files)


async def test_an_edit_does_not_undo_what_happened_meanwhile(world: World) -> None:
    async with world.bot_running():
        message = world.share(world.clip(2))
        (reply,) = await world.answered(message)
        await _use(world, reply, "Edit")
        view = world.modal()
        (block,) = [block for block in view.content["blocks"] if block["type"] == "input"]
        world.ear.text = "Something else."
        await _use(world, reply, "Transcribe again")
        await world.until(lambda: words(reply) == "Something else.")
        form = Form(view).write(block["label"]["text"], "Mine.")
        await world.done(world.people.submit(view, form.values))
        await world.idle()
    assert words(reply) == "Something else."
    assert not view.closed


@pytest.mark.parametrize("entry", ["Edit", "Delete"])
async def test_others_may_neither_edit_nor_delete(world: World, entry: str) -> None:
    bea, root = _member(world, "bea"), _member(world, "root", is_admin=True)
    async with world.bot_running():
        message = world.share(world.clip(2))
        (reply,) = await world.answered(message)
        await _use(world, reply, entry, bea)
        told = "".join(text_in(view) for view in world.slack.state.views.values() if view.user == bea.id)
        told += "".join(whisper.text for whisper in world.whispers(bea))
        assert "admin" in told
        assert not any("submit" in v.content for v in world.slack.state.views.values() if v.user == bea.id)
        await _use(world, reply, entry, root)
        await world.until(lambda: "submit" in world.modal(root).content)
    assert words(world.replies(message)[0]) == HELLO


async def test_a_transcript_is_deleted_with_its_files(world: World) -> None:
    world.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
    async with world.bot_running():
        message = world.share(world.clip(2))
        await world.answered(message)
        await world.until(lambda: len(world.replies(message)) == 2)
        replies = world.replies(message)
        reply = next(m for m in replies if not m.files)
        await _use(world, reply, "Delete")
        await world.until(lambda: "submit" in world.modal().content)
        await world.done(world.people.submit(world.modal(), {}))
        await world.until(lambda: world.replies(message) == [])
        await world.idle()
        # Whoever wants it back asks again, and gets one reply.
        world.ear.text = "Again."
        world.slack.state.react(message, world.ada.id, "speech_balloon")
        (again,) = await world.answered(message)
    assert all(file.deleted for shared in replies for file in shared.files)
    assert words(again) == "Again."


async def test_a_menu_works_after_the_bot_has_forgotten_the_job(world: World) -> None:
    async with world.bot_running():
        message = world.share(world.clip(2))
        (reply,) = await world.answered(message)
    for file in (world.settings.data_dir).glob("threadscribe.db*"):
        file.unlink()
    async with world.bot_running():
        world.ear.text = "Something else."
        await _use(world, reply, "Transcribe again")
        await world.until(lambda: words(reply) == "Something else.")
        await world.idle()
        await _use(world, reply, "Delete")
        await world.until(lambda: "submit" in world.modal().content)
        await world.done(world.people.submit(world.modal(), {}))
        await world.until(lambda: world.replies(message) == [])


async def test_a_reply_without_words_can_be_asked_for_again(world: World) -> None:
    world.ear.text = ""
    async with world.bot_running():
        message = world.share(world.clip(2))
        (reply,) = await world.answered(message)
        offered = [choice["text"]["text"].split()[0] for choice in menu(reply)["options"]]
        world.ear.text = "Now I hear you."
        await _use(world, reply, "Transcribe again")
        await world.until(lambda: words(reply) == "Now I hear you.")
        await world.idle()
    assert offered == ["Wrong", "Transcribe", "Delete"]
    assert world.replies(message) == [reply]
