"""``python -m bot forget``: deletes what is kept of somebody or something, beside a running bot."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.commands import exits
from bot.settings.load import SettingsError, load_store
from bot.store.data_dir import DataDirUnusable, opened_beside
from bot.store.forgetting import Traces, forget_channel, forget_team, forget_user

_LOG_PATIENCE_MS = 10_000
"""The bot is done with the database's log within milliseconds, a backup within seconds."""
_WHAT_STAYS = "What stands in Slack stays there: delete it there. Backups stay as they are."
_WHAT_STAYS_OF_USERS = (
    "The direct message with the bot counts as a channel: if there is one, forget it too (--channel D…).\n"
    + _WHAT_STAYS
)
"""Of what is answered, and of what was used, no row says whose it was, but for that channel's id."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of thing that can be forgotten."""

    letters: str
    """Ids begin with one of them."""
    meaning: str
    forget: Callable[[AsyncConnection, str], Awaitable[Traces]]
    what_stays: str = _WHAT_STAYS


_KINDS = {
    "user": _Kind("UW", "a person, in every workspace", forget_user, _WHAT_STAYS_OF_USERS),
    "channel": _Kind("CDG", "a channel or a conversation", forget_channel),
    "team": _Kind("TE", "a workspace, with everything in it", forget_team),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    whom = parser.add_mutually_exclusive_group(required=True)
    for name, kind in _KINDS.items():
        parse = partial(_parse_id, kind.letters)
        whom.add_argument(f"--{name}", type=parse, metavar=f"{kind.letters[0]}…", help=kind.meaning)


def run(arguments: argparse.Namespace) -> int:
    """Forget; returns the exit code (2: a setting is wrong, or there is no database)."""
    kind, whom = next((_KINDS[name], given) for name in _KINDS if (given := getattr(arguments, name)))
    try:
        traces, copies = asyncio.run(_forget(load_store().data_dir, kind, whom))
    except (SettingsError, DataDirUnusable) as error:
        return exits.fail(str(error), exits.USAGE)
    found = list(_report(traces, copies))
    if found:
        lines = (f"{whom} is forgotten:", *(f"  {line}" for line in found))
    else:
        lines = (f"Nothing is kept of {whom}.",)
    sys.stdout.write("\n".join((*lines, kind.what_stays, "")))
    return 0


async def _forget(data_dir: Path, kind: _Kind, whom: str) -> tuple[Traces, int]:
    """Forget it; return what there was, and how many copies from before an upgrade went too.

    Raises:
        DataDirUnusable: there is no database, or it cannot be used.
    """

    async def forget(connection: AsyncConnection) -> Traces:
        return await kind.forget(connection, whom)

    async with opened_beside(data_dir) as database:
        traces = await database.transact(forget)
        copies = await database.drop_copies()
        # The words are deleted, but linger in there.
        await database.empty_log(_LOG_PATIENCE_MS)
    return traces, copies


def _report(traces: Traces, copies: int) -> Iterator[str]:
    """The report of what was deleted, in a line each."""
    counted = (
        (traces.under_way, "recording under way", "recordings under way"),
        (traces.answered, "answered recording, by its ids", "answered recordings, by their ids"),
        (traces.removals, "deletion in Slack that was due", "deletions in Slack that were due"),
        (traces.settings, "channel's settings", "channels' settings"),
        (traces.subscriptions, "subscription", "subscriptions"),
        (traces.opt_outs, "opt-out", "opt-outs"),
        (traces.usage, "month of usage under that name", "months of usage under that name"),
        (copies, "copy from before an upgrade", "copies from before an upgrade"),
    )
    for number, one, several in counted:
        if number:
            yield f"{number} {one if number == 1 else several}"
    if traces.opt_outs:
        yield "Who had opted out is transcribed again, until they opt out anew."


def _parse_id(letters: str, text: str) -> str:
    """Take an id.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not re.fullmatch(f"[{letters}][A-Z0-9]{{1,63}}", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an id: {' or '.join(letters)} begins it, capitals and digits follow"
        )
    return text
