"""Replies that stand in a thread, and what people do with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from bot.model import THREAD, Job, JobKey, Place
from bot.playground.slack_lookalike.delivery import Delivery
from bot.playground.slack_lookalike.records import Channel, Message, User, View
from bot.recording import LanguageHeard, Paragraph, Span, Transcript, Utterance
from bot.reply import Reply, ThreadLookup
from bot.slack.blockkit import action_ids
from bot.slack.interactions.answer import PATIENCE_S
from bot.slack.replies.controls import Choice
from tests.slack import payloads
from tests.slack.harness import SlackHarness, slack_harness

FILE_ID = "F024CLIP1"


@dataclass
class Answered:
    """A recording of Anne's in a channel with Bea and an admin; Zoe is not in it."""

    harness: SlackHarness
    channel: Channel
    head: Message
    anne: User
    bea: User
    root: User
    zoe: User

    def job(self, *, audience: str = THREAD, revision: int = 0, **changes: Any) -> Job:
        key = JobKey(self.harness.team_id, self.channel.id, self.head.ts, FILE_ID, audience)
        file = payloads.shared_file(name="a.m4a")
        request = payloads.request(channel_id=self.channel.id, ts=self.head.ts, file=file)
        wanted = replace(request, **{"key": key, "user_id": self.anne.id, **changes})
        return payloads.job(wanted, revision=revision)

    def record(self, owner: User) -> None:
        """Have somebody else have recorded the file."""
        self.harness.slack.state.files[FILE_ID].user = owner.id

    async def reply(self, said: Reply, job: Job | None = None) -> Message:
        """What the bot said of it a while ago; its files stand beside it."""
        job = job or self.job()
        ts = await self.harness.context.replies.publish(job, said, ThreadLookup())
        # Who was in the channel then is asked again.
        self.harness.time.passed_s += 10
        return next(m for m in self.harness.slack.state.messages.values() if m.ts == ts)

    async def choose(self, reply: Message, choice: str, user: User) -> Delivery:
        """Choose an entry of a reply's menu, and wait for what comes of it."""
        chosen = {"text": {"type": "plain_text", "text": "x"}, "value": choice}
        return await self.press(reply, action_ids.REPLY_MENU, user, selected_option=chosen)

    async def press(self, reply: Message, action_id: str, user: User, **more: object) -> Delivery:
        delivery = self.harness.people.click(reply, action_id, user.id, **more)
        await self.harness.settled()
        return delivery

    async def open(self, reply: Message, choice: Choice, user: User) -> View:
        """The modal that a choice opens."""
        await self.choose(reply, choice, user)
        return self.harness.modal()

    async def submit(self, view: View, values: dict[str, Any] | None = None) -> Delivery:
        delivery = self.harness.people.submit(view, values or {})
        await self.harness.settled()
        return delivery

    def told(self, user: User) -> str:
        """What only this person was told last; empty where nothing was."""
        return next(reversed(self.harness.whispers(user.id)), "")

    def shared(self, place: Place) -> list[Message]:
        """The bot's messages with files there."""
        state = self.harness.slack.state
        return [
            m
            for m in state.messages.values()
            if m.channel_id == place.channel_id and m.files and m.bot_id == state.workspace.bot_id
        ]


@asynccontextmanager
async def answered(
    *, patience_s: float = PATIENCE_S, locale: str = "en-US", **deployment: Any
) -> AsyncIterator[Answered]:
    """A bot of which the menu and the buttons of replies work."""

    async with slack_harness(
        lambda handlers: [handlers.reply_menu, handlers.reply_buttons], patience_s=patience_s, **deployment
    ) as harness:
        state = harness.slack.state
        anne, bea, zoe = state.add_user("anne", locale=locale), state.add_user("bea"), state.add_user("zoe")
        root = state.add_user("root", is_admin=True)
        channel = state.add_channel("general", anne.id, bea.id, root.id)
        file = state.add_file(b"sound", "a.m4a", user=anne.id, as_voice_clip=True)
        file.id = FILE_ID
        state.files[FILE_ID] = file
        head = state.post_as_user(channel.id, anne.id, "listen", files=[file])
        yield Answered(harness, channel, head, anne, bea, root, zoe)


def notice(view: View) -> str:
    """What stands in a modal that has nothing to fill in."""
    (block,) = view.content["blocks"]
    return str(block["text"]["text"])


def inputs(view: View) -> list[dict[str, Any]]:
    return [block for block in view.content["blocks"] if block["type"] == "input"]


def written(block: dict[str, Any], text: str) -> dict[str, Any]:
    """What a submission says of a field after somebody has written this."""
    return {block["block_id"]: {block["element"]["action_id"]: {"value": text}}}


def timed(*texts: str) -> Transcript:
    """Paragraphs of two seconds each, with two seconds of silence between them."""
    spans = [Span(4_000 * at, 4_000 * at + 2_000) for at in range(len(texts))]
    passages = tuple(
        Paragraph(text, (Utterance(text, span),)) for text, span in zip(texts, spans, strict=True)
    )
    return Transcript(passages, (LanguageHeard("en", 0),), 4.0 * len(texts), complete=True)
