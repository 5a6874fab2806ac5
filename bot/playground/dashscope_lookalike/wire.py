"""Requests that the service takes, checked strictly, and the languages it knows.

Source: https://www.alibabacloud.com/help/en/model-studio/qwen-asr-api-reference
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GENERATION_PATH = "/api/v1/services/aigc/multimodal-generation/generation"
MODELS = frozenset(
    {"qwen3-asr-flash", "qwen3-asr-flash-2025-09-08", "qwen3-asr-flash-2026-02-10", "qwen3-asr-flash-us"}
)
LANGUAGES = frozenset(
    "zh yue en ja de ko ru fr pt ar it es hi id th tr uk vi cs da fil fi is ms no pl sv".split()  # noqa: SIM905  # one line
)
AUDIO_MIMES = frozenset({"audio/wav", "audio/mpeg"})
"""The types whose data URIs are documented. The real service answers others with wrong text, not an error."""
DATA_URI_LIMIT_BYTES = 10_485_760
"""Counted after Base64, and here over the whole URI: the stricter reading of the service's message."""
DURATION_LIMIT_S = 300


class DashScopeError(Exception):
    """An answer other than a transcript: ``{"code", "message", "request_id"}`` under an HTTP status.

    Source: https://www.alibabacloud.com/help/en/model-studio/error-code
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        """Keep the HTTP status, the machine's code and the sentence."""
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> DashScopeError:
    """The answer to a request that is not as it must be."""
    return DashScopeError(400, "InvalidParameter", message)


def too_big() -> DashScopeError:
    """The answer to more audio than a data URI may hold."""
    return invalid(f"Exceeded limit on max bytes per data-uri item : {DATA_URI_LIMIT_BYTES}")


def illegal_audio() -> DashScopeError:
    """The answer to audio that does not open."""
    return invalid("The audio format is illegal and cannot be opened")


@dataclass(frozen=True, slots=True)
class AsrRequest:
    """A call whose shape is right; its audio is not looked at yet."""

    model: str
    audio: str
    """A data URI, or an ``oss://`` address."""
    language: str | None
    context: str
    incremental: bool
    """Whether a stream sends only what is new in each frame."""
    enable_itn: bool = False
    """Whether numbers are wanted as digits."""


def parse_request(body: bytes, models: frozenset[str] = MODELS) -> AsrRequest:
    """Read a request's JSON body.

    Raises:
        DashScopeError: It is not what the API reference describes, key for key.
    """
    try:
        request = json.loads(body)
    except ValueError as error:
        raise invalid("The request body is not valid JSON.") from error
    _check_keys(request, "body", required={"model", "input"}, optional={"parameters"})
    model = request["model"]
    if not isinstance(model, str):
        raise invalid("model must be a string.")
    if model not in models:
        raise DashScopeError(404, "ModelNotFound", f"Model can not be found: {model[:80]}.")
    _check_keys(request["input"], "input", required={"messages"})
    context, audio = _parse_messages(request["input"]["messages"])
    options, incremental = _parse_parameters(request.get("parameters", {}))
    language, enable_itn = options.get("language"), options.get("enable_itn", False)
    return AsrRequest(model, audio, language, context, incremental, enable_itn)


def _parse_messages(messages: Any) -> tuple[str, str]:
    if not isinstance(messages, list):
        raise invalid("input.messages must be a list.")
    for message in messages:
        _check_keys(message, "message", required={"role", "content"})
    match [message["role"] for message in messages]:
        case ["system", "user"]:
            return _only_part(messages[0], "text"), _only_part(messages[1], "audio")
        case ["user"]:
            return "", _only_part(messages[0], "audio")
        case _:
            raise invalid("input.messages must be one user message, after at most one system message.")


def _only_part(message: Mapping[str, Any], kind: str) -> str:
    match message["content"]:
        case [{**part}] if part.keys() == {kind} and isinstance(text := part[kind], str):
            return text
        case _:
            raise invalid(f'The content of the {message["role"]} message must be [{{"{kind}": "..."}}].')


def _parse_parameters(parameters: Any) -> tuple[dict[str, Any], bool]:
    """The options of recognition, and whether a stream is incremental."""
    _check_keys(parameters, "parameters", optional={"asr_options", "result_format", "incremental_output"})
    if parameters.get("result_format", "message") != "message":
        raise invalid("parameters.result_format must be message.")
    incremental = parameters.get("incremental_output", False)
    options = parameters.get("asr_options", {})
    _check_keys(options, "asr_options", optional={"language", "enable_itn", "enable_lid"})
    switches = {"incremental_output": incremental, **{k: v for k, v in options.items() if k != "language"}}
    for name, value in switches.items():
        if not isinstance(value, bool):
            raise invalid(f"{name} must be true or false.")
    language = options.get("language")
    if "language" in options and (not isinstance(language, str) or language not in LANGUAGES):
        raise invalid("asr_options.language is not a supported language.")
    return options, incremental


def _check_keys(
    value: Any, name: str, *, required: set[str] | None = None, optional: set[str] | None = None
) -> None:
    required = required or set()
    if not isinstance(value, dict):
        raise invalid(f"{name} must be an object.")
    if missing := required - value.keys():
        raise invalid(f"{name} lacks {', '.join(sorted(missing))}.")
    if unknown := value.keys() - required - (optional or set()):
        raise invalid(f"{name} has unknown keys: {', '.join(sorted(unknown))[:200]}.")


def parse_data_uri(uri: str) -> tuple[str, bytes]:
    """Split ``data:<mime>;base64,<data>`` into its MIME type and its bytes.

    Raises:
        DashScopeError: Not such a URI, of another type, too big, or not Base64.
    """
    if not uri.startswith("data:"):
        raise invalid("audio must be a data URI; this look-alike fetches no addresses.")
    if len(uri) > DATA_URI_LIMIT_BYTES:
        raise too_big()
    head, _, data = uri.removeprefix("data:").partition(",")
    mime, _, encoding = head.partition(";")
    if encoding != "base64":
        raise invalid("The data URI must be data:<mime>;base64,<data>.")
    if mime not in AUDIO_MIMES:
        raise invalid(f"The data URI's type must be one of {', '.join(sorted(AUDIO_MIMES))}.")
    try:
        return mime, binascii.a2b_base64(data.encode("ascii"), strict_mode=True)
    except ValueError as error:
        raise invalid("The data URI is not valid Base64.") from error
