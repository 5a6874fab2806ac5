"""Every sentence that the bot speaks, in one place. Pure.

Short, human, and with what to do next. Nothing here comes from outside except where an argument says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from babel import Locale

from bot.errors import Misconfiguration, Outage, Refusal
from bot.model import LanguageHeard

_ENGLISH = Locale("en")

FILL_GAPS = "Try the missing parts again"
"""On the button under a transcript with gaps."""

GAPS_GONE = (
    "I keep the parts of a recording for a day only, so I can't fill the gaps any more. "
    "Share it again to have all of it transcribed."
)
"""To whoever presses that button too late."""

CUT_SHORT = "The recogniser stopped before the end of this recording, so some words are missing."

REFUSALS = {
    Refusal.NOT_AUDIO: "I couldn't find any sound I can read in this file. "
    "It may be damaged: try playing it, then share it again.",
    Refusal.NO_AUDIO_TRACK: "This video has no sound, so there is nothing to transcribe. "
    "If it should have some, please export it again with its sound.",
    Refusal.NO_SPEECH: "I couldn't hear any speech in this recording. "
    "If there is some, a louder or closer recording may help.",
    Refusal.TOO_LONG: "This recording is longer than {limit} minutes, which is the most I transcribe here. "
    "Please share it in shorter parts.",
    Refusal.TOO_BIG: "This file is bigger than {limit} MB, which is the most I take here. "
    "Please share a shorter or smaller recording.",
    Refusal.EMPTY: "This file is empty. Please share it again.",
    Refusal.PROTECTED: "This file is copy-protected or in a format I can't read. "
    "Please export it as MP3, M4A or WAV and share that.",
    Refusal.TOO_COSTLY: "This file takes too long to decode. "
    "Please export it as MP3, M4A or WAV and share that.",
    Refusal.GONE: "This file was deleted before I could listen to it. Share it again if you still need it.",
    Refusal.HIDDEN_BY_LIMIT: "Slack hides this file because of your plan's limit, so I can't open it. "
    "Please share the recording again.",
    Refusal.FORBIDDEN: "Slack doesn't let me open this file. "
    "Its owner can share it in this channel directly, and I'll try again.",
    Refusal.EXTERNAL: "This file is stored outside Slack, where I can't open it. "
    "Please upload the recording itself.",
    Refusal.UNSAFE_ADDRESS: "This file's address leads away from Slack, so I didn't follow it. "
    "Please upload the recording itself.",
    Refusal.CONTENT_BLOCKED: "The speech service declined this recording because of its content rules. "
    "If that looks wrong, please tell whoever runs this bot.",
    Refusal.UNSUPPORTED_BY_RECOGNISER: "The speech service couldn't process this recording. "
    "Please export it as MP3 or WAV and share that.",
}

CAUSES: dict[Outage | Misconfiguration, str] = {
    Misconfiguration.RECOGNISER_KEY: "the speech service doesn't accept my key",
    Misconfiguration.RECOGNISER_ACCOUNT: "the speech service account needs attention",
    Misconfiguration.RECOGNISER_MODEL: "the speech service doesn't offer the model I'm set up to use",
    Misconfiguration.SLACK_TOKEN: "Slack doesn't accept my token",
    Misconfiguration.SLACK_SCOPE: "I'm missing a permission in this workspace",
    Misconfiguration.SLACK_LOGIN_PAGE: "Slack shows me its login page instead of your file, "
    "because I'm missing the permission to read files",
    Outage.SLACK: "Slack isn't answering me properly",
    Outage.RECOGNISER: "the speech service isn't answering",
    Outage.RECOGNISER_BUSY: "the speech service is busy",
    Outage.FILE: "Slack isn't giving me this file yet",
    Outage.MACHINE: "the computer I run on is too busy or out of space",
}


def working(done: int, total: int | None) -> str:
    """After the bot's name, while it works: “Threadscribe is transcribing part 3 of 12…”."""
    if total is None or total < 2:
        return "is transcribing…"
    return f"is transcribing part {min(done + 1, total)} of {total}…"


def refusal(reason: Refusal, limit: int | None = None) -> str:
    """Why a file is not transcribed, and what to do."""
    return REFUSALS[reason].format(limit=limit)


def waiting(reason: Outage | Misconfiguration) -> str:
    """That the transcript will come later."""
    if isinstance(reason, Misconfiguration):
        return (
            "I've kept this recording and will transcribe it once whoever runs this bot has fixed this: "
            f"{CAUSES[reason]} ({reason})."
        )
    return f"This takes longer than usual, because {CAUSES[reason]}; I'll keep trying and answer here."


def so_far(done: int, total: int | None, delayed_by: Outage | Misconfiguration | None) -> str:
    """Under a reply that grows: how far it is, and why it may take longer."""
    if delayed_by is not None:
        return f"To be continued. {waiting(delayed_by)}"
    if total is None:
        return "To be continued: I'm still listening…"
    return f"To be continued: {done} of {total} parts done…"


def gave_up(reason: Outage | Misconfiguration) -> str:
    """That the bot stopped trying."""
    if isinstance(reason, Misconfiguration):
        return (
            f"I couldn't transcribe this recording: {CAUSES[reason]} ({reason}), and that wasn't fixed in "
            "time. Please tell whoever runs this bot, then share it again."
        )
    return (
        f"I tried for a long time and couldn't transcribe this recording: {CAUSES[reason]}. "
        "Please share it again later."
    )


def broken(reference: str) -> str:
    """That the bot itself failed; the reference is an id of Slack's."""
    return (
        "Something went wrong on my side, and trying again didn't help. "
        f"Please ask whoever runs this bot to look for {reference} in the log."
    )


def continued_in(file_name: str) -> str:
    """Where the rest of a long transcript is; Slack may show the files above the reply or below it."""
    return f"The whole transcript is in {file_name} in this thread, with subtitles beside it."


def continued_below(number: int, of: int) -> str:
    """Under each message of a transcript that Slack does not let the bot attach as a file."""
    return f"{number} of {of}"


def language_name(code: str | None) -> str:
    """A language by its CLDR name, or that it is not known."""
    if code is None:
        return "Language not recognised"
    name: str = _ENGLISH.languages.get(code, code)
    return name


def languages(heard: Sequence[LanguageHeard]) -> str:
    """``English``, or ``English, Spanish from 01:20``; the first four, and whether there are more."""
    known = [language for language in heard if language.code is not None]
    if not known:
        return language_name(None)
    named = [language_name(known[0].code)]
    named += [f"{language_name(language.code)} from {clock(language.from_ms)}" for language in known[1:4]]
    return ", ".join(named) + (" and more" if len(known) > 4 else "")


def gap(start_ms: int, end_ms: int) -> str:
    """Where something is missing, in brackets like those that stage directions have."""
    start_ms = round(start_ms, -3)
    end_ms = max(round(end_ms, -3), start_ms + 1000)
    hours = end_ms >= 3_600_000
    return f"[{clock(start_ms, hours=hours)}\u2013{clock(end_ms, hours=hours)} could not be transcribed]"


def clock(ms: int, *, hours: bool = False) -> str:
    """A place in a recording as players show it: ``01:20``; ``1:02:03`` from an hour on or with ``hours``."""
    whole_minutes, seconds = divmod(ms // 1000, 60)
    whole_hours, minutes = divmod(whole_minutes, 60)
    if hours or whole_hours:
        return f"{whole_hours}:{minutes:02}:{seconds:02}"
    return f"{minutes:02}:{seconds:02}"


def duration(seconds: float) -> str:
    """``0:11``, ``12:05``, ``1:02:03``; a sound below a second counts as one."""
    whole = max(1, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
