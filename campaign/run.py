"""One campaign: people share clips while incidents befall the bot; then everything has to come right."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.playground.slack_lookalike.delivery import RetrySchedule
from bot.playground.slack_lookalike.records import Message
from bot.playground.slack_lookalike.server import SlackLookalike
from campaign.clock import SystemClock
from campaign.disk import Disk
from campaign.incidents import Incidents, Scene, plan
from campaign.judge import GOOD, Reply, Verdict, judge, read_reply
from campaign.keeper import Keeper, bot_environment
from campaign.sounds import Clip, Ear
from campaign.wire import UnsteadyEvents, failing_calls

_CHANNELS = 6
"""Slack takes about a post a second in a channel, and more is shared than that."""
_SCHEDULE = RetrySchedule(ack_timeout_s=3.0, delays_s=(1.0, 10.0, 40.0))
"""Slack gives an event up after about a minute here, in place of six."""
_START_S = 60.0
_SETTLE_S = 300.0
"""After the last incident."""
_TIDY_S = 75.0
"""After the last answer: temporary audio that could not be deleted is tried again each minute."""
_LINGER_S = 3.0
"""After everything has come right: so late a second answer would still be seen."""
_LOOK_AGAIN_S = 0.5
_MISUSED = 2
"""The exit code after which a service manager does not start the bot again: see docs/operating.md."""
_MOST_ODD = 20


@dataclass(frozen=True, slots=True)
class Options:
    """What a campaign is made of."""

    python: Path
    """The interpreter that runs the bot."""
    seed: int
    minutes: float
    incidents: Sequence[str]
    fault_rate: float
    """The share of calls that fail."""


@dataclass(frozen=True, slots=True)
class _Shared:
    clip: Clip
    message: Message


class Campaign:
    """A campaign, once.

    Args:
        options: What it is made of.
        clips: What people share.
        disk: Where the bot keeps its data.
        clock: The bot's.
        log: Takes the bot's log.
    """

    def __init__(
        self, options: Options, clips: list[Clip], disk: Disk, clock: SystemClock, log: BinaryIO
    ) -> None:
        self._options = options
        self._clips = clips
        self._disk = disk
        self._clock = clock
        self._log = log
        self._ear = Ear(clips)
        self._slack = SlackLookalike(schedule=_SCHEDULE)
        self._dashscope = DashScopeLookalike(self._ear.hear)
        self._shared: list[_Shared] = []
        self._events = UnsteadyEvents(self._slack, random.Random(self._options.seed))
        self._settled_s: float | None = None

    async def run(self) -> dict[str, Any]:
        """Run it, and tell how it went, ready for JSON; ``holds`` says whether everything came right.

        Raises:
            TimeoutError: the bot did not start where nothing was wrong.
        """
        async with self._slack, self._dashscope:
            keeper = Keeper(
                self._options.python, bot_environment(self._options.python, self._settings()), self._log
            )
            async with keeper:
                await keeper.ready(_START_S)
                incidents = Incidents(Scene(keeper, self._slack, self._disk, self._clock))
                await self._strike(incidents)
                await self._settle()
                found = self._judge()
        exits = keeper.exits
        found |= {
            "recognised_again_at_its_end": self._ear.again_after(keeper.ended_at),
            "starts": keeper.starts,
            "exits": {str(code): count for code, count in sorted(exits.items())},
            "exit_at_the_end": keeper.last_exit,
            "incidents": incidents.log,
            "skipped": incidents.skipped,
        }
        came_right = found["verdicts_hold"] and not found["left_in_tmp"]
        holds = came_right and not exits[_MISUSED] and keeper.last_exit == 0
        return {"holds": holds, "seed": self._options.seed, "bot": str(self._options.python)} | found

    async def _strike(self, incidents: Incidents) -> None:
        rng, seconds = random.Random(self._options.seed), self._options.minutes * 60
        planned = plan(self._options.incidents, seconds, rng)
        with ExitStack() as stack:
            stack.enter_context(self._events.unsteady())
            faults = failing_calls(self._slack, self._dashscope, self._options.fault_rate, rng)
            stack.enter_context(faults)
            async with asyncio.TaskGroup() as group:
                group.create_task(incidents.befall(planned))
                group.create_task(self._share(seconds, rng))

    async def _share(self, seconds: float, rng: random.Random) -> None:
        state = self._slack.state
        ada = state.add_user("ada").id
        channels = [state.add_channel(f"voice-notes-{number}", ada).id for number in range(_CHANNELS)]
        began_at = asyncio.get_running_loop().time()
        moments = sorted(rng.uniform(0, seconds) for _ in self._clips)
        for at_s, clip in zip(moments, self._clips, strict=True):
            await asyncio.sleep(began_at + at_s - asyncio.get_running_loop().time())
            file = state.add_file(
                clip.content,
                clip.name,
                user=ada,
                mimetype=clip.mimetype,
                as_voice_clip=clip.kind != "broken",
                urls_missing_for=int(rng.random() < 0.1),
            )
            message = state.post_as_user(rng.choice(channels), ada, files=[file])
            self._shared.append(_Shared(clip, message))

    async def _settle(self) -> None:
        """Wait until nothing is left to do, or for as long as that may take."""
        now = asyncio.get_running_loop().time
        began_at, answered_at = now(), None
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_S):
                while answered_at is None or (self._disk.left_in_tmp() and now() - answered_at < _TIDY_S):
                    await asyncio.sleep(_LOOK_AGAIN_S)
                    if answered_at is None and self._is_answered():
                        answered_at = now()
                        self._settled_s = answered_at - began_at
        await asyncio.sleep(_LINGER_S)

    def _is_answered(self) -> bool:
        delivered = all(sent.acked or sent.lost for sent in self._slack.deliveries)
        if not (self._events.are_over and delivered and self._disk.is_idle()):
            return False
        unanswered = {Verdict.STUCK, Verdict.NEVER_ACCEPTED, Verdict.LOST}
        return not unanswered & set(self._verdicts())

    def _verdicts(self) -> list[Verdict]:
        jobs = self._disk.jobs()
        return [judge(one.clip, self._replies(one), jobs.get(one.message.ts)) for one in self._shared]

    def _replies(self, one: _Shared) -> list[Reply]:
        return [read_reply(message) for message in self._slack.state.replies(one.message)]

    def _judge(self) -> dict[str, Any]:
        verdicts = self._verdicts()
        odd = [
            {
                "clip": one.clip.number,
                "kind": one.clip.kind,
                "ts": one.message.ts,
                "verdict": verdict,
                "states": [reply.state for reply in self._replies(one)],
            }
            for one, verdict in zip(self._shared, verdicts, strict=True)
            if verdict not in GOOD
        ]
        calls = self._dashscope.calls
        return {
            "verdicts_hold": not odd,
            "clips": len(self._shared),
            "right": sum(verdict in GOOD for verdict in verdicts),
            "verdicts": dict(Counter(verdicts)),
            "odd": odd[:_MOST_ODD],
            "left_in_tmp": self._disk.left_in_tmp(),
            "settled_s": None if self._settled_s is None else round(self._settled_s, 1),
            "recognitions": sum(self._ear.requests.values()),
            "recognised_again": self._ear.again,
            "answers_spoilt_by_faults": sum(call.acted and call.fault in {"Drop", "Alter"} for call in calls),
            "given_up_by_slack": sum(sent.lost for sent in self._slack.deliveries),
            "waited_s": self._waits(),
            "events": dict(self._events.counts),
            "failed_calls": {
                "slack": sum(call.fault is not None for call in self._slack.state.calls),
                "recogniser": sum(call.fault is not None for call in calls),
            },
        }

    def _waits(self) -> dict[str, float]:
        """How long people waited for the last word, in seconds."""
        waits = sorted(
            max(float(reply.edited_ts or reply.ts) for reply in replies) - float(one.message.ts)
            for one in self._shared
            if (replies := self._slack.state.replies(one.message))
        )
        shares = {"median": 0.5, "p90": 0.9, "p99": 0.99, "most": 1.0}
        last = len(waits) - 1
        return {name: round(waits[int(share * last)], 1) for name, share in shares.items()} if waits else {}

    def _settings(self) -> dict[str, str]:
        return {
            **self._clock.environment,
            "DATA_DIR": str(self._disk.path),
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": "0",
            "LOG_FORMAT": "json",
            "SLACK_APP_TOKEN": self._slack.app_token,
            "SLACK_BOT_TOKEN": self._slack.bot_token,
            "SLACK_SIGNING_SECRET": self._slack.signing_secret,
            "SLACK_API_URL": self._slack.api_url,
            "SLACK_FILE_ORIGINS": self._slack.origin,
            "DASHSCOPE_API_KEY": self._dashscope.api_key,
            "DASHSCOPE_BASE_URL": self._dashscope.base_url,
            # Else the account's limit would be what is waited for.
            "ASR_REQUESTS_PER_MINUTE": "60000",
            "ASR_CONCURRENCY": "16",
        }
