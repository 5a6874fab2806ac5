"""Maps DashScope's error codes and HTTP statuses to our errors. No I/O.

Source: https://www.alibabacloud.com/help/en/model-studio/error-code
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

from bot.errors import (
    Misconfiguration,
    Misconfigured,
    Outage,
    Refusal,
    Rejected,
    TranscriptionError,
    Unavailable,
)

Reason = Refusal | Outage | Misconfiguration

UNSUPPORTED = Refusal.UNSUPPORTED_BY_RECOGNISER
BLOCKED = Refusal.CONTENT_BLOCKED
DOWN = Outage.RECOGNISER
BUSY = Outage.RECOGNISER_BUSY
KEY = Misconfiguration.RECOGNISER_KEY
ACCOUNT = Misconfiguration.RECOGNISER_ACCOUNT
MODEL = Misconfiguration.RECOGNISER_MODEL

# A code stands for its family too: `Throttling` for `Throttling.RateQuota`, `AccessDenied` for
# `AccessDenied.Unpurchased`, and for any that is to come.
_REASON_OF_CODE: Mapping[str, Reason] = {
    "InvalidParameter": UNSUPPORTED,
    "BadRequest": UNSUPPORTED,
    "DataInspectionFailed": BLOCKED,
    "Arrearage": ACCOUNT,
    "InvalidApiKey": KEY,
    "AccessDenied": ACCOUNT,
    "Workspace.AccessDenied": ACCOUNT,
    "Endpoint.AccessDenied": ACCOUNT,
    "AllocationQuota.FreeTierOnly": ACCOUNT,
    "Model.AccessDenied": MODEL,
    "ModelNotFound": MODEL,
    "Throttling": BUSY,
    "CommodityNotPurchased": ACCOUNT,
    "PrepaidBillOverdue": ACCOUNT,
    "PostpaidBillOverdue": ACCOUNT,
    "InternalError": DOWN,
    "SystemError": DOWN,
    "ModelServiceFailed": DOWN,
    "ModelServingError": DOWN,
    "ModelUnavailable": DOWN,
    "RequestTimeOut": DOWN,
}

# For codes that are new to us. A refusal of everything is the operator's affair, not one file's.
_REASON_OF_STATUS: Mapping[int, Reason] = {
    401: KEY,
    402: ACCOUNT,
    403: ACCOUNT,
    404: MODEL,
    408: DOWN,
    429: BUSY,
}

# For what is no answer of DashScope's: the statuses that say more than that something in between is wrong.
_REASON_OF_PAGE: Mapping[int, Reason] = {
    413: UNSUPPORTED,  # no later day makes the file smaller
    429: BUSY,
}

# The one throttling that no wait ends.
_QUOTA_USED_UP = "Free allocated quota exceeded"
_KEY_HINT = "a key works in its own region only: is the base URL that of the key's region?"

_CODE = re.compile(r"[\w.-]{1,80}", re.ASCII)
_REQUEST_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)

_MAX_MESSAGE_CHARS = 200
_SHORTEST_WORD = 3
"""Shorter words of what was sent stand in any message."""
_MAX_RETRY_AFTER_S = 3600.0
"""An hour: a longer wait would let a slip of a proxy's clock hold back jobs for days."""

# A message can echo what was sent. In this order: each pattern could cut into what the later ones look for.
_UNSPEAKABLE = (
    (re.compile(r"data:[^\s\"']*", re.IGNORECASE), "[data]"),
    (re.compile(r"\b\w+://[^\s\"']*"), "[address]"),
    (re.compile(r"\bbearer\s+\S+", re.IGNORECASE), "[key]"),
    (re.compile(r"\bsk-[\w.*-]*", re.IGNORECASE), "[key]"),
    (re.compile(r"[A-Za-z0-9+/=_]{40,}"), "[data]"),
)


def error_of(status: int, headers: Mapping[str, str], answer: Mapping[str, object]) -> TranscriptionError:
    """Turn DashScope's error answer, ``{"code", "message", "request_id"}``, into ours.

    The detail is logged, so it names code and request alone: a message may repeat what was sent.
    """
    code, message = _string(answer.get("code")), _string(answer.get("message"))
    reason = _reason(status, code, message)
    named = code if _CODE.fullmatch(code) else "unknown code"
    detail = f"HTTP {status} {named} (request {request_id_of(answer) or 'unknown'})"
    return _error(reason, f"{detail} ({_KEY_HINT})" if reason is KEY else detail, headers)


def request_id_of(answer: Mapping[str, object]) -> str:
    """The id of the request that an answer names; empty where it names none that looks like one."""
    request_id = _string(answer.get("request_id"))
    return request_id if _REQUEST_ID.fullmatch(request_id) else ""


def message_of(body: bytes, context: str) -> str:
    """A refusal's message as one short line, up to where it repeats the context that was sent; else empty."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    message = _string(answer.get("message")) if isinstance(answer, dict) else ""
    echoes = (re.search(re.escape(term), message, re.IGNORECASE) for term in _terms(context))
    first = min((echo.start() for echo in echoes if echo), default=None)
    shown = message if first is None else f"{message[:first]}[what was sent]"
    return legible(shown, _MAX_MESSAGE_CHARS)


def _terms(context: str) -> Iterator[str]:
    """Each line and each word of a context, as it is and as JSON writes it."""
    for line in context.splitlines():
        words = (word for word in line.split() if len(word) >= _SHORTEST_WORD)
        for term in filter(None, {line.strip(), *words}):
            yield from {term, json.dumps(term)[1:-1]}


def unreadable_error(status: int, headers: Mapping[str, str], what: str) -> TranscriptionError:
    """Turn something that is no answer of DashScope's, a proxy's page say, into one of our errors."""
    return _error(_REASON_OF_PAGE.get(status, DOWN), f"HTTP {status}: {what}", headers)


def legible(text: str, max_chars: int) -> str:
    """One short line that may stand in a log: no data URI, address or key."""
    for pattern, stand_in in _UNSPEAKABLE:
        text = pattern.sub(stand_in, text)
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * max_chars]).split())
    return line if len(line) <= max_chars else line[: max_chars - 1] + "…"


def _reason(status: int, code: str, message: str) -> Reason:
    family = code.partition(".")[0]
    if family == "Throttling" and message.strip().startswith(_QUOTA_USED_UP):
        return ACCOUNT
    for known in (code, family):
        if known in _REASON_OF_CODE:
            return _REASON_OF_CODE[known]
    return _REASON_OF_STATUS.get(status, UNSUPPORTED if 400 <= status < 500 else DOWN)


def _error(reason: Reason, detail: str, headers: Mapping[str, str]) -> TranscriptionError:
    match reason:
        case Refusal():
            return Rejected(reason, detail)
        case Outage():
            return Unavailable(reason, detail, _retry_after_s(headers))
        case Misconfiguration():
            return Misconfigured(reason, detail)


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read the wait asked for, in seconds.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    value = lowered.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return min(float(value), _MAX_RETRY_AFTER_S)
    try:
        # Against the sender's own clock: ours may be set otherwise.
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(lowered["date"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return min(max(wait.total_seconds(), 0.0), _MAX_RETRY_AFTER_S)


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
