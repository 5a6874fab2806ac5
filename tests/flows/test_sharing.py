"""Someone shares a recording, and the thread holds what was said and in which language."""

from __future__ import annotations

from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.records import Message
from tests.flows.world import World, at_the_door, context, tone, words


@at_the_door
async def test_a_voice_clip_gets_one_reply_in_its_thread(world: World) -> None:
    async with world.bot_running():
        message = world.share(world.clip(2), text="Listen to this")
        (reply,) = await world.answered(message)
    assert reply.thread_ts == message.ts
    assert words(reply) == "A clip of 2 seconds."
    assert context(reply) == "English · 0:02"
    assert reply.text == "A clip of 2 seconds."
    assert "Listen" not in str(reply.blocks)
    assert [status.text for status in world.slack.state.status_log] == ["is transcribing…"]
    assert world.slack.state.status(world.channel.id, message.ts) == ""
    assert reply.metadata is not None
    assert set(reply.metadata["event_payload"]) == {"key", "state", "revision"}
    assert "clip of" not in str(reply.metadata)


async def test_a_thread_is_answered_in_the_language_that_the_operator_names(world: World) -> None:
    async with world.bot_running(reply_locale="de"):
        message = world.share(world.clip(2))
        (reply,) = await world.answered(message)
    assert context(reply) == "Englisch · 0:02"
    assert [status.text for status in world.slack.state.status_log] == ["transkribiert gerade …"]


async def test_nothing_more_is_asked_of_slack_than_the_story_needs(socket_world: World) -> None:
    world = socket_world
    async with world.bot_running():
        await world.until(lambda: bool(world.dashscope.calls))
        before = len(world.slack.state.calls)
        await world.answered(world.share(world.clip()))
        methods = [call.method for call in world.slack.state.calls[before:]]
    # The bot's own reply comes back to it as an event, which it acknowledges too.
    calls = sorted(method for method in methods if method != "socket_ack")
    assert calls == ["assistant.threads.setStatus", "chat.postMessage", "download"]


@at_the_door
async def test_redelivery_yields_one_reply(world: World) -> None:
    async with world.bot_running():
        message = world.share(world.clip())
        await world.answered(message)
        again = world.slack.deliver("events_api", world.slack.deliveries[0].payload)
        await again.settled()
        await world.idle()
    assert again.acked
    assert len(world.replies(message)) == 1
    assert len(world.calls("chat.postMessage")) == 1


async def test_a_mention_and_its_twin_yield_one_reply(world: World) -> None:
    mention = f"<@{world.slack.state.workspace.bot_user_id}> please"
    async with world.bot_running():
        message = world.share(world.clip(), text=mention)
        replies = await world.answered(message)
    kinds = [delivery.payload["event"]["type"] for delivery in world.slack.deliveries]
    assert sorted(kinds[:2]) == ["app_mention", "message"]
    assert [words(reply) for reply in replies] == ["A clip of 2 seconds."]


async def test_several_files_are_answered_in_their_order(world: World) -> None:
    # The first takes longest, and its download fails once on the way.
    world.ear.delays_s = {4: 0.6, 2: 0.2}
    world.slack.faults.add("download", slack.Answer(500))
    async with world.bot_running():
        files = [world.clip(seconds, name=f"note {seconds}.wav") for seconds in (4, 2, 1)]
        replies = await world.answered(world.share(*files), replies=3)
    assert [words(reply) for reply in replies] == [f"A clip of {n} seconds." for n in (4, 2, 1)]
    assert [context(reply) for reply in replies] == [f"English · 0:0{n} · note {n}.wav" for n in (4, 2, 1)]


async def test_a_clip_in_a_thread_is_answered_in_that_thread(world: World) -> None:
    async with world.bot_running():
        head = world.slack.state.post_as_user(world.channel.id, world.ada.id, "How was it?")
        message = world.share(world.clip(), thread_ts=head.ts)
        (reply,) = await world.answered(message)
    assert reply.thread_ts == head.ts


async def test_files_of_a_forwarded_message_are_transcribed(world: World) -> None:
    elsewhere = world.slack.state.add_channel("elsewhere", world.ada.id, with_bot=False)
    async with world.bot_running():
        original = world.share(world.clip(3), channel=elsewhere)
        forwarded = world.slack.state.post_as_user(world.channel.id, world.ada.id, forwarded=original)
        (reply,) = await world.answered(forwarded)
    assert words(reply) == "A clip of 3 seconds."
    assert world.replies(original) == []


async def test_a_direct_message_is_always_transcribed(world: World) -> None:
    direct = world.slack.state.add_channel("", world.ada.id, kind="im")
    async with world.bot_running(auto_transcribe=False):
        (reply,) = await world.answered(world.share(world.clip(), channel=direct))
    assert words(reply) == "A clip of 2 seconds."


async def test_a_slack_connect_stub_is_looked_up(world: World) -> None:
    direct = world.slack.state.add_channel("", world.ada.id, kind="im")
    async with world.bot_running():
        message = world.share(world.clip(stub_in_events=True), channel=direct)
        (reply,) = await world.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert len(world.calls("files.info")) == 1


async def test_an_address_that_comes_late_is_waited_for(socket_world: World) -> None:
    world = socket_world
    async with world.bot_running():
        (reply,) = await world.answered(world.share(world.clip(urls_missing_for=2)))
    assert words(reply) == "A clip of 2 seconds."


async def test_what_was_not_asked_for_is_ignored_without_a_word(world: World) -> None:
    state, ada = world.slack.state, world.ada
    shared = state.add_channel("partners", ada.id, is_ext_shared=True)
    robot = state.add_user("robot")
    async with world.bot_running():
        silent: list[Message] = [
            world.share(state.add_file(b"%PDF-1.7", "plan.pdf", user=ada.id, mimetype="application/pdf")),
            world.share(state.add_file(b"\x89PNG", "cat.png", user=ada.id, mimetype="image/png")),
            world.share(state.add_file(tone(1), "talk.mp4", user=ada.id, mimetype="video/mp4")),
            world.share(world.clip(), channel=shared),
            world.share(),
        ]
        bots = Message(state.next_ts(), world.channel.id, robot.id, "", bot_id="B0OTHER0001")
        bots.subtype, bots.files = "bot_message", [world.clip()]
        state.keep(bots)
        await world.answered(world.share(world.clip()))
    assert [world.replies(message) for message in silent] == [[]] * 5
    assert bots.ts not in {call.get("thread_ts") for call in world.calls("chat.postMessage")}
    assert len(world.dashscope.calls) <= 2  # the verification at start, and the clip that counts
    assert len(world.calls("chat.postMessage")) == 1


async def test_automatic_transcription_can_be_off(world: World) -> None:
    mention = f"<@{world.slack.state.workspace.bot_user_id}>"
    async with world.bot_running(auto_transcribe=False):
        quiet = world.share(world.clip(3))
        asked = world.share(world.clip(2), text=mention)
        (reply,) = await world.answered(asked)
    assert world.replies(quiet) == []
    assert words(reply) == "A clip of 2 seconds."


async def test_an_uploaded_video_is_transcribed_on_request(world: World) -> None:
    mention = f"<@{world.slack.state.workspace.bot_user_id}>"
    video = world.slack.state.add_file(tone(2), "talk.mp4", user=world.ada.id, mimetype="video/mp4")
    async with world.bot_running():
        (reply,) = await world.answered(world.share(video, text=mention))
    assert words(reply) == "A clip of 2 seconds."


async def test_hostile_words_come_out_as_plain_characters(world: World) -> None:
    hostile = "<!channel> <@U0000000001> <https://evil.example|click> *bold* &amp; @here `code`"
    world.ear.text = hostile
    async with world.bot_running():
        (reply,) = await world.answered(world.share(world.clip()))
    assert words(reply) == hostile
    assert "<" not in reply.text
    assert ">" not in reply.text
    (post,) = world.calls("chat.postMessage")
    assert post["parse"] == "none"
    assert post["unfurl_links"] is False
    assert post["unfurl_media"] is False
    assert post["link_names"] is False


async def test_a_workspace_may_refuse_the_status(world: World) -> None:
    world.slack.state.workspace.status_refusal = "not_allowed_token_type"
    async with world.bot_running():
        (reply,) = await world.answered(world.share(world.clip()))
    assert words(reply) == "A clip of 2 seconds."
