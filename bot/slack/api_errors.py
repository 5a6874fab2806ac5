"""Errors of Slack's Web API -> ours. Pure but for the SDK's exception types.

Source: https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeGuard

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import (
    Misconfiguration,
    Misconfigured,
    Outage,
    Refusal,
    Rejected,
    TranscriptionError,
    Unavailable,
)

API_FAILURES = (SlackClientError, ClientError, TimeoutError, OSError, ValueError, AttributeError)
"""What a call of the SDK's client can raise.

The last two are its own stumbling over an answer that is not Slack's: bytes that are not UTF-8, and a
proxy's plain text with status 200.
"""
_LONGEST_WAIT_S = 3600.0

_TOKEN = frozenset(
    {
        *("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"),
        *("no_permission", "not_allowed_token_type"),
    }
)
_GONE = frozenset(
    {"file_not_found", "file_deleted", "message_not_found", "thread_not_found", "channel_not_found"}
)
_CLOSED = frozenset(
    {
        *("access_denied", "not_in_channel", "is_archived", "is_inactive", "restricted_action"),
        *("restricted_action_thread_only_channel", "restricted_action_read_only_channel"),
        *("restricted_action_thread_locked", "restricted_action_non_threadable_channel"),
        *("cannot_reply_to_message", "messages_tab_disabled", "ekm_access_denied", "not_allowed"),
    }
)
_PASSING = frozenset(
    {
        *("", "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"),
        *("request_timeout", "team_added_to_org", "org_login_required"),
    }
)
"""Errors that say nothing about what was asked."""


def translate(failure: Exception) -> TranscriptionError:
    """What a failed call means for the job. An unknown code may pass, so it counts as an outage."""
    if not isinstance(failure, SlackApiError):
        return Unavailable(Outage.SLACK, type(failure).__name__)
    code = error_code(failure)
    if code == "missing_scope":
        return Misconfigured(Misconfiguration.SLACK_SCOPE, f"needs {_data(failure).get('needed', '')}")
    if code in _TOKEN:
        return Misconfigured(Misconfiguration.SLACK_TOKEN, code)
    if code in _GONE:
        return Rejected(Refusal.GONE, code)
    if code in _CLOSED:
        return Rejected(Refusal.FORBIDDEN, code)
    response = failure.response
    answered = isinstance(response, AsyncSlackResponse)
    return Unavailable(
        Outage.SLACK,
        code or (f"status {response.status_code}" if answered else "an answer that is not JSON"),
        retry_after_s=parse_retry_after_s(response.headers),
    )


def translate_question(failure: Exception) -> TranscriptionError:
    """The same for a call that only asks: what Slack will not tell is closed, whatever its word for no."""
    error = translate(failure)
    if isinstance(error, Unavailable) and is_refusal(failure):
        return Rejected(Refusal.FORBIDDEN, error_code(failure))
    return error


def token_trouble(failure: Exception) -> Unavailable | Misconfigured:
    """The same for a call that asks of nothing but the token: to be shut out is the token's fault."""
    match translate(failure):
        case Rejected(detail=detail):
            return Misconfigured(Misconfiguration.SLACK_TOKEN, detail)
        case Unavailable() | Misconfigured() as error:
            return error
        case error:
            raise AssertionError("an error of a fourth kind") from error


def is_refusal(failure: Exception) -> TypeGuard[SlackApiError]:
    """Whether Slack said no to what was asked, today and tomorrow: a plan's, an admin's or a thread's no."""
    if not isinstance(failure, SlackApiError) or error_code(failure) in _PASSING:
        return False
    return not isinstance(translate(failure), Misconfigured)


def error_code(failure: SlackApiError) -> str:
    """Slack's word for what went wrong; empty where the answer was not Slack's."""
    code = _data(failure).get("error")
    return code if isinstance(code, str) else ""


def parse_retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How long Slack asks to wait, an hour at most; ``None`` where it does not say.

    Source: https://docs.slack.dev/apis/web-api/rate-limits/
    """
    value = headers.get("Retry-After")
    try:
        wait_s = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return None if math.isnan(wait_s) else min(max(0.0, wait_s), _LONGEST_WAIT_S)


def _data(failure: SlackApiError) -> Mapping[str, object]:
    """The answer's JSON. Where that could not be read, the SDK hands over aiohttp's response instead."""
    response = failure.response
    data = response.data if isinstance(response, AsyncSlackResponse) else None
    return data if isinstance(data, dict) else {}
