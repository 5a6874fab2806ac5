"""The home tab, shown whenever somebody looks, and after each change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import sentences
from bot.errors import TranscriptionError
from bot.preferences import ChannelSettings
from bot.slack import actions
from bot.slack.api_errors import API_FAILURES, translate
from bot.slack.bodies import Body, action_of, part, team_of, user_of
from bot.slack.choices.deciding import PATIENCE_S, Deciding
from bot.slack.choices.home_view import (
    SharedChannel,
    Tab,
    parse_mode,
    parse_subscriptions,
    render_home,
    render_trouble,
)
from bot.slack.choices.settings_view import is_ticked
from bot.slack.choices.turns import Turns
from bot.slack.desk import Desk
from bot.slack.files import parse_id
from bot.slack.kit import Block
from bot.slack.lookups import Person
from bot.translations import ENGLISH, Reader


class Home:
    """Everybody's home tab.

    Args:
        desk: What it works with.
        now: UTC; injected for tests.
        patience_s: How long it may take to keep what somebody chose.
    """

    def __init__(
        self,
        desk: Desk,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._desk = desk
        self._deciding = Deciding(desk.permissions, desk.preferences, patience_s=patience_s)
        self._now = now
        self._patience_s = patience_s
        self._turns = Turns()
        self._waiting: dict[tuple[str, str], str | None] = {}
        """By team and user: the notice with which the tab has to be shown again."""
        self._log = structlog.get_logger(__name__)

    def register(self, bolt: AsyncApp) -> None:
        """Listen for the tab's opening, and for what is chosen in it."""

        async def look(body: dict[str, Any]) -> None:
            event = part(body, "event")
            if event.get("tab") == "home":
                self._desk.errands.start(self.refresh(team_of(body), parse_id(event, "user")))

        async def opt_out(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._keep(ack, body, self._opt_out)

        async def choose_mode(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._keep(ack, body, self._choose_mode)

        async def subscribe(ack: AsyncAck, body: dict[str, Any]) -> None:
            await self._keep(ack, body, self._subscribe)

        bolt.event("app_home_opened")(look)
        bolt.action(actions.HOME_OPT_OUT)(opt_out)
        bolt.action(actions.HOME_MODE)(choose_mode)
        bolt.action(actions.HOME_SUBSCRIPTIONS)(subscribe)

    async def refresh(self, team_id: str, user_id: str, notice: str = "") -> None:
        """Show somebody's tab as things are now. What is asked for meanwhile is shown after it, once."""
        key = (team_id, user_id)
        if key in self._waiting:
            self._waiting[key] = notice
            return
        self._waiting[key] = notice
        try:
            while (said := self._waiting[key]) is not None:
                self._waiting[key] = None
                await self._show(team_id, user_id, said)
        finally:
            del self._waiting[key]

    async def _keep(self, ack: AsyncAck, body: Body, keep: Callable[[Body], Awaitable[str]]) -> None:
        """Keep what somebody chose, then acknowledge it: Slack does not deliver it again.

        Args:
            ack: Acknowledges it.
            body: As Slack delivers it.
            keep: Keeps it, and says why it is not; empty where it is.
        """
        # Whoever is of another organisation may come with their own team.
        team_id, user_id = self._desk.identity.team_id, user_of(body)
        try:
            async with asyncio.timeout(self._patience_s), self._turns.of(user_id):
                notice = await keep(body)
        except (TimeoutError, TranscriptionError) as error:
            self._log.warning("choice not kept", error=str(error) or type(error).__name__)
            notice = ENGLISH.say(sentences.SLACK_SILENT)
        except Exception:
            self._desk.errands.start(self.refresh(team_id, user_id, ENGLISH.say(sentences.WENT_WRONG)))
            raise
        await ack()
        self._desk.errands.start(self.refresh(team_id, user_id, notice))

    async def _opt_out(self, body: Body) -> str:
        out = is_ticked(action_of(body))
        await self._desk.preferences.opt_out(self._desk.identity.team_id, user_of(body), out=out)
        return ""

    async def _choose_mode(self, body: Body) -> str:
        parsed = parse_mode(action_of(body))
        if parsed is None:
            return ""
        channel_id, automatic = parsed
        kept = await self._deciding.decide(
            self._desk.identity.team_id,
            channel_id,
            user_of(body),
            lambda settings: replace(settings, automatic=automatic),
        )
        return kept if isinstance(kept, str) else ""

    async def _subscribe(self, body: Body) -> str:
        """Keep what was chosen, of channels that they are in now."""
        chosen, user_id = parse_subscriptions(action_of(body)), user_of(body)
        team_id, may_read = self._desk.identity.team_id, self._desk.permissions.may_read
        known = await self._desk.preferences.subscriptions(team_id, user_id)
        # Of those that stay chosen nothing is asked: it would take too long for who has many.
        kept = [one for one in chosen if one in known or await may_read(one, user_id)]
        await self._desk.preferences.subscribe(team_id, user_id, kept)
        return "" if len(kept) == len(chosen) else ENGLISH.say(sentences.OUT_OF_REACH)

    async def _show(self, team_id: str, user_id: str, notice: str) -> None:
        try:
            view = render_home(await self._tab(team_id, user_id, notice))
        except Exception:
            await self._publish(user_id, render_trouble(ENGLISH, ENGLISH.say(sentences.WENT_WRONG)))
            raise
        await self._publish(user_id, view)

    async def _tab(self, team_id: str, user_id: str, notice: str) -> Tab:
        deployment, preferences = self._desk.deployment, self._desk.preferences
        person, month = await self._person(user_id), self._now().date()
        used = await self._desk.ledger.used(team_id, month)
        return Tab(
            reader=Reader.of(person.locale),
            audio_goes_to=deployment.audio_goes_to,
            ask_reaction=deployment.ask_reaction,
            is_opted_out=await preferences.is_opted_out(team_id, user_id),
            channels=await self._channels(team_id, person),
            subscriptions=frozenset(await preferences.subscriptions(team_id, user_id)),
            month=month,
            used=used,
            cost=used.seconds * deployment.price_per_second,
            monthly_minutes=deployment.monthly_minutes,
            notice=notice,
        )

    async def _person(self, user_id: str) -> Person:
        """Who looks; nobody in particular where Slack does not say."""
        try:
            return await self._desk.lookups.person(user_id)
        except TranscriptionError as error:
            self._log.debug("reader unknown", error=str(error))
            return Person(user_id, name="", locale="en-US", is_admin=False)

    async def _channels(self, team_id: str, person: Person) -> Sequence[SharedChannel] | None:
        try:
            ours = await self._desk.lookups.conversations_with(person.id)
        except TranscriptionError as error:
            self._log.warning("channels unknown", error=str(error))
            return None
        decided = await self._desk.preferences.channels(team_id)
        by_default = self._desk.deployment.automatic
        return [
            SharedChannel(
                id=channel.id,
                name=channel.name,
                automatic=decided.get(channel.id, ChannelSettings()).automatic_now(
                    by_default=by_default, is_shared_externally=channel.is_shared_externally
                ),
                is_shared_externally=channel.is_shared_externally,
                # Whoever looks is a member of them all.
                may_change=self._desk.permissions.may_change_what_they_read(person),
            )
            for channel in ours
        ]

    async def _publish(self, user_id: str, view: Block) -> None:
        """Show a view in somebody's tab.

        Source: https://docs.slack.dev/reference/methods/views.publish
        """
        try:
            await self._desk.writes.views_publish(user_id=user_id, view=view)
        except API_FAILURES as failure:
            self._log.warning("home tab not shown", error=str(translate(failure)))
