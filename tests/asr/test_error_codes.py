from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asr.error_codes import legible, message_of
from bot.asr.wire import decode_response
from bot.errors import (
    Misconfiguration,
    Misconfigured,
    Outage,
    Refusal,
    Rejected,
    Unavailable,
)

UNSUPPORTED = Refusal.UNSUPPORTED_BY_RECOGNISER
BLOCKED = Refusal.CONTENT_BLOCKED
DOWN = Outage.RECOGNISER
BUSY = Outage.RECOGNISER_BUSY
KEY = Misconfiguration.RECOGNISER_KEY
ACCOUNT = Misconfiguration.RECOGNISER_ACCOUNT
MODEL = Misconfiguration.RECOGNISER_MODEL


def refused(status: int, code: str, message: str = "") -> Rejected | Unavailable | Misconfigured:
    body = json.dumps({"code": code, "message": message, "request_id": "r-1"}).encode()
    return refused_with(status, {}, body)


def refused_with(status: int, headers: dict[str, str], body: bytes) -> Rejected | Unavailable | Misconfigured:
    try:
        decode_response(status, headers, body)
    except (Rejected, Unavailable, Misconfigured) as error:
        return error
    pytest.fail("it was taken for a recognition")


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, "InvalidParameter", UNSUPPORTED),
        (400, "InvalidParameter.DataInspection", UNSUPPORTED),
        (400, "BadRequest.EmptyInput", UNSUPPORTED),
        (400, "DataInspectionFailed", BLOCKED),
        (400, "Arrearage", ACCOUNT),
        (401, "InvalidApiKey", KEY),
        (403, "AccessDenied", ACCOUNT),
        (403, "AccessDenied.Unpurchased", ACCOUNT),
        (403, "Model.AccessDenied", MODEL),
        (403, "Workspace.AccessDenied", ACCOUNT),
        (403, "Endpoint.AccessDenied", ACCOUNT),
        (403, "AllocationQuota.FreeTierOnly", ACCOUNT),
        (404, "ModelNotFound", MODEL),
        (429, "Throttling", BUSY),
        (429, "Throttling.RateQuota", BUSY),
        (429, "Throttling.BurstRate", BUSY),
        (429, "Throttling.Concurrency", BUSY),
        (429, "Throttling.AllocationQuota", BUSY),
        (429, "CommodityNotPurchased", ACCOUNT),
        (429, "PrepaidBillOverdue", ACCOUNT),
        (429, "PostpaidBillOverdue", ACCOUNT),
        (500, "InternalError", DOWN),
        (500, "InternalError.Algo", DOWN),
        (500, "InternalError.Timeout", DOWN),
        (500, "SystemError", DOWN),
        (500, "ModelServiceFailed", DOWN),
        (500, "ModelServingError", DOWN),
        (503, "ModelUnavailable", DOWN),
        (500, "RequestTimeOut", DOWN),
    ],
)
@pytest.mark.parametrize("other_status", [None, 200, 418, 500])
def test_a_known_code_counts_whatever_the_status(
    status: int, code: str, reason: object, other_status: int | None
) -> None:
    error = refused(other_status or status, code)
    assert error.reason is reason
    assert code in error.detail
    assert "r-1" in error.detail


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (200, "NeverHeardOf", DOWN),
        (400, "NeverHeardOf", UNSUPPORTED),
        (415, "NeverHeardOf", UNSUPPORTED),
        (401, "NeverHeardOf", KEY),
        (402, "NeverHeardOf", ACCOUNT),
        (403, "NeverHeardOf", ACCOUNT),
        (404, "NeverHeardOf", MODEL),
        (408, "NeverHeardOf", DOWN),
        (429, "NeverHeardOf", BUSY),
        (500, "NeverHeardOf", DOWN),
        (599, "NeverHeardOf", DOWN),
        (302, "NeverHeardOf", DOWN),
    ],
)
def test_a_code_that_is_new_counts_by_its_status(status: int, code: str, reason: object) -> None:
    error = refused(status, code)
    assert error.reason is reason
    assert code in error.detail
    assert "r-1" in error.detail


def test_a_used_up_free_quota_is_the_operators_affair() -> None:
    message = "Free allocated quota exceeded."
    assert refused(429, "Throttling.AllocationQuota", message).reason is ACCOUNT
    assert refused(429, "Throttling.AllocationQuota", "Allocated quota exceeded").reason is BUSY


@pytest.mark.parametrize(
    ("status", "reason"),
    [(200, DOWN), (302, DOWN), (401, DOWN), (413, UNSUPPORTED), (429, BUSY), (502, DOWN), (503, DOWN)],
)
def test_a_page_of_a_proxy(status: int, reason: object) -> None:
    assert refused_with(status, {"content-type": "text/html"}, b"<html>no</html>").reason is reason


def test_a_bad_key_hints_at_the_region() -> None:
    assert "region" in refused(401, "InvalidApiKey", "Invalid API-key provided.").detail
    assert "region" not in refused(403, "AccessDenied").detail


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"RETRY-AFTER": "0"}, 0.0),
        ({"Retry-After": "999999999"}, 3600.0),
        ({"Retry-After": "9" * 5000}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT", "Date": "Wed, 21 Oct 2026 07:27:30 GMT"}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT", "Date": "Wed, 21 Oct 2026 07:29:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 -0000", "Date": "Wed, 21 Oct 2026 07:27:30 GMT"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT", "Date": "yesterday"}, None),
    ],
)
@pytest.mark.parametrize("body", [b"<html>", b'{"code": "Throttling"}'])
def test_the_wait_asked_for(headers: dict[str, str], wait_s: float | None, body: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        decode_response(429, headers, body)
    assert caught.value.retry_after_s == wait_s


ECHO = "Bad context: 'Wolpertinger\nAda Lovelace\nCafé Noir'"


@pytest.mark.parametrize("message", [ECHO, "Incorrect key sk-0123abcd****89ef", "", "x" * 9_000])
def test_the_detail_is_the_code_and_the_request_alone(message: str) -> None:
    assert refused(400, "InvalidParameter", message).detail == "HTTP 400 InvalidParameter (request r-1)"


@pytest.mark.parametrize("code", ["Wolpertinger and Ada", "a" * 200, "\n", "Zoë"])
def test_a_code_that_looks_like_none_and_an_odd_request_id_are_not_repeated(code: str) -> None:
    body = json.dumps({"code": code, "message": "", "request_id": "of Ada Lovelace"}).encode()
    assert refused_with(400, {}, body).detail == "HTTP 400 unknown code (request unknown)"


def test_a_message_that_is_shown_keeps_what_was_sent_to_itself() -> None:
    message = (
        "Incorrect key sk-0123abcd****89ef,\r\n Authorization: Bearer abc.def "
        'in "data:audio/wav;base64,UklGR", https://u:p@host/x?token=1 ' + "QUJD" * 20 + " " + "word " * 200
    )
    shown = message_of(json.dumps({"message": message}).encode(), "")
    for secret in ("0123abcd", "89ef", "abc.def", "UklGR", "token", "QUJD"):
        assert secret not in shown
    assert shown.isprintable()
    assert len(shown) <= 200
    assert shown.startswith("Incorrect key [key]")


@pytest.mark.parametrize(
    "echoed",
    [
        "Wolpertinger\nAda Lovelace\nCafé Noir",
        "...inger\nAda Lovelace\nCaf",
        "LOVELACE and the café noir",
        "Caf\\u00e9 Noir",
        "李雷",
    ],
)
def test_a_message_is_shown_up_to_where_it_repeats_the_context(echoed: str) -> None:
    body = json.dumps({"message": f"Bad text: {echoed}"}).encode()
    shown = message_of(body, "Wolpertinger\nAda Lovelace\nCafé Noir\n李雷")
    assert shown.startswith("Bad text: ")
    assert shown.endswith("[what was sent]")
    for word in ("Wolpertinger", "Ada", "ovelace", "Noir", "Caf", "李"):
        assert word.casefold() not in shown.casefold()


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"message": 7}', b"{}", b"[" * 100_000])
def test_what_holds_no_message_shows_none(body: bytes) -> None:
    assert message_of(body, "words") == ""


@given(st.text(), st.integers(1, 300))
def test_a_legible_line_is_one_short_line(text: str, max_chars: int) -> None:
    line = legible(text, max_chars)
    assert len(line) <= max_chars
    assert line.isprintable()
