"""Errors of Slack's Web API translated into ``bot.errors``. Pure but for the SDK's exception types.

Sources: the errors of https://docs.slack.dev/reference/methods/chat.postMessage, of its neighbours, and of
``conversations.*`` and ``files.*`` there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import (
    Misconfiguration,
    Misconfigured,
    Outage,
    Refusal,
    Rejected,
    ThreadGone,
    TranscriptionError,
    Unavailable,
    UnknownRefusal,
)

_LONGEST_WAIT_S = 3600.0

_TOKEN = frozenset(
    {
        *("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"),
        *("not_allowed_token_type", "accesslimited", "two_factor_setup_required"),
    }
)
"""Codes that concern the whole app, whatever was asked: the operator has to act."""
_GONE = frozenset({"file_not_found", "file_deleted", "message_not_found", "channel_not_found"})
_CLOSED = frozenset(
    {
        *("access_denied", "no_permission", "team_access_not_granted", "enterprise_is_restricted"),
        *("not_in_channel", "is_archived", "is_inactive", "posting_to_channel_denied", "restricted_action"),
        *("restricted_action_thread_only_channel", "restricted_action_read_only_channel"),
        *("restricted_action_thread_locked", "restricted_action_non_threadable_channel"),
        *("cannot_reply_to_message", "messages_tab_disabled", "ekm_access_denied", "not_allowed"),
    }
)
_RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
_UNTOLD_PAUSE_S = 1.0
"""Where a 429 comes without ``Retry-After``."""
_PASSING = frozenset(
    {
        *("", *_RATE_LIMITED, "internal_error", "fatal_error", "service_unavailable"),
        *("request_timeout", "team_added_to_org", "org_login_required", "external_channel_migrating"),
        *("update_failed", "file_update_failed"),
    }
)
"""Codes that say nothing about what was asked: the same call may succeed later."""


def translate(failure: Exception) -> Rejected | Unavailable | Misconfigured:
    """A failed call's exception as one of ours, with Slack's code."""
    if not isinstance(failure, SlackApiError):
        return Unavailable(Outage.SLACK, type(failure).__name__)
    code = _code(failure)
    error = _meaning(failure, code)
    error.code = code
    return error


@contextmanager
def refusal_means_closed() -> Iterator[None]:
    """For look-ups: a refusal by any code is ``Rejected``, as what Slack will not tell is closed to the bot.

    Raises:
        Rejected: FORBIDDEN, in place of ``UnknownRefusal``.
    """
    try:
        yield
    except UnknownRefusal as error:
        closed = Rejected(Refusal.FORBIDDEN, error.code)
        closed.code = error.code
        raise closed from error


@contextmanager
def rejection_means_bad_token() -> Iterator[None]:
    """For calls that concern the token alone: ``Rejected`` means a wrong token.

    Raises:
        Misconfigured: SLACK_TOKEN, in place of ``Rejected``.
    """
    try:
        yield
    except Rejected as error:
        shut_out = Misconfigured(Misconfiguration.SLACK_TOKEN, error.detail)
        shut_out.code = error.code
        raise shut_out from error


def is_refusal(error: TranscriptionError) -> bool:
    """True where Slack refuses what was asked, today and tomorrow, for a plan, an admin or a thread."""
    return isinstance(error, Rejected | UnknownRefusal)


def rate_limit_pause_s(error: Unavailable) -> float | None:
    """Seconds to wait after a 429; ``None`` where the failure was another."""
    if error.code not in _RATE_LIMITED:
        return None
    return _UNTOLD_PAUSE_S if error.retry_after_s is None else error.retry_after_s


def parse_retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that Slack asks to wait, an hour at most; ``None`` where it does not say.

    Source: https://docs.slack.dev/apis/web-api/rate-limits/
    """
    value = headers.get("Retry-After")
    try:
        wait_s = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return None if math.isnan(wait_s) else min(max(0.0, wait_s), _LONGEST_WAIT_S)


def _meaning(failure: SlackApiError, code: str) -> Rejected | Unavailable | Misconfigured:
    if code == "missing_scope":
        return Misconfigured(Misconfiguration.SLACK_SCOPE, f"needs {_data(failure).get('needed', '')}")
    if code in _TOKEN:
        return Misconfigured(Misconfiguration.SLACK_TOKEN, code)
    if code == "thread_not_found":
        return ThreadGone(code)
    if code in _GONE | _CLOSED:
        return Rejected(Refusal.GONE if code in _GONE else Refusal.FORBIDDEN, code)
    response = failure.response
    answered = isinstance(response, AsyncSlackResponse)
    if answered and response.status_code == 200 and code not in _PASSING:
        return UnknownRefusal(Outage.SLACK, code)
    return Unavailable(
        Outage.SLACK,
        code or (f"status {response.status_code}" if answered else "an answer that is not JSON"),
        retry_after_s=parse_retry_after_s(response.headers),
    )


def _code(failure: SlackApiError) -> str:
    """Slack's error code; empty where the answer was not Slack's."""
    code = _data(failure).get("error")
    return code if isinstance(code, str) else ""


def _data(failure: SlackApiError) -> Mapping[str, object]:
    """The answer's JSON. Where that could not be read, the SDK hands over aiohttp's response instead."""
    response = failure.response
    data = response.data if isinstance(response, AsyncSlackResponse) else None
    return data if isinstance(data, dict) else {}
