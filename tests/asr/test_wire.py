from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asr.wire import decode_response, request_body
from bot.errors import TranscriptionError, Unavailable
from bot.recording import DIGIT_LANGUAGES, EMOTIONS, LANGUAGES, MOST_CONTEXT_BYTES, Recognition

SEED_ANSWER: dict[str, Any] = {
    "request_id": "3f2f8e6a-7d2c-9a55-b2f4-6d1f6c7a4b11",
    "output": {
        "choices": [
            {
                "finish_reason": "stop",
                "message": {
                    "role": "assistant",
                    "content": [{"text": "你好。"}],
                    "annotations": [{"type": "audio_info", "language": "zh", "emotion": "neutral"}],
                },
            }
        ]
    },
    "usage": {
        "input_tokens_details": {"text_tokens": 0},
        "output_tokens_details": {"text_tokens": 6},
        "seconds": 1,
    },
}


def answered(*, message: object = None, **changes: object) -> bytes:
    choice: dict[str, object] = {**SEED_ANSWER["output"]["choices"][0]}
    if message is not None:
        choice["message"] = message
    return json.dumps({**SEED_ANSWER, "output": {"choices": [choice]}, **changes}).encode()


def decoded(body: bytes) -> Recognition:
    return decode_response(200, {}, body)


def whole(audio: bytes, **changes: Any) -> Any:
    given: dict[str, Any] = {
        "model": "qwen3-asr-flash",
        "mime": "audio/wav",
        "language": None,
        "enable_itn": False,
        "context": "",
    }
    body = request_body(**{**given, **changes})
    encoded = body.prefix + base64.b64encode(audio) + body.suffix
    assert len(encoded) == body.content_length(len(audio))
    return json.loads(encoded)


def test_the_request_is_the_documented_one() -> None:
    assert whole(b"RIFF") == {
        "model": "qwen3-asr-flash",
        "input": {
            "messages": [
                {"role": "system", "content": [{"text": ""}]},
                {"role": "user", "content": [{"audio": "data:audio/wav;base64,UklGRg=="}]},
            ]
        },
        "parameters": {"asr_options": {"enable_itn": False}},
    }


def test_the_request_names_the_language_and_itn() -> None:
    assert whole(b"", language="en", enable_itn=True)["parameters"]["asr_options"] == {
        "enable_itn": True,
        "language": "en",
    }


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_itn_is_asked_for_only_where_it_exists(language: str) -> None:
    options = whole(b"", language=language, enable_itn=True)["parameters"]["asr_options"]
    assert options["enable_itn"] is (language in DIGIT_LANGUAGES)


def test_an_unknown_language_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="xx"):
        whole(b"", language="xx")


@given(
    st.binary(max_size=50),
    st.text(st.characters(exclude_categories=[]), max_size=50) | st.just('";base64,"}]'),
)
def test_any_context_stands_in_the_request(audio: bytes, context: str) -> None:
    messages = whole(audio, context=context, model=";base64,")["input"]["messages"]
    assert messages[0]["content"] == [{"text": context.encode(errors="ignore").decode()}]
    assert messages[1]["content"] == [{"audio": f"data:audio/wav;base64,{base64.b64encode(audio).decode()}"}]


def test_a_long_context_is_cut_between_characters() -> None:
    text = whole(b"", context="字" * 10_000)["input"]["messages"][0]["content"][0]["text"]
    assert text == "字" * (MOST_CONTEXT_BYTES // 3)


def test_the_documented_answer() -> None:
    assert decoded(answered()) == Recognition(
        text="你好。",
        language="zh",
        billed_s=1.0,
        complete=True,
        request_id=SEED_ANSWER["request_id"],
        emotion="neutral",
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([], ""),
        (None, ""),
        ("", ""),
        ([{"text": ""}], ""),
        ([{"text": " \n"}], ""),
        ("a plain string", "a plain string"),
        (["a", {"text": "b"}, {"audio": "x"}], "ab"),
        ([{"text": "one "}, {"text": "two"}], "one two"),
        ([{"text": "a\0b\ud800c"}], "ab?c"),
    ],
)
def test_content(content: object, text: str) -> None:
    assert decoded(answered(message={"content": content})).text == text


@pytest.mark.parametrize("content", [7, {"text": 7}, [7], [{"words": "x"}], [[]], True])
def test_content_of_another_shape_is_no_answer(content: object) -> None:
    with pytest.raises(Unavailable, match="no text"):
        decoded(answered(message={"content": content}))


@pytest.mark.parametrize(
    ("annotations", "language"),
    [
        (None, None),
        ([], None),
        ("zh", None),
        ([None, 3, {}, {"language": None}, {"language": 3}], None),
        ([{"type": "audio_info"}, {"language": "yue"}], "yue"),
        ([{"language": " EN "}], "en"),
        ([{"language": "bn"}], "bn"),
        ([{"language": "zh-Hant"}], "zh-hant"),
        ([{"language": "Chinese"}], None),
        ([{"language": "<b>x</b>"}], None),
        ([{"language": "en" * 500}], None),
        ([{"language": ""}], None),
    ],
)
def test_language(annotations: object, language: str | None) -> None:
    message = {"content": [{"text": "x"}], "annotations": annotations}
    assert decoded(answered(message=message)).language == language


@pytest.mark.parametrize(
    ("annotations", "emotion"),
    [
        *[([{"type": "audio_info", "language": "en", "emotion": word}], word) for word in EMOTIONS],
        (None, None),
        ([], None),
        ("happy", None),
        ([{"language": "en"}], None),
        ([None, 3, {"emotion": None}, {"emotion": 3}, {"emotion": ["happy"]}], None),
        ([{"type": "audio_info"}, {"emotion": " Happy "}], "happy"),
        ([{"emotion": "furious"}], None),
        ([{"emotion": "furious"}, {"emotion": "angry"}], "angry"),
        ([{"emotion": ""}], None),
        ([{"emotion": "<b>happy</b>"}], None),
    ],
)
def test_an_emotion_is_one_of_the_vendor_s_words(annotations: object, emotion: str | None) -> None:
    message = {"content": [{"text": "x"}], "annotations": annotations}
    assert decoded(answered(message=message)).emotion == emotion


def test_annotations_may_be_absent() -> None:
    heard = decoded(answered(message={"content": "x"}))
    assert (heard.language, heard.emotion) == (None, None)


@pytest.mark.parametrize(
    ("reason", "complete"), [("stop", True), (None, True), ("length", False), ("null", False), (5, False)]
)
def test_finish_reason(reason: object, *, complete: bool) -> None:
    choice = {**SEED_ANSWER["output"]["choices"][0], "finish_reason": reason}
    assert decoded(answered(output={"choices": [choice]})).complete is complete


@pytest.mark.parametrize(
    ("usage", "billed_s"),
    [
        ({"seconds": 12}, 12.0),
        ({"seconds": 0.5}, 0.5),
        ({"seconds": True}, 0.0),
        ({"seconds": "12"}, 0.0),
        ({"seconds": -1}, 0.0),
        ({"seconds": math.nan}, 0.0),
        ({"seconds": math.inf}, 0.0),
        ({"seconds": 10**400}, 0.0),
        ({}, 0.0),
        (None, 0.0),
        ([], 0.0),
    ],
)
def test_billed_seconds(usage: object, billed_s: float) -> None:
    assert decoded(answered(usage=usage)).billed_s == billed_s


@pytest.mark.parametrize("request_id", [None, 5, "", "two words", "x" * 101, "line\nbreak", {"a": 1}])
def test_a_strange_request_id_is_dropped(request_id: object) -> None:
    assert decoded(answered(request_id=request_id)).request_id == ""


@pytest.mark.parametrize("code", ["", None, 200, 0])
def test_an_empty_code_beside_an_answer_is_no_error(code: object) -> None:
    assert decoded(answered(code=code, message_="")).text == "你好。"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>502</body></html>",
        b'{"output": {"choices": [{"mess',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"\xff\xfe\x00",
        b"9" * 5_000,
        b"[]",
        b'"text"',
        b"null",
        b"{}",
        b'{"output": null}',
        b'{"output": {"text": "of another model"}}',
        b'{"output": {"choices": []}}',
        b'{"output": {"choices": {"0": {"message": {}}}}}',
        b'{"output": {"choices": [{"message": "text"}]}}',
    ],
)
def test_whatever_is_no_answer_is_an_outage(body: bytes) -> None:
    with pytest.raises(Unavailable):
        decoded(body)


@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["Retry-After", "Date", "x"]), st.text()),
    st.binary(max_size=100),
)
def test_any_bytes_bring_a_recognition_or_one_of_our_errors(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    with pytest.raises(TranscriptionError):
        decode_response(status, headers, body)


PARTS = ["code", "message", "request_id", "output", "choices", "usage", "seconds", "content", "text"]
NAMES = st.sampled_from([*PARTS, "annotations", "language"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(), inner, max_size=4),
    max_leaves=12,
)
NEARLY_RIGHT = st.builds(
    lambda top, choice, message: {**top, "output": {"choices": [{**choice, "message": message}]}},
    st.dictionaries(NAMES, ANY_JSON, max_size=3),
    st.dictionaries(st.just("finish_reason"), ANY_JSON),
    st.dictionaries(NAMES, ANY_JSON, max_size=3) | ANY_JSON,
)


@given(st.sampled_from([200, 200, 200, 400, 401, 429, 500]), ANY_JSON | NEARLY_RIGHT)
def test_any_json_brings_a_recognition_or_one_of_our_errors(status: int, answer: object) -> None:
    try:
        recognition = decode_response(status, {}, json.dumps(answer).encode())
    except TranscriptionError as error:
        said = str(error)
    else:
        said = ""
        recognition.text.encode()
        assert "\0" not in recognition.text
        assert recognition.language is None or 2 <= len(recognition.language) <= 21
        assert math.isfinite(recognition.billed_s)
        assert isinstance(recognition.complete, bool)
    assert len(said) < 700
    assert not said or said.isprintable()
