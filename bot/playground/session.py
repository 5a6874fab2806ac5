"""A playground: a workspace with people in it, a recogniser, and the bot between them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from bot.playground.bot_process import BotProcess, LogLine, bot_running
from bot.playground.dashscope_lookalike.calls import Call as AsrCall
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.playground.page.sharing import Share, share
from bot.playground.page.traffic import Traffic
from bot.playground.page.workspace import AppFeatures, parse_features
from bot.playground.slack_lookalike.block_text import render_blocks
from bot.playground.slack_lookalike.records import Channel, Message, User
from bot.playground.slack_lookalike.server import SlackLookalike
from bot.playground.slack_lookalike.state import SlackState
from bot.playground.slack_lookalike.thread_text import render_thread
from bot.whisper.whisper import Whisper

Outcome = Literal["transcribed", "refused", "failed"]
DeliveryMode = Literal["socket", "http"]
_OUTCOMES: Mapping[str, Outcome] = {
    "transcribed": "transcribed",
    "gapped": "transcribed",
    "refused": "refused",
    "ignored": "refused",
}
_ON_THE_WAY = frozenset({"retry", "parked"})
_GIVE_UP_AFTER_S = 120
MANIFEST = Path(__file__).parents[1] / "manifest.yml"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file."""

    outcome: Outcome
    thread: str
    """As a person sees it."""
    transcript: str
    language: str | None
    """The recogniser's code."""
    duration_s: float | None
    text: str
    """The reply's fallback text; empty where there is no reply."""
    blocks: list[dict[str, Any]]
    elapsed_s: dict[str, float | None]
    """Total, as the person waits; and by stage, as the bot's log says."""


class Playground:
    """A workspace that runs: post files and see what comes back.

    Attributes:
        slack: The look-alike, for its address and state.
        traffic: What travels between it, the bot and the recogniser.
        features: What the bot's manifest offers people.
    """

    def __init__(
        self, slack: SlackLookalike, traffic: Traffic, bot: BotProcess, person: User, channel: Channel
    ) -> None:
        self.slack = slack
        self.traffic = traffic
        self.features: AppFeatures = parse_features(yaml.safe_load(MANIFEST.read_text(encoding="utf-8")))
        self._bot = bot
        self._person = person
        self._channel = channel

    async def share(self, path: Path, name: str | None = None) -> Result:
        """Post a file as a voice clip and wait for the bot's last word on it.

        Args:
            path: Where it lies.
            name: What it is called; the path's own name if left out.

        Raises:
            BotDied: it ended before that.
        """
        wanted = Share(self._channel.id, self._person.id, name or path.name, mimetype="", as_voice_clip=True)
        message = await share(self.slack.state, path, wanted)
        # It travels in a later turn of the event loop: no answer is missed.
        started = time.perf_counter()
        line = await self._bot.expect(
            lambda line: (
                line.get("event") == "job"
                and line.get("file_id") == message.files[0].id
                and line.get("outcome") not in _ON_THE_WAY
            )
        )
        return self._result(message, line, time.perf_counter() - started)

    async def ended(self) -> None:
        """Wait for the bot to end, which it should not.

        Raises:
            BotDied: it did.
        """
        await self._bot.expect(lambda _line: False)

    def _result(self, message: Message, line: LogLine, total_s: float) -> Result:
        state = self.slack.state
        replies = state.replies(message)
        # Files may stand before it or behind it.
        reply = next((message for message in replies if not message.files), None)
        outcome = _OUTCOMES.get(str(line.get("outcome")), "failed")
        thread = state.thread(message.channel_id, message.ts)
        stages = ("download", "prepare", "recognise", "reply")
        return Result(
            outcome=outcome,
            thread=render_thread(thread, state.users, state.status(message.channel_id, message.ts)),
            transcript=_transcript(reply, replies) if reply and outcome == "transcribed" else "",
            language=line.get("language"),
            duration_s=line.get("audio_s"),
            text=reply.text if reply else "",
            blocks=reply.blocks if reply else [],
            elapsed_s={"total": round(total_s, 3), **{name: line.get(f"{name}_s") for name in stages}},
        )


@asynccontextmanager
async def playground(
    recogniser_settings: Mapping[str, str] | None,
    delivery: DeliveryMode,
    show_log: Callable[[LogLine], None],
) -> AsyncIterator[Playground]:
    """Start everything on free loopback ports; it ends with the block.

    Args:
        recogniser_settings: ``DASHSCOPE_*`` and ``ASR_*`` of the real service; ``None`` for the packaged one.
        delivery: How events reach the bot.
        show_log: Gets the bot's log lines.

    Raises:
        ModelError: the packaged recogniser is missing or broken.
        BotDied: the bot did not come up.
    """
    async with AsyncExitStack() as stack:
        asr_calls: Sequence[AsrCall] = ()
        if recogniser_settings is None:
            whisper = await stack.enter_async_context(Whisper.opened())
            dashscope = await stack.enter_async_context(DashScopeLookalike(whisper.recognise))
            asr_calls = dashscope.calls
            recogniser_settings = {
                "DASHSCOPE_API_KEY": dashscope.api_key,
                "DASHSCOPE_BASE_URL": dashscope.base_url,
                # It hears one at a time: one waits, so that it never does.
                "ASR_CONCURRENCY": "2",
            }
        slack = await stack.enter_async_context(SlackLookalike())
        person, channel = furnish(slack.state)
        traffic = Traffic(slack.deliveries, slack.state.calls, asr_calls)

        def take(line: LogLine) -> None:
            traffic.note(line)
            show_log(line)

        bot, ready = await stack.enter_async_context(
            bot_running(_settings(slack, recogniser_settings, delivery), take)
        )
        if delivery == "http":
            await slack.deliver_to(f"http://127.0.0.1:{ready['http_port']}/slack/events")
        yield Playground(slack, traffic, bot, person, channel)


def furnish(state: SlackState) -> tuple[User, Channel]:
    """Put people and channels in; returns who shares files first, and where.

    Two people, so that one can look at what the other sees, in a language of their own; and a channel that
    the bot has still to be invited to.
    """
    ada, grete = state.add_user("ada", is_admin=True), state.add_user("grete", locale="de-DE")
    channel = state.add_channel("voice-notes", ada.id, grete.id)
    state.add_channel("general", ada.id, grete.id, with_bot=False)
    for person in (ada, grete):
        state.add_channel("", person.id, kind="im")
    state.add_channel("", ada.id, grete.id, kind="im", with_bot=False)
    return ada, channel


def _settings(
    slack: SlackLookalike, recogniser_settings: Mapping[str, str], delivery: DeliveryMode
) -> dict[str, str]:
    settings = {
        **recogniser_settings,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "SLACK_FILE_ORIGINS": slack.origin,
        "JOB_GIVE_UP_AFTER_S": str(_GIVE_UP_AFTER_S),
    }
    if delivery == "socket":
        settings["SLACK_APP_TOKEN"] = slack.app_token
    return settings


def _transcript(reply: Message, replies: list[Message]) -> str:
    """The words of the reply, or of the file that holds them all."""
    for file in (file for message in replies for file in message.files):
        if file.name.endswith(".txt"):
            content = file.content if isinstance(file.content, bytes) else file.content.read_bytes()
            return content.decode().strip()
    return render_blocks(reply.blocks[:1], {})
