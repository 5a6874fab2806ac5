"""Private replies: ephemeral messages where the one reader looks, or direct messages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import sentences
from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.model import Job, JobKey, Place
from bot.playground.slack_lookalike.faults import Answer, Drop, SlackError
from bot.playground.slack_lookalike.records import Channel, Message
from bot.reply import ConsentRequest, Refused, ReplyState, ThreadLookup, Waiting
from bot.slack.blockkit.action_ids import REPLY_MENU, SHARE
from bot.slack.blockkit.rich_text import text_of
from bot.translations import ENGLISH, Reader
from tests.slack import payloads
from tests.slack.scene import HELLO, LONG, LONG_TEXT, NOTHING, Scene
from tests.transcripts import said


def private_job(scene: Scene, *, reader: str = "", here: Place | None = None, **changes: Any) -> Job:
    """A clip of the scene's channel, for one person alone."""
    reader = reader or scene.head.user
    key = JobKey(payloads.TEAM, scene.channel.id, scene.head.ts, "F024CLIP1", reader)
    wanted = payloads.request(key=key, thread_ts=scene.head.ts, whisper_in=here, asked_by=reader)
    return payloads.job(wanted, **changes)


def whispers(scene: Scene) -> list[Message]:
    return [message for message in scene.slack.state.messages.values() if message.ephemeral_for]


def direct(scene: Scene) -> list[Message]:
    """The direct messages with the reader."""
    channels = [channel.id for channel in scene.slack.state.channels.values() if channel.kind == "im"]
    return [message for message in scene.slack.state.messages.values() if message.channel_id in channels]


def elements_of(message: Message) -> list[dict[str, Any]]:
    """Of its first rich-text block."""
    return list(message.blocks[0]["elements"][0]["elements"])


async def test_a_short_answer_is_whispered_where_the_asker_looks(scene: Scene) -> None:
    job = private_job(scene, here=Place(scene.channel.id))

    ts = await scene.replies.publish(job, HELLO, NOTHING)

    (whisper,) = whispers(scene)
    assert (whisper.ts, whisper.ephemeral_for) == (ts, scene.head.user)
    assert (whisper.channel_id, whisper.thread_ts) == (scene.channel.id, None)
    assert text_of(whisper.blocks) == "Hello <!channel>, *everybody*."
    assert whisper.text == "Hello &lt;!channel&gt;, *everybody*."
    assert (whisper.options["parse"], whisper.options["link_names"]) == ("none", False)
    assert [element["action_id"] for element in whisper.blocks[-1]["elements"]] == [SHARE]
    assert scene.said() == direct(scene) == []
    assert await scene.replies.find(job) == NOTHING, "nobody can look for a whisper"


async def test_a_whisper_stands_in_the_thread_where_the_asker_is(scene: Scene) -> None:
    await scene.replies.publish(
        private_job(scene, here=Place(scene.channel.id, scene.head.ts)), HELLO, NOTHING
    )

    assert [whisper.thread_ts for whisper in whispers(scene)] == [scene.head.ts]


async def test_elsewhere_the_answer_is_a_direct_message_that_says_where_from(scene: Scene) -> None:
    job = private_job(scene)

    ts = await scene.replies.publish(job, HELLO, NOTHING)

    (message,) = direct(scene)
    assert (message.ts, message.thread_ts, message.bot_id) == (ts, None, scene.slack.state.workspace.bot_id)
    assert elements_of(message) == [
        {"type": "text", "text": "From "},
        {"type": "channel", "channel_id": scene.channel.id},
        {"type": "text", "text": ": "},
        {
            "type": "link",
            "url": scene.slack.state.permalink(scene.head),
            "text": ENGLISH.say(sentences.GO_TO_RECORDING),
        },
    ]
    assert text_of(message.blocks) == "Hello <!channel>, *everybody*."
    assert [element["action_id"] for element in message.blocks[-1]["elements"]] == [SHARE, REPLY_MENU]
    assert scene.said() == whispers(scene) == []
    assert await scene.replies.find(job) == ThreadLookup(ts, ReplyState.TRANSCRIBED)
    assert await scene.replies.find(private_job(scene, reader=other_member(scene))) == NOTHING


def other_member(scene: Scene) -> str:
    bert = scene.slack.state.add_user("bert")
    scene.channel.members.append(bert.id)
    return bert.id


async def test_without_a_link_the_channel_alone_is_named(scene: Scene) -> None:
    scene.slack.faults.add("chat.getPermalink", SlackError("message_not_found"))

    await scene.replies.publish(private_job(scene), HELLO, NOTHING)

    (message,) = direct(scene)
    assert elements_of(message) == [
        {"type": "text", "text": "From "},
        {"type": "channel", "channel_id": scene.channel.id},
    ]


async def test_in_the_recordings_own_conversation_nothing_says_where_from(scene: Scene) -> None:
    im: Channel = scene.slack.state.add_channel("", scene.head.user, kind="im")
    head = scene.slack.state.post_as_user(im.id, scene.head.user, "listen")
    key = JobKey(payloads.TEAM, im.id, head.ts, "F024CLIP1", scene.head.user)

    await scene.replies.publish(payloads.job(payloads.request(key=key)), HELLO, NOTHING)

    answer = direct(scene)[-1]
    assert text_of(answer.blocks[:1]) == "Hello <!channel>, *everybody*."


async def test_a_long_answer_is_a_direct_message_with_its_files(scene: Scene) -> None:
    job = private_job(scene, here=Place(scene.channel.id))

    ts = await scene.replies.publish(job, LONG, NOTHING)

    message, share = direct(scene)
    assert [file.name for file in share.files] == [
        f"Voice message {when(scene)} UTC.{kind}" for kind in ("txt", "srt", "vtt")
    ]
    assert share.files[0].read().decode() == f"{LONG_TEXT}\n"
    assert message.ts == ts
    assert LONG_TEXT.startswith(text_of(message.blocks).removesuffix("…"))
    assert whispers(scene) == []
    assert await scene.replies.find(job) == ThreadLookup(
        ts, ReplyState.TRANSCRIBED, file_shared=True, file_ids=tuple(file.id for file in share.files)
    )


async def test_after_a_wait_the_answer_is_a_direct_message(scene: Scene) -> None:
    here = Place(scene.channel.id)
    ts = await scene.replies.publish(private_job(scene, here=here), Waiting(Outage.RECOGNISER), NOTHING)
    assert [whisper.ts for whisper in whispers(scene)] == [ts]

    later = private_job(scene, here=here, attempt=1, reply_ts=ts)
    await scene.replies.publish(later, HELLO, await scene.replies.find(later))

    assert [text_of(message.blocks) for message in direct(scene)] == ["Hello <!channel>, *everybody*."]
    assert len(whispers(scene)) == 1


@pytest.mark.parametrize(("waited_s", "whispered"), [(0, 1), (120, 1), (121, 0), (7_200, 0)])
async def test_whoever_asked_a_while_ago_looks_elsewhere_by_now(
    scene: Scene, waited_s: int, whispered: int
) -> None:
    now = datetime(2026, 11, 3, 12, tzinfo=UTC)
    replies = scene.speaking(ENGLISH, now=lambda: now)
    asked = private_job(
        scene, here=Place(scene.channel.id), accepted_at=now - timedelta(seconds=waited_s), intent_at=now
    )

    await replies.publish(asked, HELLO, NOTHING)
    await replies.explain(asked, Refused(Refusal.NO_SPEECH))

    assert len(whispers(scene)) == 2 * whispered
    assert len(direct(scene)) == 2 - 2 * whispered


async def test_a_direct_message_that_stands_is_edited(scene: Scene) -> None:
    ts = await scene.replies.publish(private_job(scene), Waiting(Outage.RECOGNISER), NOTHING)
    job = private_job(scene, here=Place(scene.channel.id), reply_ts=ts, revision=1)

    assert await scene.replies.publish(job, HELLO, await scene.replies.find(job)) == ts

    (message,) = direct(scene)
    assert text_of(message.blocks) == "Hello <!channel>, *everybody*."
    assert whispers(scene) == []


@pytest.mark.parametrize(
    "code",
    ["user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived", "thread_not_found", "x"],
)
async def test_a_whisper_that_slack_refuses_becomes_a_direct_message(scene: Scene, code: str) -> None:
    scene.slack.faults.add("chat.postEphemeral", SlackError(code))

    await scene.replies.publish(private_job(scene, here=Place(scene.channel.id)), HELLO, NOTHING)

    assert (len(whispers(scene)), len(direct(scene))) == (0, 1)


@pytest.mark.parametrize("fault", [Drop(), Answer(500), SlackError("internal_error")])
async def test_a_whisper_that_slack_does_not_answer_is_tried_again(
    scene: Scene, fault: Drop | Answer | SlackError
) -> None:
    scene.slack.faults.add("chat.postEphemeral", fault)
    job = private_job(scene, here=Place(scene.channel.id))

    with pytest.raises(Unavailable, match=Outage.SLACK):
        await scene.replies.publish(job, HELLO, NOTHING)
    assert len(scene.calls("chat.postEphemeral")) == 1

    await scene.replies.publish(job, HELLO, NOTHING)
    assert (len(whispers(scene)), len(direct(scene))) == (1, 0)


async def test_a_lost_direct_message_is_found_and_not_repeated(scene: Scene) -> None:
    scene.slack.faults.add("chat.postMessage", Drop(after_acting=True))
    job = private_job(scene)
    with pytest.raises(Unavailable):
        await scene.replies.publish(job, HELLO, NOTHING)

    found = await scene.replies.find(job)
    await scene.replies.publish(job, HELLO, found)

    assert [message.ts for message in direct(scene)] == [found.ts]


async def test_who_has_left_the_channel_gets_nothing(scene: Scene) -> None:
    scene.channel.members.remove(scene.head.user)

    for reply in (HELLO, LONG, Refused(Refusal.EMPTY), ConsentRequest(1_920.0, 0.07)):
        with pytest.raises(Rejected, match=Refusal.FORBIDDEN):
            await scene.replies.publish(private_job(scene), reply, NOTHING)

    assert direct(scene) == whispers(scene) == []
    assert scene.calls("conversations.open") == []


async def test_a_channel_that_is_gone_ends_the_matter(scene: Scene) -> None:
    scene.slack.faults.add("conversations.members", SlackError("channel_not_found"))

    with pytest.raises(Rejected, match=Refusal.GONE):
        await scene.replies.publish(private_job(scene), HELLO, NOTHING)

    assert direct(scene) == []


@pytest.mark.parametrize("code", ["user_not_found", "user_disabled", "cannot_dm_bot"])
async def test_somebody_who_cannot_be_written_to_ends_the_matter(scene: Scene, code: str) -> None:
    scene.slack.faults.add("conversations.open", SlackError(code), times=2)

    for ask in (
        scene.replies.publish(private_job(scene), HELLO, NOTHING),
        scene.replies.find(private_job(scene)),
    ):
        with pytest.raises(Rejected, match=Refusal.FORBIDDEN):
            await ask


@pytest.mark.parametrize("scope", ["im:write", "channels:read"])
async def test_a_missing_scope_is_the_operators(scene: Scene, scope: str) -> None:
    scene.slack.state.workspace.scopes.discard(scope)

    with pytest.raises(Misconfigured, match=Misconfiguration.SLACK_SCOPE):
        await scene.replies.publish(private_job(scene), HELLO, NOTHING)


async def test_where_no_files_are_taken_the_direct_messages_hold_it_all(scene: Scene) -> None:
    scene.slack.faults.add("files.getUploadURLExternal", SlackError("file_uploads_disabled"), times=None)

    await scene.replies.publish(private_job(scene), LONG, NOTHING)

    first, *rest = direct(scene)
    assert " ".join(text_of(message.blocks) for message in (first, *rest)) == LONG_TEXT
    assert elements_of(first)[1]["type"] == "channel"
    assert [elements_of(message)[0]["type"] for message in rest] == ["text"] * len(rest)


async def test_asked_anew_the_direct_message_is_edited_and_its_old_files_go(scene: Scene) -> None:
    ts = await scene.replies.publish(private_job(scene), LONG, NOTHING)
    again = private_job(scene, revision=1, reply_ts=ts)
    found = await scene.replies.find(again)
    assert (found.ts, found.revision, len(found.outdated)) == (ts, 0, 1)

    assert await scene.replies.publish(again, said("Kurz.", language="de"), found) == ts

    (message,) = direct(scene)
    assert text_of(message.blocks) == "Kurz."
    assert '"From "' in json.dumps(message.blocks[0])


async def test_an_explanation_is_whispered_to_the_asker(scene: Scene) -> None:
    asker = other_member(scene)
    job = payloads.job(
        payloads.request(channel_id=scene.channel.id, ts=scene.head.ts, asked_by=asker), revision=1
    )

    await scene.replies.explain(job, Refused(Refusal.NO_SPEECH))

    (whisper,) = whispers(scene)
    assert (whisper.ephemeral_for, whisper.thread_ts) == (asker, scene.head.ts)
    assert whisper.text == sentences.refusal(ENGLISH, Refusal.NO_SPEECH)
    assert scene.said() == []


async def test_where_nobody_has_replied_it_is_in_the_channel(scene: Scene) -> None:
    asker, head = other_member(scene), scene.slack.state.post_as_user(scene.channel.id, scene.head.user, "?")
    wanted = payloads.request(channel_id=scene.channel.id, ts=scene.head.ts, asked_by=asker)

    for job in (payloads.job(wanted), payloads.job(replace(wanted, thread_ts=head.ts))):
        await scene.replies.explain(job, Refused(Refusal.OPTED_OUT))

    assert [whisper.thread_ts for whisper in whispers(scene)] == [None, head.ts]


async def test_who_asks_anew_gets_the_explanation_and_not_who_asked_first(scene: Scene) -> None:
    asker = other_member(scene)
    wanted = payloads.request(
        channel_id=scene.channel.id, ts=scene.head.ts, asked_by=scene.head.user, again_by=asker
    )

    await scene.replies.explain(payloads.job(wanted, revision=1), Refused(Refusal.NO_SPEECH))

    assert [whisper.ephemeral_for for whisper in whispers(scene)] == [asker]


async def test_an_explanation_that_nobody_asked_for_or_slack_refuses_is_not_said(scene: Scene) -> None:
    await scene.replies.explain(scene.job, Refused(Refusal.NO_SPEECH))
    assert scene.calls("chat.postEphemeral") == []

    scene.slack.faults.add("chat.postEphemeral", SlackError("user_not_in_channel"))
    await scene.replies.explain(private_job(scene, here=Place(scene.channel.id)), Refused(Refusal.NO_SPEECH))

    assert len(scene.calls("chat.postEphemeral")) == 1
    assert whispers(scene) == direct(scene) == []


async def test_who_asked_in_a_direct_message_gets_the_explanation_there(scene: Scene) -> None:
    reader = scene.head.user
    ts = await scene.replies.publish(private_job(scene), HELLO, NOTHING)
    again = private_job(scene, revision=1, reply_ts=ts)

    await scene.replies.explain(again, Refused(Refusal.NO_SPEECH))

    stands, told = direct(scene)
    assert stands.ts == ts
    assert told.text == sentences.refusal(ENGLISH, Refusal.NO_SPEECH)
    assert [block["text"]["type"] for block in told.blocks] == ["plain_text"]
    assert set(scene.slack.state.channels[told.channel_id].members) == {
        reader,
        scene.slack.state.workspace.bot_user_id,
    }
    assert whispers(scene) == scene.said() == []
    found = await scene.replies.find(again)
    assert found.ts == ts, "the explanation is no reply"


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
async def test_an_explanation_that_slack_does_not_take_is_let_go(scene: Scene, method: str) -> None:
    scene.slack.faults.add(method, SlackError("user_disabled"))

    await scene.replies.explain(private_job(scene), Refused(Refusal.NO_SPEECH))

    assert direct(scene) == whispers(scene) == []


def germans_reader(scene: Scene) -> str:
    """The reader, from now on with a German Slack."""
    scene.slack.state.users[scene.head.user].locale = "de-DE"
    return scene.head.user


def when(scene: Scene) -> str:
    return f"{datetime.fromtimestamp(float(scene.head.ts), UTC):%Y-%m-%d %H.%M}"


def facts_of(message: Message) -> str:
    return str(next(block for block in message.blocks if block["type"] == "context")["elements"][0]["text"])


async def test_a_whisper_is_in_the_language_of_who_reads_it(scene: Scene) -> None:
    germans_reader(scene)

    await scene.replies.publish(private_job(scene, here=Place(scene.channel.id)), HELLO, NOTHING)

    (whisper,) = whispers(scene)
    assert facts_of(whisper) == "Englisch · 0:11"
    assert whisper.blocks[-1]["elements"][0]["text"]["text"] == "Im Thread teilen"


async def test_a_direct_message_is_too_with_where_it_is_from(scene: Scene) -> None:
    germans_reader(scene)

    await scene.replies.publish(private_job(scene), LONG, NOTHING)

    message, _ = direct(scene)
    assert [one.get("text") for one in elements_of(message)] == ["Aus ", None, ": ", "zur Aufnahme"]
    assert facts_of(message).endswith(
        sentences.continued_in(
            Reader.of("de"), f"{sentences.voice_message_name(Reader.of('de'), f'{when(scene)} UTC')}.txt"
        )
    )


@pytest.mark.parametrize("alone", [False, True])
async def test_an_explanation_is_as_well(scene: Scene, *, alone: bool) -> None:
    asker = germans_reader(scene)
    thread = payloads.request(channel_id=scene.channel.id, ts=scene.head.ts, asked_by=asker)
    job = private_job(scene, here=Place(scene.channel.id)) if alone else payloads.job(thread)

    await scene.replies.explain(job, Refused(Refusal.EMPTY))

    assert [whisper.text for whisper in whispers(scene)] == [
        "Diese Datei ist leer. Bitte teile sie noch einmal."
    ]


async def test_where_slack_does_not_say_the_language_of_threads_is_taken(scene: Scene) -> None:
    replies = scene.speaking(Reader.of("de"))
    scene.slack.faults.add("users.info", SlackError("user_not_found"))

    await replies.publish(private_job(scene), HELLO, NOTHING)
    await replies.explain(private_job(scene), Refused(Refusal.EMPTY))

    first, second = direct(scene)
    assert facts_of(first) == "Englisch · 0:11"
    assert second.text == sentences.refusal(ENGLISH, Refusal.EMPTY), "by then it says so"
