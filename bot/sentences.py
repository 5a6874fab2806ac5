"""Every sentence that the bot speaks, in one place. Pure.

Short, human, and with what to do next. Nothing here comes from outside except where an argument says so.
Each is written in English and marked for gettext, in whole sentences, so that a catalogue is all that another
language needs; it becomes a string when it is said to a reader. Names of languages, months, numbers and sums
come from CLDR, in the reader's locale.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent

from bot import formats
from bot.channel_settings import Automatic
from bot.errors import Misconfiguration, Outage, Refusal
from bot.model import Usage
from bot.recording import LanguageHeard
from bot.translations import Reader, Sentence, readers

_ = Sentence
"""The extractor of catalogues finds the sentences by this name."""
_LONGEST_WORD = 50
"""So much of somebody's own word is said back."""

FILL_GAPS = _("Try the missing parts again")
"""On the button under a transcript with gaps."""

GAPS_GONE = _(
    "I can't fill these gaps any more: I keep the parts of a recording for a day at most. "
    "“Transcribe again” in the menu under the transcript hears all of it anew."
)
"""To whoever presses that button too late."""

CUT_SHORT = _("The recogniser stopped before the end of this recording, so some words are missing.")

REFUSALS = {
    Refusal.NOT_AUDIO: _(
        "I couldn't find any sound I can read in this file. "
        "It may be damaged: try playing it, then share it again."
    ),
    Refusal.NO_AUDIO_TRACK: _(
        "This video has no sound, so there is nothing to transcribe. "
        "If it should have some, please export it again with its sound."
    ),
    Refusal.NO_SPEECH: _(
        "I couldn't hear any speech in this recording. "
        "If there is some, a louder or closer recording may help."
    ),
    Refusal.TOO_LONG: _(
        "This recording is longer than {limit} minutes, which is the most I transcribe here. "
        "Please share it in shorter parts."
    ),
    Refusal.TOO_BIG: _(
        "This file is bigger than {limit} MB, which is the most I take here. "
        "Please share a shorter or smaller recording."
    ),
    Refusal.EMPTY: _("This file is empty. Please share it again."),
    Refusal.PROTECTED: _(
        "This file is copy-protected, so I can't read it. "
        "If you may, please export it without protection as MP3, M4A or WAV and share that."
    ),
    Refusal.FORMAT_NOT_READ: _(
        "This file is in a format that I don't read. Please export it as MP3, M4A or WAV and share that."
    ),
    Refusal.DECODER_FAILED: _(
        "I stumbled over this file while decoding it. Please export it as MP3, M4A or WAV and share that."
    ),
    Refusal.TOO_COSTLY: _(
        "This file takes too long to decode. Please export it as MP3, M4A or WAV and share that."
    ),
    Refusal.GONE: _(
        "This file was deleted before I could listen to it. Share it again if you still need it."
    ),
    Refusal.HIDDEN_BY_LIMIT: _(
        "Slack hides this file because of your plan's limit, so I can't open it. "
        "Please share the recording again."
    ),
    Refusal.FORBIDDEN: _(
        "Slack doesn't let me open this file. "
        "Its owner can share it in this channel directly, and I'll try again."
    ),
    Refusal.NOT_HANDED_OUT: _(
        "Slack shows me its login page instead of this file, though I can read others. "
        "Please share it again here, or download it and upload it as a new file."
    ),
    Refusal.EXTERNAL: _(
        "This file is stored outside Slack, where I can't open it. Please upload the recording itself."
    ),
    Refusal.UNSAFE_ADDRESS: _(
        "This file's address leads away from Slack, so I didn't follow it. "
        "Please upload the recording itself."
    ),
    Refusal.CONTENT_BLOCKED: _(
        "The speech service declined this recording because of its content rules. "
        "If that looks wrong, please tell whoever runs this bot."
    ),
    Refusal.UNSUPPORTED_BY_RECOGNISER: _(
        "The speech service couldn't process this recording. Please export it as MP3 or WAV and share that."
    ),
    Refusal.OPTED_OUT: _("Whoever recorded this has asked me never to transcribe them, so I don't."),
    Refusal.MONTH_USED_UP: _(
        "This workspace's {limit} minutes for this month are used up, or too few are left for this "
        "recording. Whoever runs this bot can allow more; else please share it again next month."
    ),
}

CAUSES: dict[Outage | Misconfiguration, Sentence] = {
    Misconfiguration.RECOGNISER_KEY: _("the speech service doesn't accept my key"),
    Misconfiguration.RECOGNISER_ACCOUNT: _("the speech service account needs attention"),
    Misconfiguration.RECOGNISER_MODEL: _("the speech service doesn't offer the model I'm set up to use"),
    Misconfiguration.SLACK_TOKEN: _("Slack doesn't accept my token"),
    Misconfiguration.SLACK_SCOPE: _("I'm missing a permission in this workspace"),
    Misconfiguration.SLACK_LOGIN_PAGE: _(
        "Slack shows me its login page instead of your file, because I'm missing the permission to read files"
    ),
    Outage.SLACK: _("Slack isn't answering me properly"),
    Outage.RECOGNISER: _("the speech service isn't answering"),
    Outage.RECOGNISER_BUSY: _("the speech service is busy"),
    Outage.FILE: _("Slack isn't giving me this file yet"),
    Outage.MACHINE: _("the computer I run on is too busy or out of space"),
}


# What people may do, and where.

OUT_OF_REACH = _(
    "I can't find that, or one of us isn't in its channel. "
    "If it is there, invite me with /invite @Threadscribe and try again."
)
"""One sentence for whatever somebody cannot read: which it is would tell too much."""

USAGE_NOT_YOURS = _("Only people of this workspace can see what it has used.")
ADMINS_ONLY = _("Only admins of this workspace may change these settings. Please ask one of them.")

SLACK_SILENT = _("Slack isn't answering me properly right now. Please try again in a minute.")

WENT_WRONG = _("Something went wrong on my side. Please try again, or tell whoever runs this bot.")

ONE_MOMENT = _("One moment…")

# Asking for a transcript.

NOT_IN_CHANNEL = _(
    "I'm not in this channel yet. Invite me with /invite @Threadscribe, or send me recordings directly."
)
NOT_READABLE = _(
    "I'm not in this conversation, so I can't open its recordings. "
    "Invite me with /invite @Threadscribe, or forward the message to me directly."
)
FOR_ME_ONLY = _(
    "I'm not in this conversation, so I can't answer in it. You get the transcript by direct message; "
    "to have it in the thread, invite me with /invite @Threadscribe first."
)
SLACK_SLOW = _("Slack is slow to answer me right now. Please try again in a moment.")

NOTHING_IN_IT = _("I found no recording in that message.")
NOTHING_RECENT = _(
    "I found no recording among the latest messages here. Give me a link to it: /transcribe and the link."
)

ASKED_IN_THREAD = _("I'm on it. The transcript appears in the recording's thread.")
UNDER_WAY_IN_THREAD = _(
    "I'm at it already. The transcript appears in the recording's thread; if its language is wrong, "
    "the menu under it can have it done again."
)
ANSWERED_IN_THREAD = _(
    "I've answered that already, in the recording's thread. The menu under my reply can have it done again."
)
ASKED_HERE = _("I'm on it. The transcript is for you alone: it appears here, or as a direct message if long.")
ASKED_DIRECT = _("I'm on it. The transcript is for you alone: it comes as a direct message.")
UNDER_WAY_FOR_ONE = _("I'm at it already. The transcript comes to you alone.")

NOTHING_ABOVE = _(
    "I found no recording above your message in this thread. Put a link to the one you mean beside my name."
)
NOTHING_SENT = _("I found no recording among the latest messages here. Send me one, or a link to one.")
OPTED_OUT_YOURSELF = _(
    "You have asked me never to transcribe you, so I don't. My home tab is where you can change that."
)

MENTION_ME_WHERE = _(
    "Which recording? Mention me in its thread with “transcribe” or “transcribe in German”, "
    "or put a link to it beside my name."
)

ASK_TITLE = _("Transcribe")
ASK_SUBMIT = _("Transcribe")
ASK_WHERE_LABEL = _("Where I answer")
ASK_IN_THREAD = _("In the thread, for everybody")
ASK_FOR_ME = _("Only for me")

DIRECT_ALWAYS_ON = _("Here I always transcribe the clips and audio files that you send me.")

# The channel's settings.

SETTINGS_TITLE = _("Channel settings")
SAVE = _("Save")
CANCEL = _("Cancel")
CLOSE = _("Close")

SETTINGS_ABOUT = _("These settings count for everybody who shares a recording in {channel}.")
"""Slack shows the channel's name in the place of ``{channel}``."""
SETTINGS_ABOUT_DIRECT = _("These settings count for the recordings that you send me here.")

AUTOMATIC_LABEL = _("Transcribe by myself")
AUTOMATIC_CHOICES = {
    Automatic.OFF: _("Nothing, only when somebody asks me"),
    Automatic.CLIPS: _("Clips that are recorded in Slack"),
    Automatic.AUDIO: _("Clips and audio files"),
    Automatic.VIDEO: _("Clips, audio files and videos"),
}

LANGUAGE_LABEL = _("Language")
LANGUAGE_HINT = _("Leave it on automatic where people speak more than one.")
LANGUAGE_AUTOMATIC = _("Automatic")
LANGUAGE_UNKNOWN = _("Language not recognised")

VOCABULARY_LABEL = _("Names and terms to expect")
VOCABULARY_MORE_LABEL = _("More names and terms")
VOCABULARY_HINT = _("One a line. They are sent along with each recording, so that they are spelled right.")

NAMES_LABEL = _("Names from this channel")
NAMES_CHOICE = _("Expect the members' names, the channel's name and its topic too")

DIGITS_LABEL = _("Numbers")
DIGITS_CHOICE = _("Write them as digits, in Chinese and English")

EMOTION_LABEL = _("Tone of voice")
EMOTION_CHOICE = _("Say under each transcript how the voice sounded")

TIME_MARKS_LABEL = _("Times")
TIME_MARKS_CHOICE = _("Begin each paragraph of a recording above 3 minutes with its time")

REPLY_LABEL = _("Where I answer")
REPLY_IN_THREAD = _("In the thread")
REPLY_TO_SENDER = _("Only to whoever shared the recording")

NOT_AN_OPTION = _("Please choose one of the options.")

WHAT_I_DO = {
    Automatic.OFF: _("I only transcribe what somebody asks me to in this channel."),
    Automatic.CLIPS: _("I transcribe the clips that are recorded in this channel."),
    Automatic.AUDIO: _("I transcribe the clips and audio files that are shared in this channel."),
    Automatic.VIDEO: _("I transcribe the clips, audio files and videos that are shared in this channel."),
}
"""The recordings that are transcribed without a request."""

OFF_BUT_SUBSCRIBED = _("Some people here get my transcripts by direct message.")

SAVED_DIRECT = _("Saved. I transcribe what you send me here.")

# The greeting, when the bot is invited.

GREETING = _("Hello, I'm Threadscribe: I write down what is said in recordings, in the thread under them.")
GREETING_SHARED = _(
    "Another organisation is in this channel, so I stay off until somebody here turns me on. "
    "You can still ask me: mention me beside a recording."
)
TURN_ON = _("Turn on")
TURN_OFF = _("Turn off")
SETTINGS = _("Settings")
TURNED_ON = _("{person} turned me on.")
"""Slack shows who it was in the place of ``{person}``."""
TURNED_OFF = _("{person} turned me off.")

# The home tab.

HOME_ABOUT = _(
    "I write down what is said in voice clips, audio files and videos, and answer in the thread under them. "
    "Invite me to a channel with /invite @Threadscribe, or send me a recording directly."
)
HOME_TITLE = _("What I do")
HOME_MINE = _("My settings")
OPT_OUT_LABEL = _("Recordings of mine")
OPT_OUT_CHOICE = _("Never transcribe me, whoever asks")
SUBSCRIPTIONS_LABEL = _(
    "Transcripts by direct message: I send you those of the channels that you choose, also where I am off."
)
SUBSCRIPTIONS_HINT = _("Choose channels")
HOME_CHANNELS = _("Our channels")
NO_CHANNELS = _("We share no channel yet. Invite me to one with /invite @Threadscribe.")
CHANNELS_UNKNOWN = _("Slack didn't tell me our channels. Please open this tab again in a minute.")
CHANNEL = _("#{name}")
CHANNEL_SHARED = _("#{name}, shared with another organisation")
CHANNEL_AND_MODE = _("{channel}: {mode}")
HOME_USAGE = _("Usage")
HOME_HELP = _("How to ask me")


def not_understood(reader: Reader, word: str, reaction: str) -> str:
    """Says that a word after the command means nothing, and all that would; the word is somebody's own."""
    said = reader.gettext("I don't know what “{word}” means here.").format(word=word[:_LONGEST_WORD])
    return f"{said}\n\n{command_help(reader, reaction)}"


def mention_not_understood(reader: Reader, word: str, reaction: str) -> str:
    """Says that a word beside the bot's name means nothing, and what would; the word is somebody's own."""
    said = reader.gettext("I don't know what “{word}” means here.").format(word=word[:_LONGEST_WORD])
    return f"{said}\n\n{mention_help(reader, reaction)}"


def unknown_language(reader: Reader, word: str) -> str:
    """Says that a recording is transcribed in whatever language is heard; the word is somebody's own."""
    return reader.gettext(
        "I don't know “{word}” as a language, so I go by what I hear. If that turns out wrong, "
        "the menu under the transcript can have it done again."
    ).format(word=word[:_LONGEST_WORD])


def mention_help(reader: Reader, reaction: str) -> str:
    """The ways to ask by the bot's name, one a line, and where the others are told."""
    return "\n".join(
        (
            reader.gettext(
                "Mention me beside a recording, or below it in its thread: I transcribe it there."
            ),
            reader.gettext("“@Threadscribe transcribe in German”: the same, in a language that you name."),
            reader.gettext(
                "“@Threadscribe” and a link to a message or file: I transcribe it, in its own thread."
            ),
            reader.gettext(
                "Or react to a recording with :{reaction}:, or choose “Transcribe” in its menu."
            ).format(reaction=reaction),
            reader.gettext("/transcribe help lists what else I do."),
        )
    )


def direct_help(reader: Reader, reaction: str) -> str:
    """The answer to words in the bot's own conversation: all that works there, one a line."""
    return "\n".join(
        (
            reader.gettext(
                "Send me a voice clip or an audio file here, and I write down what is said in it."
            ),
            reader.gettext(
                "“transcribe in German” beside it, or below it in its thread, names the language."
            ),
            reader.gettext(
                "A link to a recording in one of our channels: I transcribe it, in its own thread."
            ),
            reader.gettext(
                "In channels, mention me beside a recording, react to it with :{reaction}:, "
                "or choose “Transcribe” in its menu."
            ).format(reaction=reaction),
            reader.gettext("/transcribe help lists what else I do."),
        )
    )


def command_help(reader: Reader, reaction: str) -> str:
    """All ways to ask, one a line."""
    return "\n".join(
        (
            reader.gettext("/transcribe and a link to a message or file: I transcribe it, for you alone."),
            reader.gettext("/transcribe, a link and “in German”: the same, in a language that you name."),
            reader.gettext("/transcribe alone: the newest recording in this channel."),
            reader.gettext("/transcribe on, or off: whether I transcribe here by myself."),
            reader.gettext("/transcribe settings: what, in which language, and for whom."),
            reader.gettext("/transcribe status: what I do here, and how busy I am."),
            reader.gettext("/transcribe usage: what was transcribed this month, and its cost."),
            reader.gettext(
                "In threads, mention me with “transcribe”, react to the recording with :{reaction}:, "
                "or choose “Transcribe” in its menu."
            ).format(reaction=reaction),
        )
    )


def status(
    reader: Reader,
    automatic: Automatic | None,
    language: str | None,
    busy: int,
    *,
    has_subscribers: bool = False,
) -> str:
    """The bot's state in a channel (``None``: a direct message): what it does, its language, its load."""
    spoken = reader.gettext("Language: {language}.").format(
        language=reader.say(LANGUAGE_AUTOMATIC)
        if language is None
        else formats.language_name(language, reader.locale)
    )
    now = reader.ngettext(
        "{count} recording is being transcribed now.",
        "{count} recordings are being transcribed now.",
        busy,
    ).format(count=format_decimal(busy, locale=reader.locale))
    what = reader.say(DIRECT_ALWAYS_ON if automatic is None else WHAT_I_DO[automatic])
    if automatic is Automatic.OFF and has_subscribers:
        what = f"{what} {reader.say(OFF_BUT_SUBSCRIBED)}"
    return f"{what}\n{spoken}\n{now}"


# Under a reply.

EMOTIONS = {
    "surprised": _("sounds surprised"),
    "neutral": _("sounds neutral"),
    "happy": _("sounds happy"),
    "sad": _("sounds sad"),
    "disgusted": _("sounds disgusted"),
    "angry": _("sounds angry"),
    "fearful": _("sounds afraid"),
}
"""The emotion of most of a recording."""

MENU_AGAIN_IN = _("Wrong language? Transcribe again in…")
MENU_AGAIN = _("Transcribe again")
MENU_WORDS = _("Add words to the vocabulary")
MENU_EDIT = _("Edit")
MENU_DELETE = _("Delete transcript")
MENU_DELETE_ANSWER = _("Delete this answer")
SHARE_IN_THREAD = _("Share in thread")
AGREE = _("Transcribe")
DECLINE = _("No, thanks")

FROM_RECORDING = _("From {channel}: {recording}")
"""Above a transcript in a direct message; Slack shows the channel's name and a link for the two names."""
FROM_CHANNEL = _("From {channel}")
GO_TO_RECORDING = _("go to the recording")


# What the menu under a reply leads to.

REPLY_UNKNOWN = _(
    "I can't tell any more what this belongs to. "
    "Ask me for the recording again: /transcribe and a link to it."
)
REPLY_GONE = _("This transcript isn't there any more.")
NOT_YOURS_TO_CHANGE = _(
    "Only whoever shared the recording, whoever asked for the transcript, and admins can change it."
)

AGAIN_TITLE = _("Transcribe again")
AGAIN_SUBMIT = _("Transcribe")
AGAIN_LOSES_EDITS = _("Somebody has edited this transcript. A new one takes the place of what they wrote.")
AGAIN_ON_IT = _("I'm on it. This reply changes when I'm done.")
AGAIN_UNDER_WAY = _("I'm at it already. This reply changes when I'm done.")

WORDS_TITLE = _("Add to vocabulary")
WORDS_LABEL = _("Names and terms to add")
WORDS_NONE = _("Please write a name or a term.")
WORDS_SUBMIT = _("Add")

EDIT_TITLE = _("Edit transcript")
EDIT_LABEL = _("Transcript")
EDIT_MORE_LABEL = _("Transcript, continued")
EDIT_TOO_LONG = _(
    "This transcript is too long to edit here. "
    "Download its text file, change that, and share it in the thread instead."
)
EDIT_NOT_WHOLE = _("I can't find all of this transcript in one place, so it can't be edited here.")
EDIT_EMPTY = _("Nothing would be left. To take the transcript away, choose Delete transcript in its menu.")
EDIT_CHANGED = _(
    "This transcript has changed since you opened it, so I haven't saved over it. "
    "Copy what you wrote, close this, and choose Edit again."
)
EDIT_UNSHAREABLE = _(
    "Slack doesn't let me share files here, and without them this is too long for one message. "
    "Please shorten it."
)
SAVING = _("Saving…")
EDIT_SAVED = _("Saved. The transcript shows your words now.")
OFFER_LABEL = _("Spell these right from now on, in this channel")

DELETE_TITLE = _("Delete transcript")
DELETE_SURE = _("I delete what I wrote about this recording, with its files. The recording stays.")
DELETE_SUBMIT = _("Delete")

AGREED = _("Thank you, I'm transcribing it now.")
DECLINED = _("All right, I leave it.")
QUESTION_CLOSED = _("That is settled already, or it was asked more than a day ago. Please ask me once more.")


def words_hint(reader: Reader, room_bytes: int) -> str:
    """The way to write names and terms, and the room that is left for them."""
    return reader.ngettext(
        "One a line. There is room for {room} more letter.",
        "One a line. There is room for about {room} more letters.",
        room_bytes,
    ).format(room=format_decimal(room_bytes, locale=reader.locale))


def words_added(reader: Reader, words: Sequence[str]) -> str:
    """Says that names and terms are expected from now on."""
    return reader.ngettext(
        "Added. I expect it in this channel's recordings from now on.",
        "Added. I expect them in this channel's recordings from now on.",
        len(words),
    )


def month_used(reader: Reader, share: float) -> str:
    """The share of the month's minutes that is used; 1 is all."""
    return reader.gettext("{percent} of this month's minutes used").format(
        percent=format_percent(share, locale=reader.locale)
    )


def ask_first(reader: Reader, duration_s: float, cost: float) -> str:
    """Before something long is transcribed: ``32 min, about $0.07: transcribe?``."""
    minutes = max(1, round(duration_s / 60))
    if cost <= 0:
        return reader.gettext("{minutes} min: transcribe?").format(minutes=minutes)
    return reader.gettext("{minutes} min, about {cost}: transcribe?").format(
        minutes=minutes, cost=formats.money(cost, reader.locale)
    )


def where_audio_goes(reader: Reader, host: str) -> str:
    """The host that recordings are sent to, and that the bot's own copy is deleted."""
    return reader.gettext(
        "Recordings are sent to {host} to be recognised. I delete my copy as soon as the transcript is out."
    ).format(host=host)


def vocabulary_too_long(reader: Reader, over_bytes: int) -> str:
    """The excess of names and terms over what the recogniser takes."""
    return reader.ngettext(
        "This is {over} letter more than I can send along. Please take some names or terms out.",
        "This is about {over} letters more than I can send along. Please take some names or terms out.",
        over_bytes,
    ).format(over=over_bytes)


def saved(reader: Reader, automatic: Automatic) -> str:
    """Says that a channel's settings are kept."""
    return reader.gettext("Saved. {what}").format(what=reader.say(WHAT_I_DO[automatic]))


def more_channels(reader: Reader, count: int) -> str:
    """Under a list that is longer than the tab."""
    return reader.ngettext(
        "And {count} more: type /transcribe settings there to change it.",
        "And {count} more: type /transcribe settings in one of them to change it.",
        count,
    ).format(count=count)


def usage(reader: Reader, month: date, used: Usage, cost: float, most_minutes: int | None) -> str:
    """The usage of a workspace in a month: recordings, minutes (of the limit, if any) and cost."""
    figures = {
        "month": format_skeleton("yMMMM", month, locale=reader.locale),
        "clips": format_decimal(used.clips, locale=reader.locale),
        "minutes": format_decimal(round(used.seconds / 60), locale=reader.locale),
        "most": format_decimal(most_minutes or 0, locale=reader.locale),
        "cost": formats.money(cost, reader.locale),
    }
    if most_minutes is None:
        return reader.ngettext(
            "{month}: {clips} recording transcribed, {minutes} min, about {cost}.",
            "{month}: {clips} recordings transcribed, {minutes} min, about {cost}.",
            used.clips,
        ).format(**figures)
    return reader.ngettext(
        "{month}: {clips} recording transcribed, {minutes} of {most} min, about {cost}.",
        "{month}: {clips} recordings transcribed, {minutes} of {most} min, about {cost}.",
        used.clips,
    ).format(**figures)


def ways_to_ask(reader: Reader, reaction: str) -> str:
    """The ways to request a transcript where none comes by itself."""
    return reader.gettext(
        "Mention me beside a recording or in its thread, choose “Transcribe” in a message's menu, "
        "react with :{reaction}:, or type /transcribe and a link. /transcribe help lists all of it."
    ).format(reaction=reaction)


def working(reader: Reader, done: int, total: int | None) -> str:
    """After the bot's name, while it works: “Threadscribe is transcribing part 3 of 12…”."""
    if total is None or total < 2:
        return reader.gettext("is transcribing…")
    return reader.gettext("is transcribing part {number} of {total}…").format(
        number=min(done + 1, total), total=total
    )


def refusal(reader: Reader, reason: Refusal, limit: int | None = None, format_name: str | None = None) -> str:
    """The reason why a file is not transcribed, and what to do; arguments as in ``bot.reply.Refused``."""
    if reason is Refusal.FORMAT_NOT_READ and format_name is not None:
        return reader.gettext(
            "The sound of this file is in the format {name}, which I don't read. "
            "Please export it as MP3, M4A or WAV and share that."
        ).format(name=format_name)
    return reader.say(REFUSALS[reason]).format(limit=limit)


def waiting(reader: Reader, reason: Outage | Misconfiguration) -> str:
    """Says that the transcript will come later."""
    if isinstance(reason, Misconfiguration):
        return reader.gettext(
            "I've kept this recording and will transcribe it once whoever runs this bot has fixed this: "
            "{cause} ({reason})."
        ).format(cause=reader.say(CAUSES[reason]), reason=reason)
    return reader.gettext(
        "This takes longer than usual, because {cause}; I'll keep trying and answer here."
    ).format(cause=reader.say(CAUSES[reason]))


def so_far(reader: Reader, done: int, total: int | None, delayed_by: Outage | Misconfiguration | None) -> str:
    """Under a reply that grows: how far it is, and why it may take longer."""
    if delayed_by is not None:
        return reader.gettext("To be continued. {why}").format(why=waiting(reader, delayed_by))
    if total is None:
        return reader.gettext("To be continued: I'm still listening…")
    return reader.gettext("To be continued: {done} of {total} parts done…").format(done=done, total=total)


def tracks(reader: Reader, number: int) -> str:
    """Under a transcript of a recording with several tracks, all of which were heard."""
    return reader.ngettext("{number} track", "{number} tracks", number).format(number=number)


def breaks_off(reader: Reader, at_s: float) -> str:
    """Under a transcript of a file that ends before its sound does."""
    return reader.gettext("The file breaks off at {time}").format(time=formats.duration(at_s))


def gave_up(reader: Reader, reason: Outage | Misconfiguration) -> str:
    """Says that the bot stopped trying."""
    if isinstance(reason, Misconfiguration):
        return reader.gettext(
            "I couldn't transcribe this recording: {cause} ({reason}), and that wasn't fixed in time. "
            "Please tell whoever runs this bot, then share it again."
        ).format(cause=reader.say(CAUSES[reason]), reason=reason)
    return reader.gettext(
        "I tried for a long time and couldn't transcribe this recording: {cause}. "
        "Please share it again later."
    ).format(cause=reader.say(CAUSES[reason]))


def broken(reader: Reader, reference: str) -> str:
    """Says that the bot itself failed; the reference is an id of Slack's."""
    return reader.gettext(
        "Something went wrong on my side, and trying again didn't help. "
        "Please ask whoever runs this bot to look for {reference} in the log."
    ).format(reference=reference)


def continued_in(reader: Reader, file_name: str) -> str:
    """The place of the rest of a long transcript; Slack may show the files above the reply or below it."""
    return reader.gettext("The whole transcript is in {file_name} here, with subtitles beside it.").format(
        file_name=file_name
    )


def continued_in_text(reader: Reader, file_name: str) -> str:
    """The same where there are no subtitles."""
    return reader.gettext("The whole transcript is in {file_name} here.").format(file_name=file_name)


def continued_in_any_language() -> re.Pattern[str]:
    """The same of any file, as it may stand under a reply older than today's setting of the language."""
    pointers = (continued_in, continued_in_text)
    said = dict.fromkeys(pointer(reader, "\0") for reader in readers() for pointer in pointers)
    return re.compile("|".join(re.escape(pointer).replace(re.escape("\0"), ".+") for pointer in said))


def voice_message_name(reader: Reader, time: str) -> str:
    """The name of a voice clip's files, before their extension; the time as ``2026-11-30 14.05 UTC``."""
    return reader.gettext("Voice message {time}").format(time=time)


def recording_name(reader: Reader, time: str) -> str:
    """The same of any other recording without a name."""
    return reader.gettext("Recording {time}").format(time=time)


def continued_below(reader: Reader, number: int, of: int) -> str:
    """Under each message of a transcript that Slack does not let the bot attach as a file."""
    return reader.gettext("{number} of {of}").format(number=number, of=of)


def languages(reader: Reader, heard: Sequence[LanguageHeard]) -> str:
    """``English``, or ``English, Spanish from 01:20``; the first four, and whether there are more."""
    known = [(language.code, language.from_ms) for language in heard if language.code is not None]
    if not known:
        return reader.say(LANGUAGE_UNKNOWN)
    named = [formats.language_name(known[0][0], reader.locale)]
    named += [
        reader.gettext("{language} from {clock}").format(
            language=formats.language_name(code, reader.locale), clock=formats.clock(from_ms)
        )
        for code, from_ms in known[1:4]
    ]
    joined = ", ".join(named)
    return reader.gettext("{languages} and more").format(languages=joined) if len(known) > 4 else joined


def gap(reader: Reader, start_ms: int, end_ms: int) -> str:
    """A gap where something is missing, in brackets like those that stage directions have."""
    start_ms = round(start_ms, -3)
    end_ms = max(round(end_ms, -3), start_ms + 1000)
    hours = end_ms >= 3_600_000
    return reader.gettext("[{start}\u2013{end} could not be transcribed]").format(
        start=formats.clock(start_ms, hours=hours), end=formats.clock(end_ms, hours=hours)
    )
