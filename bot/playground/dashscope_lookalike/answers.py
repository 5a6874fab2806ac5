"""The answers of the service: one JSON body, or the same in frames of a stream.

Source: https://www.alibabacloud.com/help/en/model-studio/qwen-asr-api-reference
"""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Iterator
from typing import Any, Literal

from bot.playground.dashscope_lookalike.wire import AsrRequest, DashScopeError
from bot.whisper.heard import Heard

Silence = Literal["no_content", "empty_text"]
"""How an empty text is written: ``content: []``, as seen in the wild, or ``[{"text": ""}]``."""


def render_transcript(
    request: AsrRequest, heard: Heard, *, request_id: str, duration_s: float, silence: Silence
) -> dict[str, Any]:
    """The body of a successful answer. A language that was asked for is echoed; the emotion is a constant."""
    annotation = {"type": "audio_info", "language": request.language or heard.language, "emotion": "neutral"}
    content = [{"text": heard.text}] if heard.text or silence == "empty_text" else []
    message = {
        "role": "assistant",
        "content": content,
        "annotations": [{name: value for name, value in annotation.items() if value is not None}],
    }
    return {
        "request_id": request_id,
        "output": {"choices": [{"finish_reason": "stop", "message": message}]},
        "usage": {
            "input_tokens_details": {"text_tokens": _rough_tokens(request.context)},
            "output_tokens_details": {"text_tokens": _rough_tokens(heard.text)},
            "seconds": math.ceil(duration_s),
        },
    }


def _rough_tokens(text: str) -> int:
    """A count of the right size: the model's own tokenizer is not here."""
    return math.ceil(len(text.encode()) / 4)


def render_error(error: DashScopeError, request_id: str) -> dict[str, Any]:
    """The body of any other answer."""
    return {"code": error.code, "message": error.message, "request_id": request_id}


def render_frames(body: dict[str, Any], *, incremental: bool) -> Iterator[bytes]:
    """The body as server-sent events, a few words at a time.

    ``finish_reason`` is the string ``"null"`` until the last frame, which holds the whole text, or nothing
    new when ``incremental``.
    """
    heard_so_far = ""
    number = 0
    for number, piece in enumerate(_pieces(body), start=1):
        heard_so_far += piece
        partial = copy.deepcopy(body)
        choice = partial["output"]["choices"][0]
        choice["finish_reason"] = "null"
        choice["message"]["content"] = [{"text": piece if incremental else heard_so_far}]
        yield _frame(number, partial)
    last = copy.deepcopy(body)
    if incremental and heard_so_far:
        last["output"]["choices"][0]["message"]["content"] = []
    yield _frame(number + 1, last)


def _pieces(body: dict[str, Any]) -> list[str]:
    match body:
        case {"output": {"choices": [{"message": {"content": [{"text": str(text)}]}}]}}:
            return re.findall(r".{1,12}\S*\s*", text, flags=re.DOTALL)
        case _:
            return []


def _frame(number: int, body: dict[str, Any]) -> bytes:
    data = json.dumps(body, ensure_ascii=False)
    return f"id:{number}\nevent:result\n:HTTP_STATUS/200\ndata:{data}\n\n".encode()
