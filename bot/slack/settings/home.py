"""Home tab: published whenever somebody opens it and after each change; its choices are stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog
from slack_bolt.async_app import AsyncAck

from bot import sentences
from bot.channel_settings import ChannelSettings
from bot.errors import TranscriptionError
from bot.slack.blockkit import action_ids
from bot.slack.blockkit.elements import Block
from bot.slack.client.objects import Person
from bot.slack.client.readers import Readers
from bot.slack.context import HandlerContext
from bot.slack.incoming.events import AppHomeOpened, EventCallback
from bot.slack.incoming.interactions import BlockAction
from bot.slack.incoming.listeners import Listeners
from bot.slack.interactions.answer import Answer, Answers
from bot.slack.keyed_locks import KeyedLocks
from bot.slack.settings.change import ChangeSettings, Denied
from bot.slack.settings.controls import is_ticked
from bot.slack.settings.home_view import (
    SharedChannel,
    Tab,
    parse_mode,
    parse_subscriptions,
    render_home,
    render_trouble,
)


class Home:
    """Publishes everybody's home tab, and handles the choices in it.

    Args:
        context: What it works with.
        answers: Answers in time.
        readers: What people read.
        change: Changes a channel's settings.
    """

    def __init__(
        self, context: HandlerContext, answers: Answers, readers: Readers, change: ChangeSettings
    ) -> None:
        self._context = context
        self._answers = answers
        self._readers = readers
        self._change = change
        self._locks = KeyedLocks()
        self._waiting: dict[tuple[str, str], str | None] = {}
        """By team and user: the notice with which the tab has to be shown again."""
        self._log = structlog.get_logger(__name__)

    def register(self, listeners: Listeners) -> None:
        """Listen for the tab's opening, and for the choices in it."""
        listeners.event("app_home_opened", AppHomeOpened, self._look)
        for action_id, keep in (
            (action_ids.HOME_OPT_OUT, self._opt_out),
            (action_ids.HOME_MODE, self._choose_mode),
            (action_ids.HOME_SUBSCRIPTIONS, self._subscribe),
        ):
            listeners.action(action_id, self._keeping(keep))

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

    async def _look(self, opened: EventCallback[AppHomeOpened]) -> None:
        if opened.event.tab == "home":
            self._context.background.start(self.refresh(opened.installation_id, opened.event.user))

    def _keeping(
        self, keep: Callable[[BlockAction], Awaitable[Answer | None]]
    ) -> Callable[[AsyncAck, BlockAction], Awaitable[None]]:
        """A listener that stores a choice, then acknowledges it: Slack does not deliver it again.

        Args:
            keep: Stores the choice; answers a sentence where it is not stored, else nothing.
        """

        async def take(ack: AsyncAck, chosen: BlockAction) -> None:
            team_id, user_id = self._context.team_id, chosen.user.id

            async def in_turn() -> Answer | None:
                async with self._locks.of(user_id):
                    return await keep(chosen)

            try:
                notice = await self._answers.in_time(user_id, in_turn, unanswered="choice not kept")
            except Exception:
                wrong = self._readers.known(user_id).say(sentences.WENT_WRONG)
                self._context.background.start(self.refresh(team_id, user_id, wrong))
                raise
            await ack()
            self._context.background.start(self.refresh(team_id, user_id, notice))

        return take

    async def _opt_out(self, chosen: BlockAction) -> None:
        out = is_ticked(chosen.action)
        await self._context.preferences.opt_out(self._context.team_id, chosen.user.id, out=out)

    async def _choose_mode(self, chosen: BlockAction) -> Answer | None:
        parsed = parse_mode(chosen.action)
        if parsed is None:
            return None
        channel_id, automatic = parsed
        kept = await self._change.change(
            self._context.team_id,
            channel_id,
            chosen.user.id,
            lambda settings: replace(settings, automatic=automatic),
        )
        return kept.sentence if isinstance(kept, Denied) else None

    async def _subscribe(self, chosen: BlockAction) -> Answer | None:
        """Store the chosen subscriptions, of channels that the person is in now."""
        wanted, user_id = parse_subscriptions(chosen.action), chosen.user.id
        team_id, may_read = self._context.team_id, self._context.permissions.may_read
        known = await self._context.preferences.subscriptions(team_id, user_id)
        # Of those that stay chosen nothing is asked: it would take too long for who has many.
        kept = [one for one in wanted if one in known or await may_read(one, user_id)]
        await self._context.preferences.subscribe(team_id, user_id, kept)
        return None if len(kept) == len(wanted) else sentences.OUT_OF_REACH

    async def _show(self, team_id: str, user_id: str, notice: str) -> None:
        try:
            view = render_home(await self._tab(team_id, user_id, notice))
        except Exception:
            reader = self._readers.known(user_id)
            await self._publish(user_id, render_trouble(reader, reader.say(sentences.WENT_WRONG)))
            raise
        await self._publish(user_id, view)

    async def _tab(self, team_id: str, user_id: str, notice: str) -> Tab:
        deployment, preferences = self._context.deployment, self._context.preferences
        person, month = await self._person(user_id), self._context.now().date()
        used = await self._context.ledger.used(team_id, month)
        return Tab(
            reader=self._readers.named(person.locale),
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
        """The person who looks; without a name or rights where Slack does not say."""
        try:
            return await self._context.lookups.person(user_id)
        except TranscriptionError as error:
            self._log.debug("reader unknown", error=str(error))
            return Person(user_id, name="", locale="", is_admin=False)

    async def _channels(self, team_id: str, person: Person) -> Sequence[SharedChannel] | None:
        try:
            ours = await self._context.lookups.conversations_with(person.id)
        except TranscriptionError as error:
            self._log.warning("channels unknown", error=str(error))
            return None
        decided = await self._context.preferences.channels(team_id)
        by_default = self._context.deployment.automatic
        return [
            SharedChannel(
                id=channel.id,
                name=channel.name,
                automatic=decided.get(channel.id, ChannelSettings()).automatic_now(
                    by_default=by_default, is_shared_externally=channel.is_shared_externally
                ),
                is_shared_externally=channel.is_shared_externally,
                # Whoever looks is a member of them all.
                may_change=self._context.permissions.may_change_what_they_read(person),
            )
            for channel in ours
        ]

    async def _publish(self, user_id: str, view: Block) -> None:
        """Show a view in somebody's tab.

        Source: https://docs.slack.dev/reference/methods/views.publish
        """
        try:
            await self._context.api.write("views.publish", user_id=user_id, view=view)
        except TranscriptionError as error:
            self._log.warning("home tab not shown", error=str(error))
