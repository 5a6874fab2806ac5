"""The errors that are expected to happen, by what has to happen next.

    TranscriptionError
    ├── Rejected         the file cannot be transcribed: say why, end the job
    │   ├── ThreadGone       its message is gone: end it without a word, and delete what stands of it
    │   ├── Undeliverable    its reply is not taken: end it without a word
    │   └── NotReady         the file is not there: the same, unless it is so new that it may still come
    ├── ConsentNeeded    it costs enough to need consent: somebody has to press a button
    ├── Unavailable      not now: try again later, for hours if need be
    │   └── UnknownRefusal   refused for a reason that nobody here knows: for minutes
    ├── Misconfigured    the operator must act: park the job until verification succeeds
    └── Forgotten        nothing is known of the job any more: end it without a word

Adapters translate the exceptions of their libraries into these once, ``from`` the cause. ``reason`` is a
machine's word: it chooses the sentence that a person reads and stands in logs and metrics. ``detail`` is for
the operator's log alone: never a token, a URL or a word of a transcript.
"""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Reasons for which a file is not transcribed."""

    NOT_AUDIO = "not_audio"
    """Its bytes hold no audio that can be decoded."""
    NO_AUDIO_TRACK = "no_audio_track"
    """A video without sound."""
    NO_SPEECH = "no_speech"
    TOO_LONG = "too_long"
    TOO_BIG = "too_big"
    EMPTY = "empty"
    """No bytes at all."""
    PROTECTED = "protected"
    """Encrypted."""
    FORMAT_NOT_READ = "format_not_read"
    """In a format or codec that is not read here: it need not be broken."""
    DECODER_FAILED = "decoder_failed"
    """Decoding it failed in a way that nobody foresaw."""
    TOO_COSTLY = "too_costly"
    """Decoding it would take more time or memory than any recording needs."""
    GONE = "gone"
    HIDDEN_BY_LIMIT = "hidden_by_limit"
    FORBIDDEN = "forbidden"
    """Slack does not let the bot read this file."""
    NOT_HANDED_OUT = "not_handed_out"
    """Slack shows its login page in place of this file, though the bot may read files."""
    EXTERNAL = "external"
    """Stored outside Slack."""
    UNSAFE_ADDRESS = "unsafe_address"
    """Its address, or a redirect, leads away from Slack."""
    CONTENT_BLOCKED = "content_blocked"
    """The provider's content inspection refused it."""
    UNSUPPORTED_BY_RECOGNISER = "unsupported_by_recogniser"
    """The recogniser refused the request for good."""
    OPTED_OUT = "opted_out"
    """The person who recorded it never wants to be transcribed."""
    MONTH_USED_UP = "month_used_up"
    """The workspace's minutes of this month are used up."""


class Outage(StrEnum):
    """Things that do not answer now."""

    SLACK = "slack"
    RECOGNISER = "recogniser"
    RECOGNISER_BUSY = "recogniser_busy"
    """The account's limit is reached: the recogniser works, for fewer requests."""
    FILE = "file"
    """The file's bytes are not ready, or broke off."""
    MACHINE = "machine"
    """This machine is out of disk or memory, or too busy to decode in time."""


class Misconfiguration(StrEnum):
    """Things that the operator has to put right."""

    RECOGNISER_KEY = "recogniser_key"
    RECOGNISER_ACCOUNT = "recogniser_account"
    """Arrears, an unpurchased model or a used-up quota."""
    RECOGNISER_MODEL = "recogniser_model"
    SLACK_TOKEN = "slack_token"  # noqa: S105  # a word of ours, not a token
    SLACK_SCOPE = "slack_scope"
    SLACK_LOGIN_PAGE = "slack_login_page"
    """Slack answered a download with its login page, and ``files:read`` is not granted."""


class TranscriptionError(Exception):
    """Base of everything that is expected to go wrong.

    Attributes:
        code: Slack's own word for it, where it gave one; else empty.
    """

    code: str = ""


class Rejected(TranscriptionError):
    """The file cannot be transcribed, today or tomorrow.

    Attributes:
        limit: For TOO_LONG and MONTH_USED_UP the most minutes, for TOO_BIG the most megabytes; else ``None``.
        format_name: For FORMAT_NOT_READ its name, where it is known; else ``None``.
    """

    def __init__(
        self,
        reason: Refusal,
        detail: str = "",
        limit: int | None = None,
        format_name: str | None = None,
    ) -> None:
        """Keep the reason, the operator's detail, the limit and the format's name."""
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.limit = limit
        self.format_name = format_name


class ThreadGone(Rejected):
    """The message with the recording is gone, and its thread with it: nothing of it may be posted."""

    def __init__(self, detail: str) -> None:
        """Keep the operator's detail."""
        super().__init__(Refusal.GONE, detail)


class Undeliverable(Rejected):
    """Slack takes no reply to this recording, by a code that nobody here knows."""

    def __init__(self, detail: str) -> None:
        """Keep the operator's detail."""
        super().__init__(Refusal.FORBIDDEN, detail)


class NotReady(Rejected):
    """Slack does not have the file, or does not know what it is; of a new one that may still come."""


class ConsentNeeded(TranscriptionError):
    """The recording is long enough that somebody has to consent to its cost.

    Attributes:
        duration_s: How long it is, as far as anybody can say before decoding it.
        heard_s: What of it is heard and paid: more, where two channels are heard apart.
    """

    def __init__(self, duration_s: float, heard_s: float | None = None) -> None:
        """Keep the duration; without ``heard_s`` all of it is heard once."""
        self.duration_s = duration_s
        self.heard_s = duration_s if heard_s is None else heard_s
        super().__init__(f"{self.heard_s:.0f} s")


class Unavailable(TranscriptionError):
    """Something does not answer now.

    Attributes:
        retry_after_s: How long the other side asked to wait, if it said.
    """

    def __init__(self, reason: Outage, detail: str = "", retry_after_s: float | None = None) -> None:
        """Keep the reason, the operator's detail and the wait."""
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.retry_after_s = retry_after_s


class UnknownRefusal(Unavailable):
    """Slack refuses by a code that nobody here knows: it may pass, but is not waited for like an outage."""


class Misconfigured(TranscriptionError):
    """Nothing helps until the operator acts."""

    def __init__(self, reason: Misconfiguration, detail: str = "") -> None:
        """Keep the reason and the operator's detail."""
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


class Forgotten(TranscriptionError):
    """Everything about the job was deleted while it ran: nothing more of it is to be recognised or posted."""

    def __init__(self) -> None:
        """There is nothing to keep."""
        super().__init__("forgotten")
