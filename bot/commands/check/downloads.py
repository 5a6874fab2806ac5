"""Checks that the bot may download what people share.

Source: https://docs.slack.dev/reference/methods/files.list
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp
from pydantic import SecretStr

from bot.commands.check.advice import common
from bot.commands.check.advice import slack as advice
from bot.commands.check.findings import Finding, bad, good, untried
from bot.commands.check.slack import BOT_TOKEN, Answer, Installation
from bot.errors import Outage, Refusal, Rejected, TranscriptionError, Unavailable
from bot.model import Claim, FileState, SharedFile
from bot.scratch import scratch_folder
from bot.slack.client.api import SlackApi
from bot.slack.client.downloads import SlackFiles
from bot.slack.incoming.fields import objects_in
from bot.slack.incoming.files import FileObject

_NAME = "Download"
_LISTED = 100
"""Of the newest files; one of them will be a recording where people share any."""
_ENOUGH_BYTES = 1
_TIMEOUT_S = 30.0


async def check_download(
    api: SlackApi,
    session: aiohttp.ClientSession,
    token: SecretStr,
    origins: tuple[str, ...],
    found: Answer,
) -> Finding:
    """Check that the first bytes of the newest recording that the bot may see arrive.

    Args:
        api: Of Slack.
        session: For the bytes.
        token: The bot token.
        origins: Further origins that may see it.
        found: What ``auth.test`` said of it.
    """
    if not isinstance(found, Installation):
        return untried(_NAME, common.after(BOT_TOKEN))
    if "files:read" in found.identity.missing_scopes:
        return untried(_NAME, common.after("Scopes"))
    files = SlackFiles(api, session, token, origins=origins, most_bytes=_ENOUGH_BYTES)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            file = await _newest_recording(api)
            if file is None:
                return untried(_NAME, advice.NO_FILE_YET)
            await _read_beginning(files, file)
    except (TranscriptionError, OSError) as error:
        return bad(_NAME, _explain(error))
    return good(_NAME, advice.downloaded(file.id))


async def _newest_recording(api: SlackApi) -> SharedFile | None:
    """The newest recording that the bot may see and would transcribe on request.

    Raises:
        TranscriptionError: Slack does not list files.
    """
    for raw in objects_in((await api.read("files.list", count=_LISTED)).get("files")):
        file = FileObject.model_validate(raw).shared_file
        if file and file.url and file.state is FileState.AVAILABLE and file.claim is not Claim.OTHER:
            return file
    return None


async def _read_beginning(files: SlackFiles, file: SharedFile) -> None:
    """Download until the limit ends it, which is after the first bytes.

    Raises:
        TranscriptionError: they do not arrive.
    """
    with scratch_folder() as scratch:
        try:
            # A declared size above the limit would spare the download.
            await files.download(replace(file, size_bytes=None), scratch / "beginning")
        except Rejected as refusal:
            if refusal.reason not in {Refusal.TOO_BIG, Refusal.EMPTY}:
                raise


def _explain(error: TranscriptionError | OSError) -> str:
    match error:
        case Rejected(reason=Refusal.NOT_HANDED_OUT):
            return advice.LOGIN_PAGE
        case Rejected(reason=Refusal.UNSAFE_ADDRESS):
            return advice.unsafe_address(error.detail)
        case Unavailable(reason=Outage.SLACK):
            return advice.slack_silent(error.detail)
        case TimeoutError():
            return advice.download_trouble(common.no_end(_TIMEOUT_S))
        case _:
            return advice.download_trouble(str(error))
