from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot import sentences
from bot.model import THREAD, Place
from bot.playground.slack_lookalike.blockkit import complaints_about_view
from bot.playground.slack_lookalike.faults import Answer, SlackError
from bot.playground.slack_lookalike.records import File, Message, View
from bot.recording import Gap, Span
from bot.reply import ReplyState
from bot.scratch import WORKSPACE_PREFIX
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.rich_text import marked_text_of, text_of
from bot.slack.incoming import messages
from bot.slack.replies.controls import Choice
from bot.slack.replies.metadata import state_in
from bot.translations import ENGLISH, Reader
from tests.slack.answered import Answered, answered, inputs, notice, timed, written
from tests.slack.scene import LONG_TEXT
from tests.transcripts import said

HELLO = said("Hello <!channel>, *everybody*.", duration_s=11.4)
PARAGRAPHS = [" ".join(f"word{at}-{number}" for number in range(400)) for at in range(4)]
LONG = timed(*PARAGRAPHS)


def texts(messages: list[Message]) -> dict[str, str]:
    """The files that stand, by what they are."""
    files = [file for message in messages for file in message.files if not file.deleted]
    return {file.name.rpartition(".")[2]: file.read().decode() for file in files}


async def edit(here: Answered, reply: Message, text: str) -> View:
    """Anne opens the modal and replaces all of the text."""
    view = await here.open(reply, Choice.EDIT, here.anne)
    first, *others = inputs(view)
    values = written(first, text[:3_000])
    for block, start in zip(others, range(3_000, 200_000, 3_000), strict=False):
        values |= written(block, text[start : start + 3_000])
    await here.submit(view, values)
    return view


async def test_the_text_of_a_reply_is_replaced_and_nothing_else() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        before, metadata = list(reply.blocks), reply.metadata

        view = await edit(here, reply, "Hello <@U1> and Grünwald.\n\nBye & <b>.")

        assert text_of(reply.blocks) == "Hello <@U1> and Grünwald.\n\nBye & <b>."
        assert "<@U1>" not in reply.text
        edited_id = before[2]["block_id"].replace("1|", "1e|", 1)
        assert reply.blocks[1:] == [before[1], before[2] | {"block_id": edited_id}]
        assert reply.metadata == metadata
        assert reply.options["parse"] == "none"
        assert complaints_about_view(view.content) == []
        assert view.content["blocks"][0]["text"]["text"] == ENGLISH.say(sentences.EDIT_SAVED)


async def test_new_words_become_vocabulary_where_somebody_ticks_them() -> None:
    async with answered() as here:
        view = await edit(here, await here.reply(HELLO), "Hello Tim and Grünwald, everybody.")
        (field,) = inputs(view)
        options = field["element"]["options"]
        assert [option["value"] for option in options] == ["Tim", "and", "Grünwald"]

        ticked = {field["block_id"]: {"entry": {"selected_options": [options[0], options[2]]}}}
        await here.submit(view, ticked)

        kept = await here.harness.preferences.channel(here.harness.team_id, here.channel.id)
        assert kept.vocabulary == ("Tim", "Grünwald")
        assert view.closed

        again = await edit(here, await here.reply(HELLO), "Hello Tim and Grünwald, everybody.")
        assert [option["value"] for option in inputs(again)[0]["element"]["options"]] == ["and"]
        await here.submit(again)
        assert again.closed
        assert (await here.harness.preferences.channel(here.harness.team_id, here.channel.id)) == kept


@pytest.mark.parametrize("admins_only", [False, True])
async def test_where_nothing_is_new_or_nobody_may_add_it_nothing_is_offered(*, admins_only: bool) -> None:
    async with answered(admins_only=admins_only) as here:
        text = "Hello Grünwald." if admins_only else "Hello everybody."

        assert notice(await edit(here, await here.reply(HELLO), text)) == ENGLISH.say(sentences.EDIT_SAVED)


async def test_a_transcripts_file_passes_through_the_bots_own_folder_alone() -> None:
    async with answered() as here:
        reply, scratch = await here.reply(LONG), here.harness.context.scratch
        held = here.harness.slack.faults.hold("download")
        here.harness.people.click(
            reply, action_ids.REPLY_MENU, here.anne.id, selected_option={"value": Choice.EDIT}
        )
        await held.reached()
        (folder,) = scratch.iterdir()

        held.release()
        await here.harness.settled()

        assert folder.name.startswith(WORKSPACE_PREFIX)
        assert list(scratch.iterdir()) == []


async def test_files_are_replaced_by_files_with_the_new_words_at_the_old_times() -> None:
    async with answered() as here:
        reply = await here.reply(LONG)
        thread = Place(here.channel.id)
        (before,) = here.shared(thread)
        view = await here.open(reply, Choice.EDIT, here.anne)
        shown = inputs(view)
        assert "".join(block["element"]["initial_value"] for block in shown).count("word") == 1_600

        last = shown[-1]
        text = last["element"]["initial_value"].replace("word3-399", "Grünwald")
        await here.submit(view, written(last, text))

        (after,) = here.shared(thread)
        assert after is not before
        assert all(file.deleted for file in before.files)
        assert set(texts([after])) == {"txt", "srt", "vtt"}
        assert all("Grünwald" in text and "word3-399" not in text for text in texts([after]).values())
        assert texts([after])["vtt"].index("00:00:12.000") < texts([after])["vtt"].index("word3-0")
        assert [file.name for file in after.files] == [file.name for file in before.files]
        assert text_of(reply.blocks).startswith("word0-0 word0-1")
        assert [option["value"] for option in inputs(view)[0]["element"]["options"]] == ["Grünwald"]


MARKED = replace(
    timed("10:30 is too late.", "We met in Berlin.", "Then we left."), duration_s=200.0, time_marks=True
)


async def test_time_marks_are_no_words_to_edit_and_stay() -> None:
    async with answered() as here:
        reply = await here.reply(MARKED)
        assert marked_text_of(reply.blocks).startswith("0:00\u200210:30 is too late.\n\n0:04\u2002We met")

        view = await here.open(reply, Choice.EDIT, here.anne)
        (block,) = inputs(view)
        shown = block["element"]["initial_value"]
        assert shown == "10:30 is too late.\n\nWe met in Berlin.\n\nThen we left."
        await here.submit(view, written(block, shown.replace("Berlin", "Bonn")))

        text = "0:00\u200210:30 is too late.\n\n0:04\u2002We met in Bonn.\n\n0:08\u2002Then we left."
        assert marked_text_of(reply.blocks) == text
        assert reply.text == "10:30 is too late.\n\nWe met in Bonn.\n\nThen we left."
        assert [option["value"] for option in inputs(view)[0]["element"]["options"]] == ["Bonn"]


async def test_time_marks_of_a_file_are_no_words_to_edit_and_stay() -> None:
    async with answered() as here:
        reply = await here.reply(replace(LONG, time_marks=True))
        old = texts(here.shared(Place(here.channel.id)))
        view = await here.open(reply, Choice.EDIT, here.anne)
        shown = [block["element"]["initial_value"] for block in inputs(view)]
        assert "".join(shown).count("word") == 1_600
        assert not any("0:0" in text for text in shown)

        last = inputs(view)[-1]
        await here.submit(view, written(last, shown[-1].replace("word3-399", "9:59")))

        (after,) = here.shared(Place(here.channel.id))
        new = texts([after])
        assert new["txt"] == old["txt"].replace("word3-399", "9:59")
        assert [line.partition("\u2002")[0] for line in new["txt"].split("\n\n")] == [
            "0:00",
            "0:04",
            "0:08",
            "0:12",
        ]
        assert "\u2002" not in new["srt"] + new["vtt"]


async def test_a_transcript_without_time_marks_that_begins_with_a_time_keeps_it() -> None:
    async with answered() as here:
        reply = await here.reply(replace(MARKED, time_marks=False))
        view = await here.open(reply, Choice.EDIT, here.anne)
        (block,) = inputs(view)
        shown = block["element"]["initial_value"]

        await here.submit(view, written(block, shown.replace("Berlin", "Bonn")))

        assert marked_text_of(reply.blocks) == text_of(reply.blocks) == shown.replace("Berlin", "Bonn")


async def test_an_edit_that_breaks_off_leaves_no_file_that_nobody_knows() -> None:
    async with answered() as here:
        reply = await here.reply(LONG)
        here.harness.slack.faults.add("chat.update", Answer(500), nth=2)
        await edit(here, reply, LONG_TEXT)
        replies, job = here.harness.context.replies, here.job(revision=1)
        assert len(here.shared(Place(here.channel.id))) == 2

        await replies.publish(job, HELLO, await replies.find(job))

        assert here.shared(Place(here.channel.id)) == []


async def test_an_edit_has_files_where_the_recording_is_gone() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        here.harness.slack.faults.add("files.info", SlackError("file_deleted"))

        view = await here.open(reply, Choice.EDIT, here.anne)
        await here.submit(view, written(inputs(view)[0], "word " * 2_000))

        (share,) = here.shared(Place(here.channel.id))
        assert [file.name[:10] for file in share.files] == ["Recording "]


async def test_what_transcribing_again_brings_takes_the_place_of_an_edit() -> None:
    async with answered() as here:
        job = here.job()
        reply = await here.reply(LONG, job)
        await edit(here, reply, LONG_TEXT)
        later = replace(job, revision=1, reply_ts=reply.ts)

        replies = here.harness.context.replies
        await replies.publish(later, HELLO, await replies.find(later))

        assert here.shared(Place(here.channel.id)) == []
        assert text_of(reply.blocks) == "Hello <!channel>, *everybody*."


async def test_a_text_that_outgrows_the_message_gets_a_file_and_one_that_fits_loses_it() -> None:
    async with answered() as here:
        reply = await here.reply(said("word " * 1_000 + "end."))
        thread = Place(here.channel.id)
        view = await here.open(reply, Choice.EDIT, here.anne)
        fields = inputs(view)
        assert (len(fields), here.shared(thread)) == (3, [])

        await here.submit(view, {**written(fields[0], "a" * 2_900), **written(fields[1], "b" * 2_900)})

        whole = texts(here.shared(thread))
        assert list(whole) == ["txt"]
        assert whole["txt"].startswith(f"{'a' * 2_900} {'b' * 2_900} word")
        (pointer,) = (block["elements"][0]["text"] for block in reply.blocks if block["type"] == "context")
        assert sentences.continued_in_text(ENGLISH, "a.txt") in pointer

        view = await here.open(reply, Choice.EDIT, here.anne)
        emptied = {name: state for block in inputs(view)[1:] for name, state in written(block, "").items()}
        await here.submit(view, {**written(inputs(view)[0], "Short."), **emptied})

        assert here.shared(thread) == []
        assert text_of(reply.blocks) == "Short."
        assert "a.txt" not in str(reply.blocks[:-1])


async def test_a_copy_is_edited_where_it_stands() -> None:
    async with answered() as here:
        reply = await here.reply(LONG, here.job(audience=here.bea.id))
        direct = Place(reply.channel_id)
        origin = reply.blocks[0]
        (before,) = here.shared(direct)
        view = await here.open(reply, Choice.EDIT, here.bea)
        last = inputs(view)[-1]

        await here.submit(view, written(last, "The end."))

        (after,) = here.shared(direct)
        assert after is not before
        assert texts([after])["txt"].endswith("The end.\n")
        assert reply.blocks[0] == origin
        assert here.shared(Place(here.channel.id)) == []


async def test_others_are_told_who_may() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)

        assert notice(await here.open(reply, Choice.EDIT, here.bea)) == ENGLISH.say(
            sentences.NOT_YOURS_TO_CHANGE
        )
        assert inputs(await here.open(reply, Choice.EDIT, here.root))


async def test_whether_somebody_may_is_asked_again_when_they_save() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        view = await here.open(reply, Choice.EDIT, here.root)
        here.root.is_admin = False

        await here.submit(view, written(inputs(view)[0], "Mine."))

        assert list(view.errors.values()) == [ENGLISH.say(sentences.NOT_YOURS_TO_CHANGE)]
        assert text_of(reply.blocks) == "Hello <!channel>, *everybody*."


@pytest.mark.parametrize("text", ["", " \n "])
async def test_an_empty_text_is_not_saved(text: str) -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)

        view = await edit(here, reply, text)

        assert list(view.errors.values()) == [ENGLISH.say(sentences.EDIT_EMPTY)]
        assert text_of(reply.blocks) == "Hello <!channel>, *everybody*."


async def test_two_people_do_not_write_over_each_other() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        first = await here.open(reply, Choice.EDIT, here.anne)
        second = await here.open(reply, Choice.EDIT, here.root)

        await here.submit(first, written(inputs(first)[0], "Anne's."))
        await here.submit(second, written(inputs(second)[0], "Root's."))

        assert text_of(reply.blocks) == "Anne's."
        assert list(second.errors.values()) == [ENGLISH.say(sentences.EDIT_CHANGED)]
        assert not second.closed


async def test_two_people_who_save_at_once_do_not_either() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        views = [await here.open(reply, Choice.EDIT, user) for user in (here.anne, here.root)]
        hold = here.harness.slack.faults.hold("chat.update")

        here.harness.people.submit(views[0], written(inputs(views[0])[0], "Anne's."))
        await hold.reached()
        here.harness.people.submit(views[1], written(inputs(views[1])[0], "Root's."))
        await here.harness.slack.settled()
        for _ in range(20):
            # Longer than it takes to look at the reply, and to find it as it was.
            await here.harness.context.api.read("auth.test")
        hold.release()
        await here.harness.settled()

        assert text_of(reply.blocks) == "Anne's."
        (kept,) = inputs(views[1])
        assert kept["element"]["initial_value"] == "Root's."
        assert views[1].content["blocks"][0]["text"]["text"] == ENGLISH.say(sentences.EDIT_CHANGED)


async def test_a_reply_that_was_transcribed_again_is_not_overwritten() -> None:
    async with answered() as here:
        job = here.job()
        reply = await here.reply(LONG, job)
        view = await here.open(reply, Choice.EDIT, here.anne)
        replies, later = here.harness.context.replies, replace(job, revision=1, reply_ts=reply.ts)
        await replies.publish(later, LONG, await replies.find(later))

        await here.submit(view, written(inputs(view)[0], "Mine."))

        assert list(view.errors.values()) == [ENGLISH.say(sentences.EDIT_CHANGED)]


async def test_a_reply_that_is_gone_says_so() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        view = await here.open(reply, Choice.EDIT, here.anne)
        here.harness.slack.state.delete_message(reply)

        assert notice(await here.open(reply, Choice.EDIT, here.anne)) == ENGLISH.say(sentences.REPLY_GONE)
        await here.submit(view, written(inputs(view)[0], "Mine."))
        assert list(view.errors.values()) == [ENGLISH.say(sentences.REPLY_GONE)]


async def test_a_silent_slack_loses_nothing() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        view = await here.open(reply, Choice.EDIT, here.anne)
        here.harness.slack.faults.add("conversations.replies", Answer(503))

        await here.submit(view, written(inputs(view)[0], "Mine."))
        assert list(view.errors.values()) == [ENGLISH.say(sentences.SLACK_SILENT)]

        here.harness.slack.faults.add("chat.update", SlackError("internal_error"))
        await here.submit(view, written(inputs(view)[0], "Mine."))
        assert view.content["blocks"][0]["text"]["text"] == ENGLISH.say(sentences.SLACK_SILENT)
        assert inputs(view)[0]["element"]["initial_value"] == "Mine."

        await here.submit(view)
        assert text_of(reply.blocks) == "Mine."


async def test_a_stalled_slack_does_not_keep_the_modal_waiting() -> None:
    async with answered(patience_s=0.3) as here:
        reply = await here.reply(HELLO)
        view = await here.open(reply, Choice.EDIT, here.anne)
        hold = here.harness.slack.faults.hold("conversations.replies")

        delivery = await here.submit(view, written(inputs(view)[0], "Mine."))
        hold.release()

        assert delivery.acked
        assert list(view.errors.values()) == [ENGLISH.say(sentences.SLACK_SLOW)]


def _refuse_uploads(here: Answered) -> None:
    here.harness.slack.faults.add("files.getUploadURLExternal", SlackError("restricted_action"), times=None)


def _never_complete_uploads(here: Answered) -> None:
    here.harness.slack.faults.add("files.completeUploadExternal", SlackError("internal_error"), times=None)


def _never_share_uploads(here: Answered) -> None:
    here.channel.looks_before_shares = None


@pytest.mark.parametrize("fail", [_refuse_uploads, _never_complete_uploads, _never_share_uploads])
async def test_files_that_slack_does_not_take_leave_everything_as_it_was(
    fail: Callable[[Answered], None],
) -> None:
    async with answered() as here:
        reply = await here.reply(LONG)
        (before,) = here.shared(Place(here.channel.id))
        fail(here)

        view = await here.open(reply, Choice.EDIT, here.anne)
        await here.submit(view, written(inputs(view)[0], "Mine."))

        assert view.content["blocks"][0]["text"]["text"] == ENGLISH.say(sentences.EDIT_UNSHAREABLE)
        assert inputs(view)[0]["element"]["initial_value"].startswith("Mine.")
        assert here.shared(Place(here.channel.id)) == [before]
        assert text_of(reply.blocks).startswith("word0-0")


async def test_files_of_a_reply_that_is_deleted_meanwhile_do_not_stay() -> None:
    async with answered() as here:
        reply = await here.reply(LONG)
        (before,) = here.shared(Place(here.channel.id))
        view = await here.open(reply, Choice.EDIT, here.anne)
        hold = here.harness.slack.faults.hold("chat.update")

        here.harness.people.submit(view, written(inputs(view)[0], "Mine."))
        await hold.reached()
        here.harness.slack.state.delete_message(reply)
        hold.release()
        await here.harness.settled()

        assert view.content["blocks"][0]["text"]["text"] == ENGLISH.say(sentences.REPLY_GONE)
        assert here.shared(Place(here.channel.id)) == [before]


async def test_a_reply_that_slack_finds_too_long_gets_shorter() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        here.harness.slack.faults.add("chat.update", SlackError("msg_blocks_too_long"))

        await edit(here, reply, "word " * 500)

        assert texts(here.shared(Place(here.channel.id))) == {"txt": "word " * 499 + "word\n"}
        assert text_of(reply.blocks).endswith("…")


async def test_a_transcript_in_several_messages_is_not_edited() -> None:
    async with answered() as here:
        here.harness.slack.faults.add(
            "files.getUploadURLExternal", SlackError("restricted_action"), times=None
        )
        reply = await here.reply(LONG)

        assert notice(await here.open(reply, Choice.EDIT, here.anne)) == ENGLISH.say(sentences.EDIT_NOT_WHOLE)


async def test_a_transcript_whose_file_is_gone_is_not_edited() -> None:
    async with answered() as here:
        reply = await here.reply(LONG)
        (shared,) = here.shared(Place(here.channel.id))
        here.harness.slack.state.delete_message(shared)

        assert notice(await here.open(reply, Choice.EDIT, here.anne)) == ENGLISH.say(sentences.EDIT_NOT_WHOLE)


async def test_a_reply_of_another_language_than_todays_is_known_to_go_on_in_its_file() -> None:
    async with answered() as here:
        here.harness.context.readers.default = Reader.of("de")
        reply = await here.reply(LONG)
        here.harness.context.readers.default = ENGLISH
        (shared,) = here.shared(Place(here.channel.id))
        here.harness.slack.state.delete_message(shared)

        assert notice(await here.open(reply, Choice.EDIT, here.anne)) == ENGLISH.say(sentences.EDIT_NOT_WHOLE)


@pytest.mark.parametrize(("audience", "locale"), [(THREAD, "de"), ("one", "en")])
async def test_where_the_rest_is_is_said_in_the_language_of_who_reads_it(audience: str, locale: str) -> None:
    async with answered(thread_reader=Reader.of("de")) as here:
        job = here.job(audience=audience if audience == THREAD else here.bea.id)
        reply = await here.reply(HELLO, job)

        view = await here.open(reply, Choice.EDIT, here.bea if job.key.reader_id else here.anne)
        await here.submit(view, written(inputs(view)[0], "word " * 2_000))

        pointer = sentences.continued_in_text(Reader.of(locale), "a.txt")
        (facts,) = [block for block in reply.blocks if block["type"] == "context"]
        assert facts["elements"][0]["text"].endswith(pointer)


async def test_a_file_of_somebody_else_is_not_taken_for_the_transcript() -> None:
    async with answered() as here:
        reply = await here.reply(LONG)
        (shared,) = here.shared(Place(here.channel.id))
        state = here.harness.slack.state
        forged: File = state.add_file(b"forged", shared.files[0].name, user=here.bea.id)
        state.post_as_user(here.channel.id, here.bea.id, "", files=[forged], thread_ts=here.head.ts)

        view = await here.open(reply, Choice.EDIT, here.anne)

        assert inputs(view)[0]["element"]["initial_value"].startswith("word0-0")


@pytest.mark.slow
@pytest.mark.no_cover  # a tracer triples what so much text takes
async def test_a_transcript_that_is_too_long_for_a_modal_says_so() -> None:
    async with answered() as here:
        reply = await here.reply(said("word " * 49_000))

        assert notice(await here.open(reply, Choice.EDIT, here.anne)) == ENGLISH.say(sentences.EDIT_TOO_LONG)


async def test_a_gap_stays_in_the_text_and_is_not_filled_over_an_edit() -> None:
    async with answered() as here:
        gapped = replace(HELLO, passages=(*HELLO.passages, Gap(Span(11_400, 20_000))))
        reply = await here.reply(gapped)
        assert "fill_gaps" in str(reply.blocks[-1])
        text = text_of(reply.blocks).replace("everybody", "all")

        await edit(here, reply, text)

        assert text_of(reply.blocks) == text
        assert "[" in text
        assert [element["action_id"] for element in reply.blocks[-1]["elements"]] == [action_ids.REPLY_MENU]
        found = here.harness.slack.state.message_json(reply, with_metadata=True)
        assert state_in(messages.Message.model_validate(found)) is ReplyState.GAPPED


async def test_a_modal_that_tells_of_no_reply_says_so() -> None:
    async with answered() as here:
        reply = await here.reply(HELLO)
        view = await here.open(reply, Choice.EDIT, here.anne)
        view.content["private_metadata"] = "nothing"

        await here.submit(view, written(inputs(view)[0], "Mine."))

        assert notice(view) == ENGLISH.say(sentences.REPLY_UNKNOWN)
        assert text_of(reply.blocks) == "Hello <!channel>, *everybody*."
