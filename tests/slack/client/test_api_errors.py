from __future__ import annotations

import pytest
from aiohttp import ClientConnectionError, web
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

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
from bot.slack.client.api import SlackApi
from bot.slack.client.api_errors import (
    is_refusal,
    parse_retry_after_s,
    refusal_means_closed,
    rejection_means_bad_token,
    translate,
)
from tests.slack.answering import always, answering


async def error_of(response: web.Response) -> TranscriptionError:
    """What a call that Slack answers so fails with."""

    def copy() -> web.Response:
        return web.Response(body=response.body, status=response.status, headers=response.headers)

    async with answering(always(copy)) as slack:
        client = AsyncWebClient("xoxb-test", base_url=f"{slack.origin}/api/", retry_handlers=[])
        with pytest.raises(TranscriptionError) as raised:
            await SlackApi(client, client).write("chat.postMessage", channel="C1", text="x")
        return raised.value


async def translated(code: str, **more: object) -> TranscriptionError:
    return await error_of(web.json_response({"ok": False, "error": code, **more}))


@pytest.mark.parametrize(
    "code",
    [
        *("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"),
        *("not_allowed_token_type", "accesslimited", "two_factor_setup_required"),
    ],
)
async def test_a_bad_token_is_the_operators(code: str) -> None:
    error = await translated(code)

    assert isinstance(error, Misconfigured)
    assert (error.reason, error.detail) == (Misconfiguration.SLACK_TOKEN, code)


async def test_a_missing_scope_is_named() -> None:
    error = await translated("missing_scope", needed="chat:write", provided="files:read")

    assert isinstance(error, Misconfigured)
    assert error.reason is Misconfiguration.SLACK_SCOPE
    assert "chat:write" in error.detail


@pytest.mark.parametrize(
    "code",
    ["file_not_found", "file_deleted", "message_not_found", "thread_not_found", "channel_not_found"],
)
async def test_what_is_gone_is_refused(code: str) -> None:
    error = await translated(code)

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.GONE


async def test_a_thread_that_is_gone_is_told_apart() -> None:
    assert isinstance(await translated("thread_not_found"), ThreadGone)
    assert not isinstance(await translated("message_not_found"), ThreadGone)


@pytest.mark.parametrize(
    "code",
    [
        *("access_denied", "not_in_channel", "is_archived", "restricted_action", "cannot_reply_to_message"),
        *("no_permission", "team_access_not_granted", "posting_to_channel_denied"),
    ],
)
async def test_what_is_closed_to_the_bot_is_refused(code: str) -> None:
    error = await translated(code)

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.FORBIDDEN


@pytest.mark.parametrize(
    "code",
    [
        *("internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"),
        *("team_added_to_org", "org_login_required", "external_channel_migrating", "update_failed"),
    ],
)
async def test_an_outage_may_pass(code: str) -> None:
    error = await translated(code)

    assert type(error) is Unavailable
    assert error.reason is Outage.SLACK
    assert code in str(error)


@pytest.mark.parametrize("code", ["message_limit_exceeded", "invalid_metadata_schema", "never_heard_of"])
async def test_so_may_a_code_that_nobody_knows_but_not_for_hours(code: str) -> None:
    error = await translated(code)

    assert isinstance(error, UnknownRefusal)
    assert error.reason is Outage.SLACK
    assert code in str(error)


@pytest.mark.parametrize(
    "response",
    [
        web.Response(status=503, text="<html>down</html>", content_type="text/html"),
        web.Response(status=200, text="<html>proxy</html>", content_type="text/html"),
        web.Response(status=200, text="upstream connect error", content_type="text/plain"),
        web.Response(status=502, text="upstream connect error", content_type="text/plain"),
        web.Response(status=200, text='{"ok": tr', content_type="application/json"),
        web.Response(status=500, text="", content_type="application/json"),
        web.Response(status=200, text="null", content_type="application/json"),
        web.Response(status=200, text="[1]", content_type="application/json"),
        web.Response(status=200, text='{"ok": false}', content_type="application/json"),
        web.Response(status=200, text='{"ok": false, "error": 7}', content_type="application/json"),
        web.Response(status=200, body=b'{"ok": "\xff"}', content_type="application/json"),
    ],
    ids=lambda response: f"{response.status} {response.body!r}"[:40],
)
async def test_an_answer_that_is_not_slacks_is_an_outage(response: web.Response) -> None:
    error = await error_of(response)

    assert type(error) is Unavailable
    assert error.reason is Outage.SLACK
    assert "proxy" not in str(error)


async def test_a_rate_limit_says_how_long() -> None:
    limited = web.json_response(
        {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "30"}
    )

    error = await error_of(limited)

    assert isinstance(error, Unavailable)
    assert error.retry_after_s == 30.0


@pytest.mark.parametrize("failure", [TimeoutError(), ClientConnectionError("secret"), SlackClientError("x")])
def test_no_answer_is_an_outage_that_tells_no_more_than_its_kind(failure: Exception) -> None:
    error = translate(failure)

    assert isinstance(error, Unavailable)
    assert error.detail == type(failure).__name__


@pytest.mark.parametrize("code", ["invalid_blocks", "missing_scope", "invalid_auth", "is_archived"])
async def test_every_error_keeps_slacks_own_word(code: str) -> None:
    error = await translated(code)

    assert error.code == code
    assert isinstance(error.__cause__, SlackApiError)


async def test_a_code_of_whatever_stands_before_slack_is_an_outage() -> None:
    error = await error_of(web.json_response({"ok": False, "error": "upstream_reset"}, status=503))

    assert type(error) is Unavailable
    assert not is_refusal(error)


@pytest.mark.parametrize("code", ["user_not_visible", "invalid_channel", "a_word_of_tomorrow"])
async def test_what_slack_will_not_tell_is_closed(code: str) -> None:
    with pytest.raises(Rejected) as refused, refusal_means_closed():
        raise await translated(code)

    assert (refused.value.reason, refused.value.detail) == (Refusal.FORBIDDEN, code)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("internal_error", Unavailable),
        ("ratelimited", Unavailable),
        ("org_login_required", Unavailable),
        ("missing_scope", Misconfigured),
        ("invalid_auth", Misconfigured),
    ],
)
async def test_trouble_stays_what_it_is(code: str, kind: type[TranscriptionError]) -> None:
    error = await translated(code)

    with pytest.raises(kind) as raised, refusal_means_closed():
        raise error

    assert raised.value is error


def test_silence_is_not_closed() -> None:
    with pytest.raises(Unavailable), refusal_means_closed():
        raise translate(TimeoutError())


async def test_whoever_only_shows_a_token_is_shut_out_for_the_tokens_sake() -> None:
    with pytest.raises(Misconfigured) as raised, rejection_means_bad_token():
        raise await translated("access_denied")

    assert (raised.value.reason, raised.value.detail) == (Misconfiguration.SLACK_TOKEN, "access_denied")


@pytest.mark.parametrize("code", ["user_not_in_channel", "restricted_action", "a_word_of_tomorrow"])
async def test_a_no_is_a_no(code: str) -> None:
    assert is_refusal(await translated(code))


@pytest.mark.parametrize("code", ["ratelimited", "internal_error", "missing_scope", "invalid_auth"])
async def test_what_passes_or_is_the_operators_is_no_refusal(code: str) -> None:
    assert not is_refusal(await translated(code))


async def test_an_answer_that_is_not_slacks_is_no_refusal() -> None:
    assert not is_refusal(await error_of(web.Response(text="<html>", content_type="text/html")))
    assert not is_refusal(translate(TimeoutError()))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30.0), ("0", 0.0), ("-5", 0.0), ("1e9", 3600.0), ("inf", 3600.0), ("nan", None), ("soon", None)],
)
def test_how_long_to_wait_is_bounded(value: str, seconds: float | None) -> None:
    assert parse_retry_after_s({"Retry-After": value}) == seconds
    assert parse_retry_after_s({}) is None


@given(st.text())
def test_no_header_breaks_the_wait(value: str) -> None:
    seconds = parse_retry_after_s({"Retry-After": value})

    assert seconds is None or 0 <= seconds <= 3600
