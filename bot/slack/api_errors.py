"""Errors of Slack's Web API -> ours. Pure but for the SDK's exception types.

Source: https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

from __future__ import annotations

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import (
    Misconfiguration,
    Misconfigured,
    Outage,
    Refusal,
    Rejected,
    TranscriptionError,
    Unavailable,
)

API_FAILURES = (SlackClientError, ClientError, TimeoutError, OSError)
"""What a call of the SDK's client can raise."""

_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission"}
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


def translate(failure: Exception) -> TranscriptionError:
    """What a failed call means for the job. An unknown code may pass, so it counts as an outage."""
    if not isinstance(failure, SlackApiError):
        return Unavailable(Outage.SLACK, type(failure).__name__)
    code = error_code(failure)
    if code == "missing_scope":
        needed = failure.response.get("needed", "") if isinstance(failure.response.data, dict) else ""
        return Misconfigured(Misconfiguration.SLACK_SCOPE, f"needs {needed}")
    if code in _TOKEN:
        return Misconfigured(Misconfiguration.SLACK_TOKEN, code)
    if code in _GONE:
        return Rejected(Refusal.GONE, code)
    if code in _CLOSED:
        return Rejected(Refusal.FORBIDDEN, code)
    return Unavailable(
        Outage.SLACK,
        code or f"status {failure.response.status_code}",
        retry_after_s=_retry_after_s(failure),
    )


def error_code(failure: SlackApiError) -> str:
    """Slack's word for what went wrong; empty where the answer was not Slack's."""
    data = failure.response.data
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) else ""


def _retry_after_s(failure: SlackApiError) -> float | None:
    value = failure.response.headers.get("Retry-After") or failure.response.headers.get("retry-after")
    try:
        return max(0.0, float(value)) if value is not None else None
    except (TypeError, ValueError):
        return None
