from __future__ import annotations

import pytest

from bot import sentences
from bot.errors import Outage, Refusal
from bot.model import Claim, FileState, JobKey
from bot.playground.slack_lookalike.blockkit import complaints_about_view
from bot.playground.slack_lookalike.faults import Answer, SlackError
from bot.playground.slack_lookalike.records import Message, User
from bot.recording import MOST_CONTEXT_BYTES
from bot.reply import GaveUp
from bot.slack.blockkit import action_ids
from bot.slack.replies.controls import Choice
from bot.translations import ENGLISH
from tests.slack.answered import FILE_ID, answered, inputs, notice, written
from tests.transcripts import said

HELLO = said("Hello everybody.", duration_s=11.4)


def language(value: str) -> dict[str, object]:
    return {"language": {"entry": {"selected_option": {"value": value}}}}


async def test_again_asks_for_the_same_reply_one_revision_later() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO, here.job(revision=2, position=1, siblings=3))

        delivery = await here.choose(reply, Choice.AGAIN, here.bea)

        assert delivery.acked
        assert here.told(here.bea) == ENGLISH.say(sentences.AGAIN_ON_IT)
        (row,) = here.harness.jobs.rows.values()
        request = row.job.request
        assert (row.job.revision, row.job.reply_ts) == (3, reply.ts)
        assert request.key == JobKey(here.harness.team_id, here.channel.id, here.head.ts, FILE_ID)
        assert (request.file.id, request.file.state, request.file.claim) == (
            *(FILE_ID, FileState.STUB, Claim.UNKNOWN),
        )
        assert (request.thread_ts, request.user_id) == (here.head.ts, here.anne.id)
        assert (request.position, request.siblings, request.explicit) == (1, 3, True)
        assert request.language is None


async def test_asking_again_gives_nobody_the_right_to_change_it() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)

        await here.choose(reply, Choice.AGAIN, here.bea)

        (row,) = here.harness.jobs.rows.values()
        assert (row.job.request.asked_by, row.job.request.again_by) == ("", here.bea.id)


@pytest.mark.parametrize("owner", ["anne", "bea", "zoe"])
async def test_of_somebody_who_opted_out_no_transcript_is_made_again(owner: str) -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        user: User = getattr(here, owner)
        here.record(user)
        await here.harness.preferences.opt_out(here.harness.team_id, here.bea.id, out=True)
        await here.harness.preferences.opt_out(here.harness.team_id, here.zoe.id, out=True)

        await here.choose(reply, Choice.AGAIN, here.bea)
        view = await here.open(reply, Choice.AGAIN_IN, here.bea)
        await here.submit(view, language("de"))

        refusal = {
            "anne": sentences.AGAIN_UNDER_WAY,
            "bea": sentences.OPTED_OUT_YOURSELF,
            "zoe": sentences.REFUSALS[Refusal.OPTED_OUT],
        }
        assert here.told(here.bea) == ENGLISH.say(refusal[owner])
        assert len(here.harness.jobs.rows) == (owner == "anne"), "who recorded it counts"


async def test_who_asked_first_stays_the_asker() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO, here.job(asked_by=here.root.id))

        await here.choose(reply, Choice.AGAIN, here.bea)

        (row,) = here.harness.jobs.rows.values()
        assert row.job.request.asked_by == here.root.id


async def test_the_same_press_asks_once() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)

        await here.choose(reply, Choice.AGAIN, here.bea)
        await here.choose(reply, Choice.AGAIN, here.bea)

        assert here.told(here.bea) == ENGLISH.say(sentences.AGAIN_UNDER_WAY)
        assert [row.job.revision for row in here.harness.jobs.rows.values()] == [1]


async def test_the_languages_are_named_as_the_reader_names_them() -> None:
    async with answered(locale="de-DE") as here:
        reply = await here.reply(HELLO, here.job(language="fr"))

        view = await here.open(reply, Choice.AGAIN_IN, here.anne)

        assert complaints_about_view(view.content) == []
        (block,) = inputs(view)
        assert len(block["element"]["options"]) == 28
        assert block["element"]["initial_option"]["text"]["text"] == "Französisch"


@pytest.mark.parametrize(("value", "asked"), [("yue", "yue"), ("automatic", None)])
async def test_the_chosen_language_is_asked_for(value: str, asked: str | None) -> None:
    async with answered() as here:
        view = await here.open(await here.reply(HELLO), Choice.AGAIN_IN, here.bea)

        await here.submit(view, language(value))

        assert view.closed
        (row,) = here.harness.jobs.rows.values()
        assert (row.job.request.language, row.job.request.again_by) == (asked, here.bea.id)
        assert here.told(here.bea) == ENGLISH.say(sentences.AGAIN_ON_IT)


async def test_no_such_language_asks_for_nothing() -> None:
    async with answered() as here:
        view = await here.open(await here.reply(HELLO), Choice.AGAIN_IN, here.bea)

        await here.submit(view, language("klingon"))

        assert notice(view) == ENGLISH.say(sentences.REPLY_UNKNOWN)
        assert here.harness.jobs.rows == {}


async def test_who_is_not_in_the_channel_learns_and_starts_nothing() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)

        await here.choose(reply, Choice.AGAIN, here.zoe)

        assert here.harness.jobs.rows == {}
        view = await here.open(reply, Choice.AGAIN_IN, here.zoe)
        await here.submit(view, language("de"))
        assert notice(view) == ENGLISH.say(sentences.OUT_OF_REACH)
        assert here.harness.jobs.rows == {}


async def test_a_silent_slack_is_told_of() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        here.harness.slack.faults.add("conversations.members", Answer(503), times=None)

        delivery = await here.choose(reply, Choice.AGAIN, here.bea)

        assert delivery.acked
        assert here.told(here.bea) == ENGLISH.say(sentences.SLACK_SILENT)
        assert here.harness.jobs.rows == {}


async def test_a_stalled_slack_does_not_keep_the_press_waiting() -> None:
    async with answered(patience_s=0.3) as here:
        reply = await here.reply(HELLO)
        hold = here.harness.slack.faults.hold("conversations.members")

        delivery = await here.choose(reply, Choice.AGAIN, here.bea)
        hold.release()

        assert delivery.acked
        assert here.told(here.bea) == ENGLISH.say(sentences.SLACK_SLOW)


async def test_a_failed_answer_can_be_asked_for_again_or_deleted() -> None:
    async with answered() as here:
        reply = await here.reply(GaveUp(Outage.RECOGNISER))

        await here.choose(reply, Choice.AGAIN, here.bea)
        view = await here.open(reply, Choice.DELETE, here.anne)
        await here.submit(view)

        assert [row.outcome for row in here.harness.jobs.rows.values()] == ["withdrawn"]


def broken(reply: Message, handle: str) -> Message:
    reply.blocks[-1]["block_id"] = handle
    return reply


@pytest.mark.parametrize("handle", ["", "old", "1|a:b", "1" * 255])
@pytest.mark.parametrize("choice", [*Choice, "something else"])
async def test_a_menu_that_says_nothing_is_told_of(handle: str, choice: str) -> None:
    async with answered() as here:
        reply = broken(await here.reply(HELLO), handle)

        delivery = await here.choose(reply, choice, here.anne)

        assert delivery.acked
        assert here.told(here.anne) == ENGLISH.say(sentences.REPLY_UNKNOWN)
        assert here.harness.slack.state.views == {}


async def test_an_unknown_entry_is_told_of() -> None:
    async with answered() as here:
        await here.choose(await here.reply(HELLO), "something else", here.anne)

        assert here.told(here.anne) == ENGLISH.say(sentences.REPLY_UNKNOWN)


async def test_the_handle_of_another_workspace_or_reader_opens_nothing() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        handle = str(reply.blocks[-1]["block_id"])

        for wrong in (
            handle.replace(here.harness.team_id, "T0ELSEWHERE"),
            handle.replace(":thread", f":{here.bea.id}"),
        ):
            assert wrong != handle
            await here.choose(broken(reply, wrong), Choice.EDIT, here.anne)

        assert here.harness.whispers(here.anne.id) == [ENGLISH.say(sentences.REPLY_UNKNOWN)] * 2
        assert here.harness.slack.state.views == {}


async def test_words_join_those_of_the_channel() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        view = await here.open(reply, Choice.WORDS, here.bea)
        (block,) = inputs(view)
        assert complaints_about_view(view.content) == []
        assert sentences.words_hint(ENGLISH, MOST_CONTEXT_BYTES) == block["hint"]["text"]

        await here.submit(view, written(block, " Grünwald \n\nTim\nGrünwald"))

        kept = await here.harness.preferences.channel(here.harness.team_id, here.channel.id)
        assert kept.vocabulary == ("Grünwald", "Tim")
        assert view.closed
        assert here.told(here.bea) == sentences.words_added(ENGLISH, kept.vocabulary)

        again = await here.open(reply, Choice.WORDS, here.anne)
        await here.submit(again, written(inputs(again)[0], "Zoe"))
        kept = await here.harness.preferences.channel(here.harness.team_id, here.channel.id)
        assert kept.vocabulary == ("Grünwald", "Tim", "Zoe")


async def test_too_many_words_keep_the_modal_open_and_change_nothing() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        for start in "abc":
            view = await here.open(reply, Choice.WORDS, here.bea)
            await here.submit(view, written(inputs(view)[0], start * 2_900))
        view = await here.open(reply, Choice.WORDS, here.bea)

        await here.submit(view, written(inputs(view)[0], "d" * 2_900))

        assert not view.closed
        assert "letters more than I can send along" in view.errors["words"]
        kept = await here.harness.preferences.channel(here.harness.team_id, here.channel.id)
        assert [word[0] for word in kept.vocabulary] == ["a", "b", "c"]


async def test_no_words_are_asked_for() -> None:
    async with answered() as here:
        view = await here.open(await here.reply(HELLO), Choice.WORDS, here.bea)

        await here.submit(view, written(inputs(view)[0], " \n "))

        assert view.errors == {"words": ENGLISH.say(sentences.WORDS_NONE)}


async def test_where_only_admins_decide_members_add_no_words() -> None:
    async with answered(admins_only=True) as here:
        reply = await here.reply(HELLO)
        assert notice(await here.open(reply, Choice.WORDS, here.bea)) == ENGLISH.say(sentences.ADMINS_ONLY)

        view = await here.open(reply, Choice.WORDS, here.root)
        here.root.is_admin = False
        await here.submit(view, written(inputs(view)[0], "Tim"))

        assert view.errors == {"words": ENGLISH.say(sentences.ADMINS_ONLY)}


async def test_deleting_asks_first() -> None:
    async with answered() as here:
        job = here.job()
        await here.harness.jobs.accept([job.request])
        view = await here.open(await here.reply(HELLO, job), Choice.DELETE, here.anne)

        assert complaints_about_view(view.content) == []
        assert notice(view) == ENGLISH.say(sentences.DELETE_SURE)
        assert here.harness.jobs.removals == {}

        await here.submit(view)

        assert view.closed
        (removal,) = (row.removal for row in here.harness.jobs.removals.values())
        assert removal.covers(job.key)
        assert (removal.thread_ts, removal.audience) == (here.head.ts, "thread")


async def test_a_reply_is_deleted_wherever_it_stands_and_whoever_has_forgotten_it() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        reply.thread_ts = None
        here.harness.slack.state.delete_message(here.head)

        await here.submit(await here.open(reply, Choice.DELETE, here.anne))

        removal = await here.harness.jobs.claim_removal()
        assert removal is not None
        assert removal.replies == ((here.job().key, reply.ts),)
        await here.harness.context.replies.delete_replies(removal)
        assert here.harness.slack.state.messages == {}


async def test_who_may_delete() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO, here.job(asked_by=here.zoe.id))

        shown = [
            notice(await here.open(reply, Choice.DELETE, user))
            for user in (here.anne, here.zoe, here.root, here.bea)
        ]

        assert shown == [
            *[ENGLISH.say(sentences.DELETE_SURE)] * 3,
            ENGLISH.say(sentences.NOT_YOURS_TO_CHANGE),
        ]


async def test_whether_somebody_may_delete_is_asked_again_when_they_do() -> None:
    async with answered() as here:
        view = await here.open(await here.reply(HELLO), Choice.DELETE, here.root)
        here.root.is_admin = False

        await here.submit(view)

        assert notice(view) == ENGLISH.say(sentences.NOT_YOURS_TO_CHANGE)
        assert here.harness.jobs.removals == {}


@pytest.mark.parametrize("choice", [Choice.EDIT, Choice.DELETE])
async def test_a_silent_slack_is_told_of_in_the_modal(choice: Choice) -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        here.harness.slack.faults.add("users.info", SlackError("internal_error"), times=None)

        assert notice(await here.open(reply, choice, here.bea)) == ENGLISH.say(sentences.SLACK_SILENT)


async def test_a_modal_that_slack_does_not_open_is_told_of() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        here.harness.slack.faults.add("views.open", SlackError("expired_trigger_id"))

        delivery = await here.choose(reply, Choice.EDIT, here.anne)

        assert delivery.acked
        assert here.told(here.anne) == ENGLISH.say(sentences.SLACK_SILENT)


async def test_a_modal_opens_at_once_and_is_filled_when_slack_has_answered() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        hold = here.harness.slack.faults.hold("users.info")

        delivery = here.harness.people.click(
            reply, action_ids.REPLY_MENU, here.bea.id, selected_option={"value": "delete"}
        )
        await hold.reached()
        assert notice(here.harness.modal()) == ENGLISH.say(sentences.ONE_MOMENT)
        await here.harness.slack.settled()
        assert delivery.acked

        hold.release()
        await here.harness.settled()
        assert notice(here.harness.modal()) == ENGLISH.say(sentences.NOT_YOURS_TO_CHANGE)


@pytest.mark.parametrize("action", [action_ids.LANGUAGE_MODAL, action_ids.DELETE_MODAL])
async def test_a_modal_that_tells_of_no_reply_says_so(action: str) -> None:
    async with answered() as here:
        choice = Choice.DELETE if action == action_ids.DELETE_MODAL else Choice.AGAIN_IN
        view = await here.open(await here.reply(HELLO), choice, here.anne)
        view.content["private_metadata"] = "nothing"

        await here.submit(view, language("de"))

        assert notice(view) == ENGLISH.say(sentences.REPLY_UNKNOWN)
        assert (here.harness.jobs.rows, here.harness.jobs.removals) == ({}, {})


async def test_the_reader_of_a_copy_may_change_and_delete_it() -> None:
    async with answered() as here:
        job = here.job(audience=here.bea.id)
        reply = await here.reply(HELLO, job)
        assert here.harness.slack.state.channels[reply.channel_id].kind == "im"

        assert inputs(await here.open(reply, Choice.EDIT, here.bea))
        view = await here.open(reply, Choice.DELETE, here.bea)
        await here.submit(view)

        (removal,) = (row.removal for row in here.harness.jobs.removals.values())
        assert removal.audience == here.bea.id
        await here.harness.context.replies.delete_replies(removal)
        assert reply not in here.harness.slack.state.messages.values()


async def test_who_may_not_read_an_edited_reply_does_not_have_it_made_again() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        reply.blocks[-1]["block_id"] = reply.blocks[-1]["block_id"].replace("1|", "1e|", 1)

        view = await here.open(reply, Choice.AGAIN, here.zoe)
        await here.submit(view)

        assert notice(view) == ENGLISH.say(sentences.OUT_OF_REACH)
        assert here.harness.jobs.rows == {}


@pytest.mark.parametrize("choice", [Choice.AGAIN, Choice.AGAIN_IN])
async def test_the_warning_is_a_modal_that_slack_takes(choice: Choice) -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        reply.blocks[-1]["block_id"] = reply.blocks[-1]["block_id"].replace("1|", "1e|", 1)

        view = await here.open(reply, choice, here.bea)

        assert complaints_about_view(view.content) == []
        assert view.content["blocks"][0]["text"]["text"] == ENGLISH.say(sentences.AGAIN_LOSES_EDITS)
        assert here.harness.jobs.rows == {}, "nothing is done before somebody agrees"
