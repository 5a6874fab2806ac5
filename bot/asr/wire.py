"""The wire format of Qwen3-ASR-Flash: builds request bodies, decodes responses. No I/O.

Source: https://www.alibabacloud.com/help/en/model-studio/qwen-speech-recognition
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.asr.error_codes import error_of, request_id_of, unreadable_error
from bot.recording import DIGIT_LANGUAGES, EMOTIONS, LANGUAGES, MOST_CONTEXT_BYTES, AudioMime, Recognition

PATH = "/api/v1/services/aigc/multimodal-generation/generation"

_BASE64_MARK = b";base64,"
_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}")


@dataclass(frozen=True, slots=True)
class RequestBody:
    """A request's JSON around the Base64 of the audio, so that the audio need not be held twice."""

    prefix: bytes
    suffix: bytes
    context: str
    """The words that it asks to expect, which belong to somebody."""

    def content_length(self, audio_size_bytes: int) -> int:
        """Size of the whole body, in bytes, around so much raw audio."""
        return len(self.prefix) + 4 * math.ceil(audio_size_bytes / 3) + len(self.suffix)


def request_body(
    *, model: str, mime: AudioMime, language: str | None, enable_itn: bool, context: str
) -> RequestBody:
    """Write the request for one piece of audio.

    Args:
        model: The recogniser's model.
        mime: What the audio is. A wrong type brings wrong text, not an error.
        language: One of ``LANGUAGES``; ``None`` where it is unknown or mixed.
        enable_itn: Write numbers as digits, in the languages that can.
        context: Background text or words to expect; cut to ``MOST_CONTEXT_BYTES``.

    Raises:
        ValueError: ``language`` is not one of ``LANGUAGES``.
    """
    options: dict[str, str | bool] = {"enable_itn": enable_itn and language in {None, *DIGIT_LANGUAGES}}
    if language is not None:
        if language not in LANGUAGES:
            raise ValueError(f"not a language of the recogniser: {language!r}")
        options["language"] = language
    # `parameters` comes last and holds no free text: so the last mark is where the audio goes.
    document = {
        "model": model,
        "input": {
            "messages": [
                {"role": "system", "content": [{"text": _bounded(context)}]},
                {"role": "user", "content": [{"audio": f"data:{mime};base64,"}]},
            ]
        },
        "parameters": {"asr_options": options},
    }
    encoded = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    before, mark, after = encoded.rpartition(_BASE64_MARK)
    return RequestBody(prefix=before + mark, suffix=after, context=context)


def _bounded(context: str) -> str:
    """Whole characters within the limit; lone surrogates, which UTF-8 cannot carry, fall out."""
    return context.encode(errors="ignore")[:MOST_CONTEXT_BYTES].decode(errors="ignore")


def decode_response(status: int, headers: Mapping[str, str], body: bytes) -> Recognition:
    """Decode an answer, or raise the error that it stands for.

    Args:
        status: The HTTP status.
        headers: The HTTP headers, in any case.
        body: The whole body, decompressed.

    Raises:
        Rejected: CONTENT_BLOCKED or UNSUPPORTED_BY_RECOGNISER.
        Unavailable: RECOGNISER_BUSY; RECOGNISER also for whatever is not an answer of the recogniser at all.
        Misconfigured: RECOGNISER_KEY, RECOGNISER_ACCOUNT or RECOGNISER_MODEL.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        # A proxy's page, an answer that broke off, or JSON nested to exhaust the parser.
        answer = None
    if not isinstance(answer, dict):
        raise unreadable_error(status, headers, "the body is not a JSON object")
    code = answer.get("code")
    if not 200 <= status < 300 or (isinstance(code, str) and code):
        raise error_of(status, headers, answer)
    match answer:
        case {"output": {"choices": [{"message": {**message}, **choice}, *_]}}:
            text = _text(message.get("content"))
        case _:
            raise unreadable_error(status, headers, "no choices; is this model a Qwen3-ASR-Flash?")
    if text is None:
        raise unreadable_error(status, headers, "the message holds no text")
    return Recognition(
        text=text,
        language=_language(message.get("annotations")),
        billed_s=_billed_s(answer.get("usage")),
        complete=choice.get("finish_reason") in ("stop", None),
        request_id=request_id_of(answer),
        emotion=_emotion(message.get("annotations")),
    )


def _text(content: object) -> str | None:
    """Join the message's texts. An empty or absent ``content`` is silence; ``None`` is another shape."""
    if content is None:
        return ""
    parts = content if isinstance(content, list) else [content]
    texts = []
    for part in parts:
        match part:
            case str(text) | {"text": str(text)}:
                texts.append(text)
    if parts and not texts:
        return None
    # Neither a lone surrogate nor a NUL survives the way to Slack and into a database.
    return "".join(texts).encode(errors="replace").decode().replace("\0", "").strip()


def _language(annotations: object) -> str | None:
    """Read the language recognised: also one that is not on the list, if it looks like a code."""
    if not isinstance(annotations, list):
        return None
    for annotation in annotations:
        match annotation:
            case {"language": str(language)} if _LANGUAGE_CODE.fullmatch(language.strip().lower()):
                return language.strip().lower()
    return None


def _emotion(annotations: object) -> str | None:
    """Read how the voice sounded, where it is a word that we can put into the reader's language."""
    if not isinstance(annotations, list):
        return None
    for annotation in annotations:
        match annotation:
            case {"emotion": str(emotion)} if emotion.strip().lower() in EMOTIONS:
                return emotion.strip().lower()
    return None


def _billed_s(usage: object) -> float:
    match usage:
        # `True` would match as the number 1, and an integer of 400 digits fits no float.
        case {"seconds": bool()}:
            return 0.0
        case {"seconds": int(seconds) | float(seconds)} if 0 <= seconds < 1e9:
            return float(seconds)
    return 0.0
