"""Lenient field types for payloads: what is missing or odd becomes empty, and nothing raises. Pure.

Slack adds fields, leaves fields out and sends an empty list as ``{}``; a payload may also be forged. All the
same a handler must be able to rely on each field's type.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

_ID = re.compile(r"[A-Za-z0-9.]{1,64}")
_LARGEST_NUMBER = 2**53
"""Beyond it a JSON number is not exact."""


class Payload(BaseModel):
    """Base of every payload: frozen, unknown fields passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def text_in(value: object) -> str:
    """A string; halves of surrogate pairs, which JSON can carry and UTF-8 cannot, become question marks."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def id_in(value: object) -> str:
    """An id or a timestamp; empty where it is no such thing."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def ids_in(value: object) -> list[str]:
    """The ids of a list; none where it is no list."""
    return [found for item in value if (found := id_in(item))] if isinstance(value, list) else []


def objects_in(value: object) -> list[dict[str, Any]]:
    """The objects of a list; none where it is no list, as an empty list can arrive as ``{}``."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def object_in(value: object) -> dict[str, Any]:
    """An object; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def _number_in(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < _LARGEST_NUMBER else None


def _word_in(value: object) -> str:
    """A string that is compared with known ones: an odd value must not pass for a missing one."""
    return text_in(value) if isinstance(value, str) else ("odd" if value else "")


Text = Annotated[str, BeforeValidator(text_in)]
"""A string of any content."""
Id = Annotated[str, BeforeValidator(id_in)]
"""An id or a timestamp: letters, digits and dots."""
Word = Annotated[str, BeforeValidator(_word_in)]
"""A string out of a fixed set."""
Number = Annotated[float | None, BeforeValidator(_number_in)]
"""A number from 0 on; ``None`` where there is none."""
Flag = Annotated[bool, BeforeValidator(lambda value: value is True)]
"""True for JSON ``true`` alone."""
Truthy = Annotated[bool, BeforeValidator(bool)]
"""True where there is anything at all."""
Objects = BeforeValidator(objects_in)
"""A list of objects, for a tuple of models."""
Object = BeforeValidator(object_in)
"""An object, for a model inside a model."""
OptionalObject = BeforeValidator(lambda value: value if isinstance(value, dict) else None)
"""An object, or ``None`` where it is worth knowing that there is none."""
