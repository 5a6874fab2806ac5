"""The content of a message: text, blocks, attachments and metadata, checked as Slack checks them."""

from __future__ import annotations

from typing import Any

from bot.playground.slack_lookalike.blockkit import MESSAGE_CHARACTERS, characters_in, complaints_about_blocks
from bot.playground.slack_lookalike.methods.method import Arguments, SlackRefusal
from bot.playground.slack_lookalike.records import JsonObject

LONGEST_POST = 40_000
"""Source: https://docs.slack.dev/changelog/2018-truncating-really-long-messages"""
LONGEST_UPDATE = 4_000
_METADATA_BYTES = 16_000


def checked_blocks(arguments: Arguments) -> list[JsonObject] | None:
    """The blocks, or ``None`` where there are none among the arguments.

    Raises:
        SlackRefusal: ``invalid_blocks_format``, ``invalid_blocks`` or ``msg_blocks_too_long``.
    """
    if "blocks" not in arguments:
        return None
    blocks: Any = arguments["blocks"]
    if not isinstance(blocks, list):
        raise SlackRefusal("invalid_blocks_format", "[ERROR] must provide a list [json-pointer:/blocks]")
    complaints = complaints_about_blocks(blocks)
    if complaints:
        raise SlackRefusal("invalid_blocks", *complaints)
    if characters_in(blocks) > MESSAGE_CHARACTERS:
        raise SlackRefusal("msg_blocks_too_long")
    return blocks


def checked_attachments(arguments: Arguments) -> list[JsonObject] | None:
    """The attachments, or ``None`` where there are none among the arguments.

    Raises:
        SlackRefusal: ``invalid_attachments``.
    """
    if "attachments" not in arguments:
        return None
    attachments = arguments["attachments"]
    if not isinstance(attachments, list) or not all(isinstance(item, dict) for item in attachments):
        raise SlackRefusal("invalid_attachments")
    return attachments


def checked_metadata(arguments: Arguments) -> JsonObject | None:
    """The metadata: ``None`` where there is none among the arguments, empty to remove it.

    Raises:
        SlackRefusal: ``invalid_metadata_format`` or ``metadata_too_large``.

    Source: https://docs.slack.dev/messaging/message-metadata/
    """
    if "metadata" not in arguments:
        return None
    metadata = arguments["metadata"]
    if not isinstance(metadata, dict):
        raise SlackRefusal("invalid_metadata_format")
    if not metadata:
        return metadata
    sound = (
        isinstance(metadata.get("event_type"), str)
        and metadata["event_type"]
        and isinstance(metadata.get("event_payload"), dict)
        and not metadata.keys() - {"event_type", "event_payload"}
    )
    if not sound:
        raise SlackRefusal("invalid_metadata_format")
    if len(str(metadata)) > _METADATA_BYTES:
        raise SlackRefusal("metadata_too_large")
    return metadata
