"""Parsers of a setting's value; each raises ``ValueError`` with the end of a sentence about it."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from bot.recording import LANGUAGES

WHOLE_SENTENCE = "whole_sentence"
"""The type of an error whose message names the settings itself."""


ONE_OF_TWO = ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
"""The settings of which one has to be there."""


def secret_starting(prefix: str, what: str) -> AfterValidator:
    """A check that a secret begins with ``prefix``; ``what`` names the secret to the operator."""

    def check(secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not secret.get_secret_value().startswith(prefix):
            raise ValueError(f"must be {what}, which begins with {prefix}")
        return secret

    return AfterValidator(check)


def one_of_two(secret: SecretStr | None, found: ValidationInfo) -> SecretStr | None:
    """Insist on an app token or a signing secret.

    Raises:
        PydanticCustomError: there is neither.
    """
    # An app token that is wrong is not among what was found: that is said of itself.
    if secret is None and found.data.get("slack_app_token", WHOLE_SENTENCE) is None:
        raise PydanticCustomError(
            WHOLE_SENTENCE,
            "SLACK_APP_TOKEN or SLACK_SIGNING_SECRET is missing: set the first for Socket Mode, the second "
            "for HTTP mode, from your app's page → Basic Information (App-Level Tokens, App Credentials)",
        )
    return secret


def one_word(value: Any) -> Any:
    """Strip what copying and `$(cat file)` leave around a secret; inside, a header could not carry it."""
    if not isinstance(value, str):
        return value
    word = value.strip()
    if not word:
        raise ValueError("must not be blank")
    if word.endswith(("…", "...")):
        raise ValueError("must be your own: it still holds the placeholder")
    if not (word.isascii() and word.isprintable()) or " " in word:
        raise ValueError("must be one word of plain letters, digits and signs")
    return word


def lower(value: Any) -> Any:
    """Lower-case a text; leave anything else to the next check."""
    return value.lower() if isinstance(value, str) else value


def upper(value: Any) -> Any:
    """Upper-case a text; leave anything else to the next check."""
    return value.upper() if isinstance(value, str) else value


def dashscope_url(value: str) -> str:
    """An http(s) address without the path that the vendor's SDK is called with: the wire adds it."""
    return _base_url(value).removesuffix("/api/v1")


def _base_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        # Its text may quote the value.
        raise ValueError("must be an http(s) address such as https://example.com") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an http(s) address such as https://example.com")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password")
    return value.rstrip("/")


def api_url(value: str) -> str:
    """An http(s) address that ends with one slash."""
    return _base_url(value) + "/"


def origin(value: str) -> str:
    """An origin: scheme, host and port, in lower case."""
    parts = urlsplit(_base_url(value))
    if parts.path:
        raise ValueError("must be origins such as https://files.example.com, without a path")
    return f"{parts.scheme}://{parts.netloc}".lower()


def split_on_commas(value: Any) -> Any:
    """A tuple of the parts between commas, without blanks."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def known_language(value: str) -> str:
    """The code of a language that the recogniser takes."""
    code = value.lower()
    if code not in LANGUAGES:
        raise ValueError(f"must be one of {', '.join(LANGUAGES)}, or empty for automatic")
    return code


def known_locale(value: str) -> str:
    """A locale as Babel writes it (``pt_BR``)."""
    try:
        return str(Locale.parse(value.strip().replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        raise ValueError("must be a locale such as en, de or pt_BR") from None


def emoji_name(value: str) -> str:
    """An emoji's name without colons, in lower case."""
    name = value.strip().strip(":").lower()
    if not re.fullmatch(r"[a-z0-9_+'-]{1,100}", name):
        raise ValueError("must be an emoji's name such as speech_balloon")
    return name


Secret = Annotated[SecretStr, BeforeValidator(one_word)]
