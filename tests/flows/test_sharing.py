"""Someone shares a recording, and the thread holds what was said and in which language."""

from __future__ import annotations

from pathlib import Path

from bot.playground.slack_lookalike import faults as slack
from bot.playground.slack_lookalike.records import Message
from tests.audio.muxing import Track, mux, pauses
from tests.flows.harness import BotHarness, at_the_door, context, tone, words


@at_the_door
async def test_a_voice_clip_gets_one_reply_in_its_thread(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip(2), text="Listen to this")
        (reply,) = await harness.answered(message)
    assert reply.thread_ts == message.ts
    assert words(reply) == "A clip of 2 seconds."
    assert context(reply) == "English · 0:02"
    assert reply.text == "A clip of 2 seconds."
    assert "Listen" not in str(reply.blocks)
    assert [status.text for status in harness.slack.state.status_log] == ["is transcribing…"]
    assert harness.slack.state.status(harness.channel.id, message.ts) == ""
    assert reply.metadata is not None
    assert set(reply.metadata["event_payload"]) == {"key", "state", "revision"}
    assert "clip of" not in str(reply.metadata)


async def test_a_thread_is_answered_in_the_language_that_the_operator_names(harness: BotHarness) -> None:
    async with harness.bot_running(reply_locale="de"):
        message = harness.share(harness.clip(2))
        (reply,) = await harness.answered(message)
    assert context(reply) == "Englisch · 0:02"
    assert [status.text for status in harness.slack.state.status_log] == ["transkribiert gerade …"]


async def test_nothing_more_is_asked_of_slack_than_the_story_needs(socket_harness: BotHarness) -> None:
    harness = socket_harness
    async with harness.bot_running():
        # The verification at the start, and the list of channels for catching up.
        await harness.until(lambda: bool(harness.dashscope.calls and harness.calls("users.conversations")))
        before = len(harness.slack.state.calls)
        await harness.answered(harness.share(harness.clip()))
        methods = [call.method for call in harness.slack.state.calls[before:]]
    # The bot's own reply comes back to it as an event, which it acknowledges too.
    calls = sorted(method for method in methods if method != "socket_ack")
    assert calls == ["assistant.threads.setStatus", "chat.postMessage", "download"]


@at_the_door
async def test_redelivery_yields_one_reply(harness: BotHarness) -> None:
    async with harness.bot_running():
        message = harness.share(harness.clip())
        await harness.answered(message)
        again = harness.slack.deliver("events_api", harness.slack.deliveries[0].payload)
        await again.settled()
        await harness.idle()
    assert again.acked
    assert len(harness.replies(message)) == 1
    assert len(harness.calls("chat.postMessage")) == 1


async def test_a_mention_and_its_twin_yield_one_reply(harness: BotHarness) -> None:
    mention = f"<@{harness.slack.state.workspace.bot_user_id}> please"
    async with harness.bot_running():
        message = harness.share(harness.clip(), text=mention)
        replies = await harness.answered(message)
    kinds = [delivery.payload["event"]["type"] for delivery in harness.slack.deliveries]
    assert sorted(kinds[:3]) == ["app_mention", "file_shared", "message"]
    assert [words(reply) for reply in replies] == ["A clip of 2 seconds."]


async def test_several_files_are_answered_in_their_order(harness: BotHarness) -> None:
    # The first takes longest, and its download fails once on the way.
    harness.ear.delays_s = {4: 0.6, 2: 0.2}
    harness.slack.faults.add("download", slack.Answer(500))
    async with harness.bot_running():
        files = [harness.clip(seconds, name=f"note {seconds}.wav") for seconds in (4, 2, 1)]
        replies = await harness.answered(harness.share(*files), replies=3)
    assert [words(reply) for reply in replies] == [f"A clip of {n} seconds." for n in (4, 2, 1)]
    assert [context(reply) for reply in replies] == [f"English · 0:0{n} · note {n}.wav" for n in (4, 2, 1)]


async def test_a_clip_in_a_thread_is_answered_in_that_thread(harness: BotHarness) -> None:
    async with harness.bot_running():
        head = harness.slack.state.post_as_user(harness.channel.id, harness.ada.id, "How was it?")
        message = harness.share(harness.clip(), thread_ts=head.ts)
        (reply,) = await harness.answered(message)
    assert reply.thread_ts == head.ts


async def test_files_of_a_forwarded_message_are_transcribed(harness: BotHarness) -> None:
    elsewhere = harness.slack.state.add_channel("elsewhere", harness.ada.id, with_bot=False)
    async with harness.bot_running():
        original = harness.share(harness.clip(3), channel=elsewhere)
        forwarded = harness.slack.state.post_as_user(harness.channel.id, harness.ada.id, forwarded=original)
        (reply,) = await harness.answered(forwarded)
    assert words(reply) == "A clip of 3 seconds."
    assert harness.replies(original) == []


async def test_a_direct_message_is_always_transcribed(harness: BotHarness) -> None:
    direct = harness.slack.state.add_channel("", harness.ada.id, kind="im")
    async with harness.bot_running(auto_transcribe=False):
        (reply,) = await harness.answered(harness.share(harness.clip(), channel=direct))
    assert words(reply) == "A clip of 2 seconds."


async def test_a_slack_connect_stub_is_looked_up(harness: BotHarness) -> None:
    direct = harness.slack.state.add_channel("", harness.ada.id, kind="im")
    async with harness.bot_running():
        message = harness.share(harness.clip(stub_in_events=True), channel=direct)
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 2 seconds."
    assert len(harness.calls("files.info")) == 1


async def test_an_address_that_comes_late_is_waited_for(socket_harness: BotHarness) -> None:
    harness = socket_harness
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(harness.clip(urls_missing_for=2)))
    assert words(reply) == "A clip of 2 seconds."


async def test_what_was_not_asked_for_is_ignored_without_a_word(harness: BotHarness) -> None:
    state, ada = harness.slack.state, harness.ada
    shared = state.add_channel("partners", ada.id, is_ext_shared=True)
    robot = state.add_user("robot")
    async with harness.bot_running():
        silent: list[Message] = [
            harness.share(state.add_file(b"%PDF-1.7", "plan.pdf", user=ada.id, mimetype="application/pdf")),
            harness.share(state.add_file(b"\x89PNG", "cat.png", user=ada.id, mimetype="image/png")),
            harness.share(state.add_file(tone(1), "talk.mp4", user=ada.id, mimetype="video/mp4")),
            harness.share(harness.clip(), channel=shared),
            harness.share(),
        ]
        bots = Message(state.next_ts(), harness.channel.id, robot.id, "", bot_id="B0OTHER0001")
        bots.subtype, bots.files = "bot_message", [harness.clip()]
        state.keep(bots)
        await harness.answered(harness.share(harness.clip()))
    assert [harness.replies(message) for message in silent] == [[]] * 5
    assert bots.ts not in {call.get("thread_ts") for call in harness.calls("chat.postMessage")}
    assert len(harness.dashscope.calls) <= 2  # the verification at start, and the clip that counts
    assert len(harness.calls("chat.postMessage")) == 1


async def test_automatic_transcription_can_be_off(harness: BotHarness) -> None:
    mention = f"<@{harness.slack.state.workspace.bot_user_id}>"
    async with harness.bot_running(auto_transcribe=False):
        quiet = harness.share(harness.clip(3))
        asked = harness.share(harness.clip(2), text=mention)
        (reply,) = await harness.answered(asked)
    assert harness.replies(quiet) == []
    assert words(reply) == "A clip of 2 seconds."


async def test_an_uploaded_video_is_transcribed_on_request(harness: BotHarness) -> None:
    mention = f"<@{harness.slack.state.workspace.bot_user_id}>"
    video = harness.slack.state.add_file(tone(2), "talk.mp4", user=harness.ada.id, mimetype="video/mp4")
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(video, text=mention))
    assert words(reply) == "A clip of 2 seconds."


async def test_hostile_words_come_out_as_plain_characters(harness: BotHarness) -> None:
    hostile = "<!channel> <@U0000000001> <https://evil.example|click> *bold* &amp; @here `code`"
    harness.ear.text = hostile
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(harness.clip()))
    assert words(reply) == hostile
    assert "<" not in reply.text
    assert ">" not in reply.text
    (post,) = harness.calls("chat.postMessage")
    assert post["parse"] == "none"
    assert post["unfurl_links"] is False
    assert post["unfurl_media"] is False
    assert post["link_names"] is False


async def test_a_workspace_may_refuse_the_status(harness: BotHarness) -> None:
    harness.slack.state.workspace.status_refusal = "not_allowed_token_type"
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(harness.clip()))
    assert words(reply) == "A clip of 2 seconds."


async def test_a_reply_tells_of_its_tracks_and_where_the_file_breaks_off(
    socket_harness: BotHarness, tmp_path: Path
) -> None:
    tracks = [Track(pauses((0.0, 20.0, hz))) for hz in (500.0, 900.0)]
    whole = mux(tmp_path / "meeting.mkv", "matroska", tracks).read_bytes()
    clip = socket_harness.slack.state.add_file(
        whole[: len(whole) // 2],
        "meeting.mkv",
        user=socket_harness.ada.id,
        mimetype="audio/x-matroska",
        as_voice_clip=True,
    )
    async with socket_harness.bot_running():
        (reply,) = await socket_harness.answered(socket_harness.share(clip))
    length = context(reply).split(" · ")[1]
    assert length in {"0:09", "0:10"}
    assert context(reply) == f"English · {length} · 2 tracks · The file breaks off at {length}"
