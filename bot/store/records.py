"""Requests as bytes, for the database. Pure."""

from __future__ import annotations

from pydantic import TypeAdapter

from bot.model import TranscriptionRequest

_REQUEST = TypeAdapter(TranscriptionRequest)


def dump_request(request: TranscriptionRequest) -> bytes:
    """A request as JSON."""
    return _REQUEST.dump_json(request)


def parse_request(data: bytes) -> TranscriptionRequest:
    """The request that ``dump_request`` wrote."""
    return _REQUEST.validate_json(data)
