from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.dashscope_lookalike.wire import (
    DATA_URI_LIMIT_BYTES,
    LANGUAGES,
    AsrRequest,
    DashScopeError,
    parse_data_uri,
    parse_request,
)

MakeBody = Callable[..., dict[str, Any]]


def encode(body: Any) -> bytes:
    return json.dumps(body).encode()


def test_whole_request(body: MakeBody) -> None:
    options = {"language": "yue", "enable_itn": False, "enable_lid": True}
    asked = parse_request(encode(body("data:x", context="Qwen", options=options, result_format="message")))
    assert asked == AsrRequest("qwen3-asr-flash", "data:x", "yue", "Qwen", incremental=False)


def test_least_request() -> None:
    messages = [{"role": "user", "content": [{"audio": "data:x"}]}]
    asked = parse_request(encode({"model": "qwen3-asr-flash-us", "input": {"messages": messages}}))
    assert asked == AsrRequest("qwen3-asr-flash-us", "data:x", None, "", incremental=False)


def test_there_are_27_languages() -> None:
    assert len(LANGUAGES) == 27


AUDIO = {"role": "user", "content": [{"audio": "data:x"}]}


@pytest.mark.parametrize(
    "change",
    [
        {"stream": True},
        {"input": {}},
        {"input": {"messages": [AUDIO], "audio": "x"}},
        {"input": {"messages": []}},
        {"input": {"messages": AUDIO}},
        {"input": {"messages": [AUDIO, AUDIO]}},
        {"input": {"messages": [{"role": "assistant", "content": []}, AUDIO]}},
        {"input": {"messages": [{"role": "system", "content": "text"}, AUDIO]}},
        {"input": {"messages": [{"role": "system", "content": [{"text": "a"}, {"text": "b"}]}, AUDIO]}},
        {"input": {"messages": [{"role": "system", "content": [{"text": None}]}, AUDIO]}},
        {"input": {"messages": [{"role": "user", "content": [{"audio": "x"}, {"text": "y"}]}]}},
        {"input": {"messages": [{"role": "user", "content": [{"audio": 3}]}]}},
        {"input": {"messages": [{**AUDIO, "name": "x"}]}},
        {"parameters": None},
        {"parameters": {"temperature": 0}},
        {"parameters": {"result_format": "text"}},
        {"parameters": {"incremental_output": "true"}},
        {"parameters": {"asr_options": {"language": "english"}}},
        {"parameters": {"asr_options": {"language": None}}},
        {"parameters": {"asr_options": {"language": ["en"]}}},
        {"parameters": {"asr_options": {"enable_itn": 0}}},
        {"parameters": {"asr_options": {"timestamps": True}}},
        {"model": 3},
    ],
)
def test_wrong_requests(body: MakeBody, change: dict[str, Any]) -> None:
    with pytest.raises(DashScopeError) as caught:
        parse_request(encode({**body("data:x"), **change}))
    assert (caught.value.status, caught.value.code) == (400, "InvalidParameter")


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff", b'"x"', b"null"])
def test_not_an_object(text: bytes) -> None:
    with pytest.raises(DashScopeError) as caught:
        parse_request(text)
    assert caught.value.status == 400


def test_unknown_model(body: MakeBody) -> None:
    with pytest.raises(DashScopeError) as caught:
        parse_request(encode({**body("data:x"), "model": "fun-asr-flash"}))
    assert (caught.value.status, caught.value.code) == (404, "ModelNotFound")


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(anything, anything, anything)
def test_no_shape_breaks_it(messages: Any, parameters: Any, content: Any) -> None:
    for body in (
        {"model": "qwen3-asr-flash", "input": {"messages": messages}, "parameters": parameters},
        {"model": "qwen3-asr-flash", "input": {"messages": [{"role": "user", "content": content}]}},
    ):
        with pytest.raises(DashScopeError):
            parse_request(encode({**body, "more": 1}))
        with pytest.raises(DashScopeError):
            parse_request(encode(body))


@given(st.binary(max_size=50), st.sampled_from(["audio/wav", "audio/mpeg"]))
def test_data_uri(data: bytes, mime: str) -> None:
    assert parse_data_uri(f"data:{mime};base64,{base64.b64encode(data).decode()}") == (mime, data)


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/a.wav",
        "oss://a.wav",
        "data:audio/wav,AAAA",
        "data:;base64,AAAA",
        "data:audio/webm;base64,AAAA",
        "data:audio/x-wav;base64,AAAA",
        "data:audio/wav;codecs=1;base64,AAAA",
        "data:audio/wav;base64,AAA",
        "data:audio/wav;base64,AA\nAA",
        "data:audio/wav;base64,AA-_",
        "data:audio/wav;base64,AAAAé",
    ],
)
def test_wrong_data_uri(uri: str) -> None:
    with pytest.raises(DashScopeError) as caught:
        parse_data_uri(uri)
    assert (caught.value.status, caught.value.code) == (400, "InvalidParameter")


def test_limit_counts_after_base64() -> None:
    head = "data:audio/wav;base64,"
    room = (DATA_URI_LIMIT_BYTES - len(head)) // 4 * 4
    assert len(parse_data_uri(head + "A" * room)[1]) == room * 3 // 4
    with pytest.raises(DashScopeError, match="Exceeded limit on max bytes per data-uri item : 10485760"):
        parse_data_uri(head + "A" * (room + 4))
