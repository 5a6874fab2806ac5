"""A channel gets another id, as when it is shared with another organisation: what was said there goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import sentences
from bot.playground.dashscope_lookalike import faults as dashscope
from bot.playground.slack_lookalike.interactions import Interactions
from bot.playground.slack_lookalike.records import Channel, Message, User
from bot.translations import ENGLISH
from tests.flows.hands import Form, button, menu, option, text_in
from tests.flows.harness import BotHarness, at_the_door, words
from tests.flows.recordings import hum_with_pauses
from tests.flows.test_long_recordings import heard

NEW_ID = "C0SHARED001"
HELLO = "A clip of 2 seconds."


@pytest.fixture
def room(harness: BotHarness) -> Channel:
    """A channel of several people."""
    state = harness.slack.state
    return state.add_channel("partners", harness.ada.id, state.add_user("bea").id, kind="group")


async def _moved(harness: BotHarness, room: Channel, new_id: str = NEW_ID) -> None:
    harness.comings.change_id(room, new_id, is_ext_shared=True)
    await harness.slack.settled()


async def _use(harness: BotHarness, reply: Message, entry: str, user: User | None = None) -> None:
    """Choose an entry of a reply's menu."""
    element = menu(reply)
    chosen = option(element, entry)
    who = (user or harness.ada).id
    await harness.done(harness.people.click(reply, element["action_id"], who, selected_option=chosen))


@at_the_door
async def test_what_people_delete_afterwards_takes_its_transcript_along(
    harness: BotHarness, room: Channel
) -> None:
    async with harness.bot_running():
        first, second = (
            harness.share(harness.clip(2), channel=room),
            harness.share(harness.clip(3), channel=room),
        )
        for message in (first, second):
            await harness.answered(message)
        await _moved(harness, room)
        harness.slack.state.delete_message(first)
        await harness.until(lambda: harness.replies(first) == [])
        harness.slack.state.delete_file(second.files[0])
        await harness.until(lambda: harness.replies(second) == [])
        await harness.idle()


async def test_the_menu_under_what_was_said_before_works(harness: BotHarness, room: Channel) -> None:
    async with harness.bot_running():
        edited, again, deleted = [harness.share(harness.clip(n), channel=room) for n in (2, 3, 4)]
        for message in (edited, again, deleted):
            await harness.answered(message)
        await _moved(harness, room)
        (reply,) = harness.replies(edited)
        await _use(harness, reply, "Edit")
        view = harness.modal()
        (block,) = [block for block in view.content["blocks"] if block["type"] == "input"]
        form = Form(view).write(block["label"]["text"], "What Ada said.")
        await harness.done(harness.people.submit(view, form.values))
        await harness.until(lambda: words(reply) == "What Ada said.")
        harness.ear.text = "Something else."
        (reply,) = harness.replies(again)
        await _use(harness, reply, "Transcribe again")
        await harness.until(lambda: words(reply) == "Something else.")
        await _use(harness, harness.replies(deleted)[0], "Delete")
        await harness.done(harness.people.submit(harness.modal(), {}))
        await harness.until(lambda: harness.replies(deleted) == [])
        await harness.idle()
    assert [len(harness.replies(message)) for message in (edited, again)] == [1, 1]


async def test_it_may_move_again(harness: BotHarness, room: Channel) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(2), channel=room)
        await harness.answered(message)
        await _moved(harness, room)
        await _moved(harness, room, "C0SHARED002")
        harness.slack.state.delete_message(message)
        await harness.until(lambda: harness.replies(message) == [])
        await harness.idle()


@pytest.mark.parametrize("step", ["download", "chat.postMessage"])
async def test_a_recording_under_way_is_answered_once(harness: BotHarness, room: Channel, step: str) -> None:
    async with harness.bot_running():
        held = harness.slack.faults.hold(step)
        message = harness.share(harness.clip(2), channel=room)
        await held.reached()
        await _moved(harness, room)
        held.release()
        (reply,) = await harness.answered(message)
    assert words(reply) == HELLO
    assert len([call for call in harness.dashscope.calls if round(call.duration_s) == 2]) == 1


async def test_a_reply_whose_answer_is_lost_meanwhile_is_found_again(
    harness: BotHarness, room: Channel
) -> None:
    async with harness.bot_running():
        held = harness.slack.faults.hold("chat.postMessage", after_acting=True)
        message = harness.share(harness.clip(2), channel=room)
        await held.reached()
        await _moved(harness, room)
        held.drop()
        (reply,) = await harness.answered(message)
    assert words(reply) == HELLO


async def test_a_long_recording_under_way_is_heard_once(socket_harness: BotHarness, tmp_path: Path) -> None:
    harness = socket_harness
    path, seconds = hum_with_pauses(tmp_path / "talk.wav", (100, 225), 335), (100, 125, 110)
    room = harness.slack.state.add_channel("partners", harness.ada.id, kind="group")
    file = harness.slack.state.add_file(path, "talk.wav", user=harness.ada.id, mimetype="audio/wav")
    async with harness.bot_running(asr_concurrency=1):
        held = harness.dashscope.faults.hold(nth=2, when=lambda call: call.duration_s > 2)
        message = harness.share(file, channel=room)
        await held.reached()
        await _moved(harness, room)
        held.release()
        (reply,) = await harness.answered(message)
    assert words(reply).split() == " ".join(f"A clip of {n} seconds." for n in seconds).split()
    assert heard(harness) == dict.fromkeys(seconds, 1)


async def test_a_recording_under_way_that_is_deleted_afterwards_stops(
    harness: BotHarness, room: Channel
) -> None:
    async with harness.bot_running():
        held = harness.slack.faults.hold("download")
        message = harness.share(harness.clip(2), channel=room)
        await held.reached()
        await _moved(harness, room)
        harness.slack.state.delete_message(message)
        await harness.idle()
        held.release()
        await harness.answered(harness.share(harness.clip(3), text=f"<@{_bot(harness)}>", channel=room))
    assert harness.replies(message) == []


async def test_what_waits_over_a_restart_is_answered_too(harness: BotHarness, room: Channel) -> None:
    async with harness.bot_running():
        harness.dashscope.faults.add(dashscope.Answer(401, "InvalidApiKey"), times=None)
        parked = harness.share(harness.clip(2), channel=room)
        await harness.noticed(parked)
        await _moved(harness, room)
    harness.dashscope.faults.clear()
    async with harness.bot_running():
        (reply,) = await harness.answered(parked)
    assert words(reply) == HELLO


async def test_the_word_of_the_new_id_may_come_late(harness: BotHarness, room: Channel) -> None:
    old_id = room.id
    async with harness.bot_running():
        answered = harness.share(harness.clip(3), channel=room)
        await harness.answered(answered)
        held = harness.slack.faults.hold("download")
        message = harness.share(harness.clip(2), channel=room)
        await held.reached()
        harness.comings.change_id(room, NEW_ID, is_told=False)
        held.release()
        harness.slack.state.delete_file(answered.files[0])
        await harness.until(lambda: harness.calls("chat.postMessage")[-1]["channel"] == old_id)
        await harness.slack.settled()
        harness.comings.tell_changed_id(old_id, NEW_ID)
        (reply,) = await harness.answered(message)
        await harness.until(lambda: harness.replies(answered) == [])
    assert words(reply) == HELLO


async def test_a_subscriber_is_told_though_the_new_id_comes_late(harness: BotHarness, room: Channel) -> None:
    old_id, (_, bea_id, _) = room.id, room.members
    bea = harness.slack.state.users[bea_id]
    async with harness.bot_running(auto_transcribe=False) as bot:
        team_id = harness.slack.state.workspace.team_id
        await bot.store.preferences.subscribe(team_id, bea.id, [old_id])
        held = harness.slack.faults.hold("conversations.members")
        harness.share(harness.clip(2), channel=room)
        await held.reached()
        harness.comings.change_id(room, NEW_ID, is_told=False)
        held.release()
        await harness.until(lambda: len(harness.calls("conversations.members")) == 1)
        harness.comings.tell_changed_id(old_id, NEW_ID)
        await harness.until(lambda: bool(harness.direct(bea)))
        await harness.idle()
    assert HELLO in text_in(harness.direct(bea)[0])


async def test_what_comes_late_under_the_old_id_concerns_the_channel(
    harness: BotHarness, room: Channel
) -> None:
    state, old_id = harness.slack.state, room.id
    async with harness.bot_running(auto_transcribe=False):
        answered = harness.share(harness.clip(2), text=f"<@{_bot(harness)}>", channel=room)
        await harness.answered(answered)
        before = [sent.payload for sent in harness.slack.deliveries]
        await _moved(harness, room)
        for payload in before:
            harness.slack.deliver("events_api", payload | {"event_id": state.next_id("Ev")})
        reacted, mentioned = (
            harness.share(harness.clip(3), channel=room),
            harness.share(harness.clip(4), channel=room),
        )
        reaction = {"type": "reaction_added", "user": harness.ada.id, "reaction": "speech_balloon"}
        item = {"type": "message", "channel": old_id, "ts": reacted.ts}
        mention = {"type": "app_mention", "user": harness.ada.id, "text": f"<@{_bot(harness)}>"}
        mention |= {"channel": old_id, "thread_ts": mentioned.ts}
        for event in (reaction | {"item": item}, mention):
            ts = state.next_ts()
            state.emit_event(event | {"ts": ts, "event_ts": ts})
        for message in (reacted, mentioned):
            await harness.answered(message)
        await harness.idle()
    assert [len(harness.replies(message)) for message in (answered, reacted, mentioned)] == [1, 1, 1]


async def test_a_link_from_before_leads_to_the_recording(harness: BotHarness, room: Channel) -> None:
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(harness.clip(2), channel=room)
        link = harness.slack.state.permalink(message)
        await _moved(harness, room)
        said = await harness.command(link)
        assert said == ENGLISH.say(sentences.ASKED_HERE)
        await harness.until(lambda: HELLO in text_in(harness.whispers()[-1]))
        await harness.idle()


async def test_a_private_transcript_from_before_is_shared_and_deleted(
    harness: BotHarness, room: Channel
) -> None:
    harness.ear.text = " ".join(f"word{number}" for number in range(1_500)) + "."
    async with harness.bot_running(auto_transcribe=False):
        message = harness.share(harness.clip(2), channel=room)
        await harness.command(channel=room)
        await harness.until(lambda: len(harness.direct()) == 2)
        await harness.idle()
        await _moved(harness, room)
        reply = next(told for told in harness.direct() if not told.files)
        await harness.done(harness.people.click(reply, button(reply, "Share"), harness.ada.id))
        await harness.answered(message)
        await _use(harness, reply, "Delete")
        await harness.done(harness.people.submit(harness.modal(), {}))
        await harness.until(lambda: harness.direct() == [])
        await harness.idle()
    assert [told for told in harness.replies(message) if not told.files]


async def test_gaps_from_before_are_filled(harness: BotHarness, room: Channel, tmp_path: Path) -> None:
    path = hum_with_pauses(tmp_path / "talk.wav", (100,), 225)
    file = harness.slack.state.add_file(path, "talk.wav", user=harness.ada.id, mimetype="audio/wav")
    async with harness.bot_running():
        harness.dashscope.faults.add(
            dashscope.Answer(400, "DataInspectionFailed"), when=lambda call: round(call.duration_s) == 100
        )
        message = harness.share(file, channel=room)
        (reply,) = await harness.answered(message)
        await _moved(harness, room)
        await harness.done(Interactions(harness.slack).click(reply, "fill_gaps", harness.ada.id))
        await harness.until(lambda: "A clip of 100 seconds." in words(reply))
        await harness.idle()
    assert harness.replies(message) == [reply]


async def test_a_question_from_before_is_answered(harness: BotHarness, room: Channel) -> None:
    async with harness.bot_running(confirm_above_minutes=1):
        yes, no = [harness.share(harness.clip(75, duration_ms=75_000), channel=room) for _ in range(2)]
        for message in (yes, no):
            await harness.noticed(message)
        await harness.idle()
        await _moved(harness, room)
        (question,) = harness.replies(yes)
        await harness.done(harness.people.click(question, button(question, "Transcribe"), harness.ada.id))
        (reply,) = await harness.answered(yes)
        (question,) = harness.replies(no)
        await harness.done(harness.people.click(question, button(question, "No"), harness.ada.id))
        await harness.until(lambda: harness.replies(no) == [])
        await harness.idle()
    assert words(reply) == "A clip of 75 seconds."


async def test_settings_that_were_opened_before_are_saved(harness: BotHarness, room: Channel) -> None:
    async with harness.bot_running(auto_transcribe=False):
        await harness.command("settings", channel=room)
        await harness.idle()
        form = Form(harness.modal()).choose("Language", "German")
        await _moved(harness, room)
        await harness.done(harness.people.submit(form.view, form.values))
        harness.share(harness.clip(2), text=f"<@{_bot(harness)}>", channel=room)
        await harness.until(lambda: "de" in harness.ear.languages)
        await harness.idle()


@pytest.mark.parametrize("word", ["", "on"])
async def test_where_others_read_along_it_is_off_unless_somebody_chose(
    harness: BotHarness, room: Channel, word: str
) -> None:
    async with harness.bot_running():
        if word:
            await harness.command("off", channel=room)
            await harness.command(word, channel=room)
        await harness.answered(harness.share(harness.clip(2), channel=room))
        await _moved(harness, room)
        message = harness.share(harness.clip(3), channel=room)
        await harness.idle()
        await harness.idle()
    assert len(harness.replies(message)) == (1 if word else 0)


def _bot(harness: BotHarness) -> str:
    return harness.slack.state.workspace.bot_user_id
