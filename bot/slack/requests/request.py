"""Requests by hand: finds the recordings that somebody points at, checks access, stores the requests."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot import sentences
from bot.errors import Refusal, Rejected
from bot.model import THREAD
from bot.ports.store import RequestOutcome, Requests
from bot.slack.client.lookups import Lookups
from bot.slack.client.objects import Conversation
from bot.slack.incoming.messages import ManualRequest, SharedMessage, asked_requests
from bot.slack.permissions import Permissions
from bot.slack.requests.links import FileLink, Link
from bot.slack.requests.opt_outs import OptedOut, OptOuts
from bot.translations import Sentence

_MOST_CHANNELS = 10
"""Channels of a file in which the asker is looked for."""

Asked = RequestOutcome | OptedOut | None
"""The outcome of a request by hand; ``OptedOut`` where nobody gets some of it, ``None`` for no files."""
_OF_THREAD = {
    RequestOutcome.ACCEPTED: sentences.ASKED_IN_THREAD,
    RequestOutcome.UNDER_WAY: sentences.UNDER_WAY_IN_THREAD,
    RequestOutcome.ANSWERED: sentences.ANSWERED_IN_THREAD,
}
_OF_ONE_READER = {
    RequestOutcome.UNDER_WAY: sentences.UNDER_WAY_FOR_ONE,
    RequestOutcome.ANSWERED: sentences.UNDER_WAY_FOR_ONE,
}


class Requesting:
    """Finds the recordings that people ask for, and has them transcribed.

    Args:
        requests: Stores the requests.
        lookups: Reads from Slack.
        permissions: Decides who may read a recording.
        opt_outs: Know who never wants to be transcribed.
        own_user_id: The bot's; what it has shared itself is no recording.
    """

    def __init__(
        self,
        requests: Requests,
        lookups: Lookups,
        permissions: Permissions,
        opt_outs: OptOuts,
        own_user_id: str,
    ) -> None:
        self._requests = requests
        self._lookups = lookups
        self._permissions = permissions
        self._opt_outs = opt_outs
        self._own_user_id = own_user_id
        self._log = structlog.get_logger(__name__)

    async def linked(self, team_id: str, link: Link, user_id: str, here: str) -> SharedMessage:
        """The message that a link leads to, for somebody who may read it; a file's rather in ``here``.

        Raises:
            Rejected: there is no such thing, or one of the two is not in its channel.
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if isinstance(link, FileLink):
            return await self._shared(team_id, link, user_id, here)
        if not await self._permissions.may_read(link.channel_id, user_id):
            raise Rejected(Refusal.FORBIDDEN, "not theirs to read")
        return await self._lookups.message(team_id, link.channel_id, link.ts)

    async def _shared(self, team_id: str, link: FileLink, user_id: str, here: str) -> SharedMessage:
        targets = await self._lookups.file(team_id, link.file_id)
        targets.sort(key=lambda target: target.channel_id != here)
        for target in targets[:_MOST_CHANNELS]:
            if await self._permissions.may_read(target.channel_id, user_id):
                return target
        raise Rejected(Refusal.FORBIDDEN, "not theirs to read")

    async def conversation(self, channel_id: str) -> Conversation | None:
        """A channel that the bot is in; ``None`` where it is not.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        try:
            channel = await self._lookups.conversation(channel_id)
        except Rejected:
            return None
        return channel if channel.is_member else None

    async def is_in(self, channel_id: str) -> bool:
        """True where the bot is in a channel.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        return await self.conversation(channel_id) is not None

    async def opted_out(self, target: SharedMessage) -> OptedOut:
        """The recordings of a message whose people have opted out."""
        return await self._opt_outs.among(target.team_id, target.recordings, target.user_id)

    async def ask(self, target: SharedMessage, ask: ManualRequest) -> Asked:
        """Have a message's files transcribed: all of them or none, but for those of people who opted out.

        Durable on return. A transcript that the thread holds is not made again. What one person was told may
        be gone: Slack forgets ephemeral messages.
        """
        out, ours = await self.opted_out(target), {self._own_user_id} - {""}
        wanted = [
            request
            for request in asked_requests(target, ask)
            if request.file.id not in out.file_ids and not ours & {request.file.owner_id, request.user_id}
        ]
        answers = await self._requests.ask(wanted, retranscribe=ask.audience != THREAD)
        asked = _sum_up(answers)
        self._log.info("asked", channel_id=target.channel_id, files=len(answers), asked=asked)
        return out or asked


def _sum_up(answers: Sequence[RequestOutcome]) -> RequestOutcome | None:
    """One outcome for several files: the first, in the order of ``RequestOutcome``, that any file has."""
    return next((asked for asked in RequestOutcome if asked in answers), None)


def said_of(asked: Asked, ask: ManualRequest) -> Sentence:
    """The sentence for the asker about what becomes of a request."""
    if asked is None:
        return sentences.NOTHING_IN_IT
    if isinstance(asked, OptedOut):
        return asked.sentence(ask.by)
    if asked is RequestOutcome.ACCEPTED and ask.audience != THREAD:
        return sentences.ASKED_HERE if ask.whisper_in else sentences.ASKED_DIRECT
    return (_OF_THREAD if ask.audience == THREAD else _OF_ONE_READER)[asked]
