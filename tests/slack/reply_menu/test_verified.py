"""Forged payloads: somebody who can sign puts other ids in the place of those that the bot gave out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot import sentences
from bot.model import Place
from bot.playground.slack_lookalike.records import Channel, Message
from bot.reply import ConsentRequest
from bot.slack.blockkit import action_ids
from bot.slack.replies.controls import Choice
from bot.slack.replies.handle import ReplyHandle
from bot.translations import ENGLISH
from tests.slack.answered import Answered, answered, inputs, notice, written
from tests.transcripts import said

SECRET = said("The secret of another channel.", duration_s=5.0)
HELLO = said("Hello everybody.", duration_s=11.4)
LANGUAGE = {"language": {"entry": {"selected_option": {"value": "de"}}}}


class Elsewhere:
    """A reply in a private channel that Bea is not in, to a recording of Anne's."""

    def __init__(self, here: Answered) -> None:
        self.here = here
        state = here.harness.slack.state
        self.channel: Channel = state.add_channel("secret", here.anne.id, kind="group")
        file = state.add_file(b"sound", "b.m4a", user=here.anne.id, as_voice_clip=True)
        self.file_id = file.id
        self.head = state.post_as_user(self.channel.id, here.anne.id, "listen", files=[file])

    async def reply(self, **changes: Any) -> Message:
        job = self.here.job()
        key = replace(
            job.key,
            channel_id=self.channel.id,
            message_ts=self.head.ts,
            file_id=self.file_id,
            audience=changes.pop("audience", "thread"),
        )
        request = replace(job.request, key=key, thread_ts=self.head.ts, **changes)
        return await self.here.reply(SECRET, replace(job, request=request))


def handle_of(reply: Message) -> str:
    return str(next(block for block in reply.blocks if block["type"] == "actions")["block_id"])


def with_handle(reply: Message, **changes: Any) -> Message:
    """A reply as a forged payload shows it: its handle says something else."""
    handle = ReplyHandle.parse(handle_of(reply))
    assert handle is not None
    key = replace(handle.key, **changes.pop("key", {}))
    forged = replace(handle, key=key, **changes).dump()
    blocks = [block | {"block_id": forged} if block["type"] == "actions" else block for block in reply.blocks]
    return replace(reply, blocks=blocks)


@pytest.mark.parametrize("choice", [Choice.EDIT, Choice.DELETE])
async def test_who_claims_to_have_shared_it_may_not_change_it(choice: Choice) -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)

        view = await here.open(
            with_handle(reply, sender_id=here.bea.id, asked_by=here.bea.id), choice, here.bea
        )

        assert notice(view) == ENGLISH.say(sentences.NOT_YOURS_TO_CHANGE)


async def test_the_words_of_a_channel_that_somebody_is_not_in_are_not_shown_for_editing() -> None:
    async with answered() as here:
        reply = await Elsewhere(here).reply(asked_by=here.bea.id)

        view = await here.open(reply, Choice.EDIT, here.bea)

        assert notice(view) == ENGLISH.say(sentences.NOT_YOURS_TO_CHANGE)


@pytest.mark.parametrize("action", ["edit", "delete", "again"])
async def test_a_modals_submission_for_another_reply_does_nothing(action: str) -> None:
    async with answered() as here:
        reply, secret = await here.reply(HELLO), await Elsewhere(here).reply()
        choice = {"edit": Choice.EDIT, "delete": Choice.DELETE, "again": Choice.AGAIN_IN}[action]
        view = await here.open(reply, choice, here.anne)
        mine, version = view.content["private_metadata"].split(" "), ""
        if action == "edit":
            version = mine[-1]
        # The handle of a reply that Anne may change, and the place of another.
        forged = [mine[0], secret.channel_id, secret.ts, secret.thread_ts or "-", version]
        view.content["private_metadata"] = " ".join(forged).rstrip()
        values = written(inputs(view)[0], "Other words.") if action == "edit" else LANGUAGE
        before = secret.blocks

        await here.submit(view, values if action != "delete" else {})

        assert secret.blocks == before
        assert (here.harness.jobs.rows, here.harness.jobs.removals) == ({}, {})


async def test_a_reply_is_transcribed_again_for_its_own_recording_alone() -> None:
    async with answered() as here:
        reply, elsewhere = await here.reply(HELLO), Elsewhere(here)

        await here.choose(with_handle(reply, key={"file_id": elsewhere.file_id}), Choice.AGAIN, here.bea)

        assert here.told(here.bea) == ENGLISH.say(sentences.REPLY_GONE)
        assert here.harness.jobs.rows == {}


async def test_what_stands_in_a_reply_counts_for_who_asked() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO, here.job(asked_by=here.root.id))

        await here.choose(with_handle(reply, asked_by=here.bea.id), Choice.AGAIN, here.bea)

        (row,) = here.harness.jobs.rows.values()
        assert row.job.request.asked_by == here.root.id


@pytest.mark.parametrize("whispered", [True, False])
async def test_only_the_recording_of_the_message_is_shared_in_its_thread(*, whispered: bool) -> None:
    async with answered() as here:
        elsewhere = Elsewhere(here)
        place = Place(here.channel.id) if whispered else None
        reply = await here.reply(HELLO, here.job(audience=here.bea.id, whisper_in=place))

        await here.press(with_handle(reply, key={"file_id": elsewhere.file_id}), action_ids.SHARE, here.bea)

        assert here.told(here.bea) == ENGLISH.say(sentences.REPLY_UNKNOWN)
        assert here.harness.jobs.rows == {}


async def test_what_is_shared_goes_into_the_recordings_own_thread() -> None:
    async with answered() as here:
        other = here.harness.slack.state.post_as_user(here.channel.id, here.anne.id, "another thread")
        reply = await here.reply(HELLO, here.job(audience=here.bea.id, whisper_in=Place(here.channel.id)))

        forged = with_handle(reply, thread_ts=other.ts, sender_id=here.zoe.id)
        await here.press(forged, action_ids.SHARE, here.bea)

        (row,) = here.harness.jobs.rows.values()
        assert (row.job.request.thread_ts, row.job.request.user_id) == (here.head.ts, here.anne.id)


async def test_declining_takes_no_other_reply_away() -> None:
    async with answered() as here:
        question, elsewhere = await here.reply(ConsentRequest(1_920.0, 0.07)), Elsewhere(here)
        for key in ({"file_id": elsewhere.file_id}, {"message_ts": elsewhere.head.ts}):
            await here.press(with_handle(question, key=key), action_ids.DECLINE, here.bea)
            assert here.told(here.bea) == ENGLISH.say(sentences.QUESTION_CLOSED)

        assert here.harness.jobs.removals == {}


@pytest.mark.parametrize("whose", ["another's", "another channel's"])
async def test_gaps_are_filled_for_who_reads_the_reply(whose: str) -> None:
    asked = []

    def noting(jobs: Any) -> Any:
        fill_gaps = jobs.fill_gaps

        async def note(key: str) -> bool:
            asked.append(key)
            return bool(await fill_gaps(key))

        jobs.fill_gaps = note
        return jobs

    async with answered(requests=noting) as here:
        reply, elsewhere = await here.reply(HELLO), Elsewhere(here)
        key = here.job(audience=here.anne.id).key
        if whose != "another's":
            key = replace(here.job(audience=here.bea.id).key, channel_id=elsewhere.channel.id)
        gaps = {
            "type": "actions",
            "block_id": "x",
            "elements": [{"type": "button", "action_id": action_ids.FILL_GAPS, "value": str(key)}],
        }

        await here.press(replace(reply, blocks=[gaps]), action_ids.FILL_GAPS, here.bea)

        assert here.told(here.bea) == ENGLISH.say(sentences.GAPS_GONE)
        assert asked == []
