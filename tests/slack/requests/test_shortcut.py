from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot import sentences
from bot.model import THREAD, FileState, Outcome, Place, TranscriptionRequest
from bot.playground.slack_lookalike.blockkit import complaints_about_view
from bot.playground.slack_lookalike.faults import Answer, Delay, SlackError
from bot.playground.slack_lookalike.records import Channel, File, Message, User, View
from bot.ports.store import RequestOutcome
from bot.slack.blockkit import action_ids
from bot.translations import ENGLISH
from tests.flows.hands import Form, text_in
from tests.job.memory import MemoryJobs
from tests.job.virtual import VirtualTime
from tests.slack.harness import SlackHarness, slack_harness


@dataclass
class Scene:
    """A channel that the bot is in, and two people of whom one is in it too."""

    harness: SlackHarness
    channel: Channel
    anne: User
    zoe: User

    def clip(self, name: str = "audio_message.m4a") -> File:
        return self.harness.slack.state.add_file(b"sound", name, user=self.anne.id, as_voice_clip=True)

    def post(self, *files: File, channel: Channel | None = None, **more: Any) -> Message:
        place = channel or self.channel
        return self.harness.slack.state.post_as_user(place.id, self.anne.id, "listen", files=files, **more)

    async def open(self, message: Message, user: User | None = None) -> View:
        """Choose "Transcribe" in a message's menu, and wait until the modal is as it should be."""
        delivery = self.harness.people.message_shortcut(action_ids.SHORTCUT, message, (user or self.anne).id)
        await self.harness.settled()
        assert delivery.acked
        view = self.harness.modal()
        assert complaints_about_view(view.content) == []
        return view

    async def send(self, form: Form) -> str:
        """Send the modal; what it says then."""
        delivery = self.harness.people.submit(form.view, form.values)
        await self.harness.settled()
        assert delivery.acked
        assert delivery.answer["response_action"] == "update"
        assert form.view.errors == {}
        assert "submit" not in form.view.content
        return text_in(form.view)

    def asked(self) -> list[TranscriptionRequest]:
        return [row.job.request for row in self.harness.jobs.rows.values()]


@asynccontextmanager
async def scene(
    jobs: MemoryJobs | None = None,
    *,
    locale: str = "en-US",
    ack_timeout_s: float = 3.0,
    patience_s: float = 2.0,
    **channel: Any,
) -> AsyncIterator[Scene]:
    async with slack_harness(
        lambda handlers: [handlers.shortcut],
        ack_timeout_s=ack_timeout_s,
        patience_s=patience_s,
        requests=lambda kept: jobs or kept,
    ) as harness:
        state = harness.slack.state
        anne, zoe = state.add_user("anne", locale=locale), state.add_user("zoe")
        yield Scene(harness, state.add_channel("general", anne.id, **channel), anne, zoe)


async def test_a_recording_is_transcribed_in_its_thread() -> None:
    async with scene() as at:
        message = at.post(at.clip(), at.clip())

        said = await at.send(Form(await at.open(message)))

        assert said == ENGLISH.say(sentences.ASKED_IN_THREAD)
        first, second = at.asked()
        assert (first.key.channel_id, first.key.message_ts) == (at.channel.id, message.ts)
        assert (first.key.team_id, first.key.audience) == (at.harness.team_id, THREAD)
        assert [first.file.id, second.file.id] == [file.id for file in message.files]
        assert [(one.position, one.siblings) for one in (first, second)] == [(0, 2), (1, 2)]
        assert (first.thread_ts, first.user_id) == (message.ts, at.anne.id)
        assert (first.explicit, first.asked_by, first.language) == (True, at.anne.id, None)
        assert first.file.state is FileState.AVAILABLE
        assert first.whisper_in is None


async def test_or_for_one_person_in_a_language_that_they_name() -> None:
    async with scene() as at:
        message = at.post(at.clip())

        form = Form(await at.open(message)).choose("Where", "Only for me").choose("Language", "German")
        said = await at.send(form)

        assert said == ENGLISH.say(sentences.ASKED_HERE)
        (request,) = at.asked()
        assert (request.key.audience, request.language) == (at.anne.id, "de")
        assert request.whisper_in == Place(at.channel.id)


async def test_in_a_thread_they_are_answered_there() -> None:
    async with scene() as at:
        head = at.post()
        message = at.post(at.clip(), thread_ts=head.ts)

        await at.send(Form(await at.open(message)).choose("Where", "Only for me"))

        (request,) = at.asked()
        assert request.whisper_in == Place(at.channel.id, head.ts)
        assert request.thread_ts == head.ts


async def test_forwarded_recordings_are_found() -> None:
    async with scene() as at:
        elsewhere = at.harness.slack.state.add_channel("elsewhere", at.anne.id)
        original = at.post(at.clip(), channel=elsewhere)
        message = at.post(forwarded=original)

        assert await at.send(Form(await at.open(message))) == ENGLISH.say(sentences.ASKED_IN_THREAD)

        (request,) = at.asked()
        assert request.file.id == original.files[0].id
        assert (request.key.channel_id, request.key.message_ts) == (at.channel.id, message.ts)


async def test_of_somebody_who_opted_out_it_is_refused_in_the_modal() -> None:
    async with scene() as at:
        message = at.post(at.clip())
        open_before = await at.open(message)
        await at.harness.preferences.opt_out(at.harness.team_id, at.anne.id, out=True)

        assert text_in(await at.open(message)) == ENGLISH.say(sentences.OPTED_OUT_YOURSELF)
        assert await at.send(Form(open_before)) == ENGLISH.say(sentences.OPTED_OUT_YOURSELF)
        assert at.asked() == []


async def test_a_message_without_a_recording_is_refused_at_once() -> None:
    async with scene() as at:
        pdf = at.harness.slack.state.add_file(b"x", "a.pdf", user=at.anne.id, mimetype="application/pdf")

        for message in (at.post(), at.post(pdf)):
            view = await at.open(message)
            assert text_in(view) == ENGLISH.say(sentences.NOTHING_IN_IT)
            assert "submit" not in view.content

        assert at.harness.calls("users.info") == []


async def test_the_modal_opens_before_anything_is_looked_up() -> None:
    async with scene(locale="de-DE") as at:
        message = at.post(at.clip())
        hold = at.harness.slack.faults.hold("users.info")

        at.harness.people.message_shortcut(action_ids.SHORTCUT, message, at.anne.id)
        await hold.reached()
        await at.harness.slack.settled()
        early = Form(at.harness.modal()).offers("Language")
        hold.release()
        await at.harness.settled()

        assert "German" in early
        assert "Deutsch" in Form(at.harness.modal()).offers("Sprache")
        assert [call.method for call in at.harness.slack.state.calls if "." in call.method][1] == "views.open"


async def test_where_the_bot_is_not_in_the_conversation_it_says_how_to_invite_it() -> None:
    async with scene(with_bot=False) as at:
        view = await at.open(at.post(at.clip()))

        assert text_in(view) == ENGLISH.say(sentences.NOT_READABLE)
        assert "/invite @Threadscribe" in text_in(view)
        assert "submit" not in view.content


async def test_what_it_can_read_from_elsewhere_it_transcribes_for_one_person() -> None:
    async with scene(with_bot=False) as at:
        file = at.clip()
        at.post(file, channel=at.harness.slack.state.add_channel("shared", at.anne.id))
        form = Form(await at.open(at.post(file)))

        assert form.offers("Where") == ["Only for me"]
        assert await at.send(form) == ENGLISH.say(sentences.ASKED_DIRECT)

        (request,) = at.asked()
        assert (request.key.audience, request.key.channel_id) == (at.anne.id, at.channel.id)
        assert request.whisper_in is None


async def test_a_modal_that_was_sent_too_soon_asks_for_nothing_in_a_thread_out_of_reach() -> None:
    async with scene(with_bot=False) as at:
        message = at.post(at.clip())
        at.harness.slack.faults.add("users.info", Delay(0.8))
        at.harness.people.message_shortcut(action_ids.SHORTCUT, message, at.anne.id)
        await at.harness.slack.settled()
        form = Form(at.harness.modal())

        assert await at.send(form) == ENGLISH.say(sentences.NOT_READABLE)

        assert at.asked() == []


async def test_one_that_was_sent_too_soon_keeps_what_it_said() -> None:
    async with scene() as at:
        message = at.post(at.clip())
        hold = at.harness.slack.faults.hold("users.info")
        at.harness.people.message_shortcut(action_ids.SHORTCUT, message, at.anne.id)
        await hold.reached()
        await at.harness.slack.settled()
        view = at.harness.modal()
        at.harness.people.submit(view, {})
        await at.harness.slack.settled()

        hold.release()
        await at.harness.settled()

        assert text_in(view) == ENGLISH.say(sentences.ASKED_IN_THREAD)
        assert len(at.harness.calls("views.update")) == 1


async def test_whoever_is_not_in_the_channel_any_more_gets_nothing() -> None:
    async with scene() as at:
        view = await at.open(at.post(at.clip()))
        at.channel.members.remove(at.anne.id)

        assert await at.send(Form(view).choose("Where", "Only for me")) == ENGLISH.say(sentences.OUT_OF_REACH)

        assert at.asked() == []


async def test_a_private_channel_that_the_bot_is_not_in_is_told_of_as_if_it_were_not_there() -> None:
    async with scene(kind="group", with_bot=False) as at:
        view = await at.open(at.post(at.clip()))

        assert text_in(view) == ENGLISH.say(sentences.NOT_READABLE)
        assert at.asked() == []


async def test_who_asks_twice_hears_that_it_is_under_way() -> None:
    async with scene() as at:
        message = at.post(at.clip())
        await at.send(Form(await at.open(message)))

        assert await at.send(Form(await at.open(message))) == ENGLISH.say(sentences.UNDER_WAY_IN_THREAD)

        (row,) = at.harness.jobs.rows.values()
        assert row.job.revision == 0


async def test_or_that_it_was_answered_unless_they_name_a_language() -> None:
    async with scene() as at:
        message = at.post(at.clip())
        await at.send(Form(await at.open(message)))
        job = await at.harness.jobs.claim()
        assert job is not None
        await at.harness.jobs.finish(job, Outcome.TRANSCRIBED)

        assert await at.send(Form(await at.open(message))) == ENGLISH.say(sentences.ANSWERED_IN_THREAD)

        in_german = Form(await at.open(message)).choose("Language", "German")
        assert await at.send(in_german) == ENGLISH.say(sentences.ASKED_IN_THREAD)
        assert [row.job.revision for row in at.harness.jobs.rows.values()] == [1]


@pytest.mark.parametrize("fault", [SlackError("internal_error"), Answer(503), SlackError("missing_scope")])
async def test_a_silent_slack_is_told_of_in_the_modal(fault: SlackError | Answer) -> None:
    async with scene() as at:
        view = await at.open(at.post(at.clip()))
        at.harness.slack.faults.add("conversations.members", fault, times=None)

        assert await at.send(Form(view)) == ENGLISH.say(sentences.SLACK_SILENT)

        assert at.asked() == []


async def test_a_slow_slack_is_told_of_in_time() -> None:
    async with scene(patience_s=0.3) as at:
        view = await at.open(at.post(at.clip()))
        at.harness.slack.faults.hold("conversations.members")

        assert await at.send(Form(view)) == ENGLISH.say(sentences.SLACK_SLOW)

        assert at.asked() == []


@pytest.mark.parametrize("changes", [{}, {"message": "hello"}, {"message": {"ts": "1:2"}}, {"channel": None}])
async def test_an_odd_payload_is_answered(changes: dict[str, Any]) -> None:
    async with scene() as at:
        known = {
            "type": "message_action",
            "callback_id": action_ids.SHORTCUT,
            "team": {"id": at.harness.team_id},
            "user": {"id": at.anne.id},
            "trigger_id": at.harness.slack.state.new_trigger(at.anne.id),
        }

        delivery = at.harness.slack.deliver("interactive", known | changes)
        await at.harness.settled()

        assert delivery.acked
        assert text_in(at.harness.modal()) == ENGLISH.say(sentences.NOTHING_IN_IT)


async def test_a_modal_that_does_not_open_is_acknowledged_all_the_same() -> None:
    async with scene() as at:
        at.harness.slack.faults.add("views.open", SlackError("expired_trigger_id"))

        delivery = at.harness.people.message_shortcut(action_ids.SHORTCUT, at.post(at.clip()), at.anne.id)
        await at.harness.settled()

        assert delivery.acked
        assert at.harness.slack.state.views == {}
        assert at.harness.calls("views.update") == []


@pytest.mark.parametrize("method", ["users.info", "conversations.info", "views.update"])
async def test_one_that_is_not_set_right_can_be_sent_as_it_is(method: str) -> None:
    async with scene() as at:
        at.harness.slack.faults.add(method, SlackError("internal_error"))

        view = await at.open(at.post(at.clip()))

        assert Form(view).chosen("Language") == "Automatic"
        assert await at.send(Form(view)) == ENGLISH.say(sentences.ASKED_IN_THREAD)


async def test_what_no_menu_offers_asks_for_nothing() -> None:
    async with scene() as at:
        form = Form(await at.open(at.post(at.clip())))
        form.values = {"where": {"entry": {"type": "static_select", "selected_option": {"value": "all"}}}}

        assert await at.send(form) == ENGLISH.say(sentences.NOT_AN_OPTION)

        assert at.asked() == []


class FullDisk(MemoryJobs):
    """A store that cannot store."""

    async def ask(self, *_: object, **__: object) -> list[RequestOutcome]:
        raise OSError(28, "No space left on device")


async def test_what_could_not_be_stored_is_not_acknowledged() -> None:
    async with scene(FullDisk(VirtualTime()), ack_timeout_s=0.5) as at:
        view = await at.open(at.post(at.clip()))

        delivery = at.harness.people.submit(view, {})
        await at.harness.settled()

        assert delivery.lost


@pytest.mark.parametrize("is_here", [True, False])
@pytest.mark.parametrize("forged", ["files", "ts", "thread_ts"])
async def test_a_submission_asks_for_what_is_in_the_message_alone(forged: str, *, is_here: bool) -> None:
    """Whoever can sign payloads may put other ids in the place of the modal's."""
    async with scene(with_bot=is_here) as at:
        state = at.harness.slack.state
        secret = state.add_channel("secret", at.zoe.id, kind="group")
        elsewhere = at.post(at.clip("secret.m4a"), channel=secret)
        file = at.clip()
        at.post(file, channel=state.add_channel("shared", at.anne.id))  # so that the bot can read it
        message = at.post(file)
        form = Form(await at.open(message))
        known = json.loads(form.view.content["private_metadata"])
        known[forged] = [elsewhere.files[0].id] if forged == "files" else elsewhere.ts
        form.view.content["private_metadata"] = json.dumps(known)

        await at.send(form)

        asked = [(request.key.message_ts, request.thread_ts, request.file.id) for request in at.asked()]
        assert asked == ([(message.ts, message.ts, message.files[0].id)] if forged == "thread_ts" else [])
