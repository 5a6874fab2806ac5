"""Permissions: reading a channel, changing its settings, editing or deleting a transcript.

What Slack refuses to tell is not allowed.
"""

from __future__ import annotations

from bot.errors import Rejected
from bot.slack.client.lookups import Lookups
from bot.slack.client.objects import Person


class Permissions:
    """Decides who may read a channel, change its settings, or edit and delete a transcript.

    Args:
        lookups: Reads from Slack.
        team_id: The workspace whose people decide; those of other organisations may be in its channels.
        admins_only: Only admins may change a channel's settings.
    """

    def __init__(self, lookups: Lookups, team_id: str, *, admins_only: bool) -> None:
        self._lookups = lookups
        self._team_id = team_id
        self._admins_only = admins_only

    def may_change_what_they_read(self, person: Person) -> bool:
        """True where a person may change the settings of the channels that they are in."""
        return self._team_id in person.team_ids and (person.is_admin or not self._admins_only)

    async def is_of_workspace(self, user_id: str) -> bool:
        """True for the workspace's own people, not those of other organisations in its channels.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        person = await self._known(user_id)
        return person is not None and self._team_id in person.team_ids

    async def may_read(self, channel_id: str, user_id: str) -> bool:
        """True where somebody is in a channel, so that what was said there may be told them.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        try:
            return await self._lookups.is_member(channel_id, user_id)
        except Rejected:
            return False

    async def may_change_settings(self, channel_id: str, user_id: str) -> bool:
        """True for the workspace's people in the channel who may change its settings: all, or admins alone.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not await self.may_read(channel_id, user_id):
            return False
        person = await self._known(user_id)
        return person is not None and self.may_change_what_they_read(person)

    async def lacks_only_a_role(self, channel_id: str, user_id: str) -> bool:
        """True for the workspace's people in the channel who would have to be admins to change its settings.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        if not self._admins_only or not await self.may_read(channel_id, user_id):
            return False
        person = await self._known(user_id)
        return person is not None and self._team_id in person.team_ids and not person.is_admin

    async def may_change_transcript(self, user_id: str, *, sender_id: str, asked_by: str) -> bool:
        """True for those who may edit or delete a transcript: who shared the audio, who asked, or an admin.

        Raises:
            Unavailable: Slack does not answer.
            Misconfigured: a scope or the token is wrong.
        """
        return user_id in {sender_id, asked_by} or await self._is_admin(user_id)

    async def _is_admin(self, user_id: str) -> bool:
        person = await self._known(user_id)
        return person is not None and self._team_id in person.team_ids and person.is_admin

    async def _known(self, user_id: str) -> Person | None:
        try:
            return await self._lookups.person(user_id)
        except Rejected:
            return None
