from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot import sentences
from bot.errors import Refusal
from bot.model import JobKey, Outcome, Place
from bot.playground.slack_lookalike.faults import Answer
from bot.playground.slack_lookalike.records import Message
from bot.recording import Gap as GapOf
from bot.recording import Span, Transcript
from bot.reply import ConsentRequest
from bot.slack.blockkit import action_ids
from bot.slack.incoming.interactions import BlockAction
from bot.slack.reply_menu.buttons import parse_gap_button
from bot.translations import ENGLISH
from tests.slack.answered import FILE_ID, Answered, answered
from tests.slack.payloads import CHANNEL, TEAM, TS
from tests.transcripts import said

HELLO = said("Hello everybody.", duration_s=11.4)
QUESTION = ConsentRequest(1_920.0, 0.07)


async def held(here: Answered, **changes: Any) -> Message:
    """A question that its job waits behind."""
    job = here.job(**changes)
    await here.harness.jobs.ask([job.request])
    claimed = await here.harness.jobs.claim()
    assert claimed is not None
    reply = await here.reply(QUESTION, job)
    await here.harness.jobs.hold(claimed)
    return reply


def states(here: Answered) -> list[str]:
    return [row.state for row in here.harness.jobs.rows.values()]


async def test_any_member_may_agree() -> None:
    async with answered() as here:
        reply = await held(here)

        delivery = await here.press(reply, action_ids.AGREE, here.bea)

        assert delivery.acked
        assert here.told(here.bea) == ENGLISH.say(sentences.AGREED)
        (row,) = here.harness.jobs.rows.values()
        assert (row.state, row.job.is_confirmed) == ("ready", True)


async def test_agreeing_twice_is_settled() -> None:
    async with answered() as here:
        reply = await held(here)

        for user in (here.bea, here.anne):
            await here.press(reply, action_ids.AGREE, user)

        assert here.told(here.anne) == ENGLISH.say(sentences.QUESTION_CLOSED)


@pytest.mark.parametrize("action", [action_ids.AGREE, action_ids.DECLINE])
async def test_who_is_not_in_the_channel_decides_nothing(action: str) -> None:
    async with answered() as here:
        reply = await held(here)
        here.channel.members.append(here.zoe.id)
        here.channel.members.remove(here.bea.id)

        await here.press(reply, action, here.bea)

        assert states(here) == ["held"]


@pytest.mark.parametrize("action", [action_ids.AGREE, action_ids.DECLINE, action_ids.SHARE])
async def test_a_silent_slack_is_told_of(action: str) -> None:
    async with answered() as here:
        job = here.job(audience=here.bea.id, whisper_in=Place(here.channel.id))
        await here.harness.jobs.ask([job.request])
        reply = await here.reply(HELLO if action == action_ids.SHARE else QUESTION, job)
        here.harness.slack.faults.add("conversations.members", Answer(503), times=None)

        delivery = await here.press(reply, action, here.bea)

        assert delivery.acked
        assert here.told(here.bea) == ENGLISH.say(sentences.SLACK_SILENT)
        assert len(here.harness.jobs.rows) == 1


async def test_what_nobody_may_transcribe_is_not_shared() -> None:
    async with answered() as here:
        here.record(here.anne)
        await here.harness.preferences.opt_out(here.harness.team_id, here.anne.id, out=True)
        job = here.job(audience=here.bea.id, whisper_in=Place(here.channel.id))
        reply = await here.reply(HELLO, job)

        await here.press(reply, action_ids.SHARE, here.bea)

        assert here.told(here.bea) == ENGLISH.say(sentences.REFUSALS[Refusal.OPTED_OUT])
        assert here.harness.jobs.rows == {}


async def test_declining_takes_the_question_away() -> None:
    async with answered() as here:
        reply = await held(here)

        await here.press(reply, action_ids.DECLINE, here.bea)

        assert here.told(here.bea) == ENGLISH.say(sentences.DECLINED)
        (removal,) = (row.removal for row in here.harness.jobs.removals.values())
        await here.harness.context.replies.delete_replies(removal)
        assert here.harness.said(here.channel.id) == []


async def test_a_button_that_a_slow_screen_still_shows_takes_no_transcript_away() -> None:
    async with answered() as here:
        job = here.job()
        question = await held(here)
        stale = Message(
            *(question.ts, question.channel_id, question.user, question.text), question.bot_id, None
        )
        stale.blocks, stale.thread_ts = list(question.blocks), question.thread_ts
        found = await here.harness.context.replies.find(job)
        await here.harness.context.replies.publish(job, HELLO, found)

        await here.press(stale, action_ids.DECLINE, here.bea)

        assert here.told(here.bea) == ENGLISH.say(sentences.QUESTION_CLOSED)
        assert here.harness.jobs.removals == {}


async def test_the_one_who_asked_privately_declines_for_themselves() -> None:
    async with answered() as here:
        reply = await held(here, audience=here.bea.id, whisper_in=Place(here.channel.id, here.head.ts))
        assert reply.ephemeral_for == here.bea.id

        await here.press(reply, action_ids.DECLINE, here.bea)

        assert here.told(here.bea) == ENGLISH.say(sentences.DECLINED)
        (removal,) = (row.removal for row in here.harness.jobs.removals.values())
        assert removal.audience == here.bea.id


@pytest.mark.parametrize("language", [None, "de"])
async def test_what_one_person_reads_is_shared_in_the_thread(language: str | None) -> None:
    async with answered() as here:
        place = Place(here.channel.id, here.head.ts)
        job = here.job(audience=here.bea.id, asked_by=here.bea.id, whisper_in=place, language=language)
        reply = await here.reply(HELLO, job)
        assert reply.ephemeral_for == here.bea.id

        delivery = await here.press(reply, action_ids.SHARE, here.bea)

        assert delivery.acked
        assert here.told(here.bea) == ENGLISH.say(sentences.ASKED_IN_THREAD)
        (row,) = here.harness.jobs.rows.values()
        request = row.job.request
        assert request.key == JobKey(here.harness.team_id, here.channel.id, here.head.ts, FILE_ID)
        assert (request.asked_by, request.language) == (here.bea.id, language)
        assert (request.thread_ts, request.user_id) == (here.head.ts, here.anne.id)


async def test_a_direct_message_is_shared_in_the_recordings_thread() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO, here.job(audience=here.bea.id))
        assert here.harness.slack.state.channels[reply.channel_id].kind == "im"

        await here.press(reply, action_ids.SHARE, here.bea)

        (row,) = here.harness.jobs.rows.values()
        assert row.job.key.audience == "thread"
        assert here.told(here.bea) == ENGLISH.say(sentences.ASKED_IN_THREAD)


async def test_what_the_thread_holds_already_is_not_made_again() -> None:
    async with answered() as here:
        await here.harness.jobs.ask([here.job().request])
        job = await here.harness.jobs.claim()
        assert job is not None
        await here.harness.jobs.finish(job, Outcome.TRANSCRIBED)
        reply = await here.reply(HELLO, here.job(audience=here.bea.id))

        await here.press(reply, action_ids.SHARE, here.bea)

        assert here.told(here.bea) == ENGLISH.say(sentences.ANSWERED_IN_THREAD)
        assert states(here) == ["ended"]


async def test_who_has_left_shares_nothing_and_neither_does_a_bot_that_was_sent_away() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO, here.job(audience=here.bea.id))
        here.channel.members.remove(here.bea.id)
        await here.press(reply, action_ids.SHARE, here.bea)
        assert here.told(here.bea) == ENGLISH.say(sentences.OUT_OF_REACH)

        here.channel.members.append(here.bea.id)
        here.channel.members.remove(here.harness.slack.state.workspace.bot_user_id)
        await here.press(reply, action_ids.SHARE, here.bea)

        assert here.harness.whispers(here.bea.id) == [ENGLISH.say(sentences.OUT_OF_REACH)] * 2
        assert here.harness.jobs.rows == {}


@pytest.mark.parametrize("action", [action_ids.AGREE, action_ids.DECLINE])
async def test_a_question_that_tells_of_no_recording_says_so(action: str) -> None:
    async with answered() as here:
        reply = await held(here)
        reply.blocks[-1]["block_id"] = "old"

        delivery = await here.press(reply, action, here.anne)

        assert delivery.acked
        assert here.told(here.anne) == ENGLISH.say(sentences.REPLY_UNKNOWN)
        assert states(here) == ["held"]


def gapped() -> Transcript:
    words = HELLO.passages
    return Transcript((*words, GapOf(Span(11_400, 20_000))), HELLO.languages, 20.0, complete=True)


async def test_gaps_are_filled_once_however_often_the_button_is_pressed() -> None:
    async with answered() as here:
        await here.harness.jobs.ask([here.job().request])
        job = await here.harness.jobs.claim()
        assert job is not None
        reply = await here.reply(gapped(), here.job())
        await here.harness.jobs.finish(job, Outcome.GAPPED, has_gaps=True)

        for _ in range(2):
            assert (await here.press(reply, action_ids.FILL_GAPS, here.bea)).acked

        (row,) = here.harness.jobs.rows.values()
        assert (row.state, row.job.revision) == ("ready", 1)
        assert here.told(here.bea) == ""


async def test_after_a_day_whoever_presses_is_told() -> None:
    async with answered() as here:
        reply = await here.reply(gapped(), here.job())

        delivery = await here.press(reply, action_ids.FILL_GAPS, here.bea)

        assert delivery.acked
        assert here.told(here.bea) == ENGLISH.say(sentences.GAPS_GONE)


KEY = JobKey(TEAM, CHANNEL, TS, "F024CLIP1")


@pytest.mark.parametrize(
    ("value", "channel_id", "found"),
    [
        (str(KEY), CHANNEL, KEY),
        (f"{KEY}:0", CHANNEL, KEY),
        (str(KEY), "C0SHARED001", replace(KEY, channel_id="C0SHARED001")),
        (str(KEY), "", None),
        ("nothing", CHANNEL, None),
        (None, CHANNEL, None),
    ],
)
def test_the_button_stands_where_its_reply_does(value: object, channel_id: str, found: JobKey | None) -> None:
    body = {"channel": {"id": channel_id}, "actions": [{"value": value}]}

    assert parse_gap_button(BlockAction.model_validate(body)) == found


def test_a_private_replys_button_stands_in_a_direct_message() -> None:
    key = JobKey(TEAM, CHANNEL, TS, "F024CLIP1", "U024BERT1")
    body = {"channel": {"id": "D1"}, "actions": [{"value": str(key)}]}

    assert parse_gap_button(BlockAction.model_validate(body)) == key
