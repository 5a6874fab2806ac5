"""Requests, parts and settings as bytes, for the database. Pure."""

from __future__ import annotations

from pydantic import TypeAdapter

from bot.model import Part, TranscriptionRequest
from bot.preferences import ChannelSettings

_REQUEST = TypeAdapter(TranscriptionRequest)
_PART = TypeAdapter(Part)
_SETTINGS = TypeAdapter(ChannelSettings)


def dump_request(request: TranscriptionRequest) -> bytes:
    """A request as JSON."""
    return _REQUEST.dump_json(request)


def parse_request(data: bytes) -> TranscriptionRequest:
    """The request that ``dump_request`` wrote."""
    return _REQUEST.validate_json(data)


def dump_part(part: Part) -> bytes:
    """A part as JSON."""
    return _PART.dump_json(part)


def parse_part(data: bytes) -> Part:
    """The part that ``dump_part`` wrote."""
    return _PART.validate_json(data)


def dump_settings(settings: ChannelSettings) -> bytes:
    """A channel's settings as JSON."""
    return _SETTINGS.dump_json(settings)


def parse_settings(data: bytes) -> ChannelSettings:
    """The settings that ``dump_settings`` wrote."""
    return _SETTINGS.validate_json(data)
