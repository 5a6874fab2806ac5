"""Records of what a recording holds: audio, its segments, what was recognised in them, and the transcript."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

EMOTIONS = ("surprised", "neutral", "happy", "sad", "disgusted", "angry", "fearful")
"""The emotions that the recogniser names, in the vendor's order."""

LANGUAGES = (
    *("zh", "yue", "en", "ja", "de", "ko", "ru", "fr", "pt", "ar", "it", "es", "hi", "id"),
    *("th", "tr", "uk", "vi", "cs", "da", "fil", "fi", "is", "ms", "no", "pl", "sv"),
)
"""The codes that the recogniser takes and answers, in the vendor's order."""

DIGIT_LANGUAGES = frozenset({"zh", "en"})
"""The languages in which "twenty five" can be written as "25" (inverse text normalisation)."""

MOST_CONTEXT_BYTES = 10_000
"""Of UTF-8. The recogniser takes 10,000 tokens of context, and no token is shorter than a byte."""

MOST_CHANNELS = 2
"""Audio channels of a recording that are heard apart, where they carry different voices."""

AudioMime = Literal["audio/wav", "audio/mpeg"]
"""The two MIME types that the recogniser documents for data URIs."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a recording, in milliseconds from its beginning."""

    start_ms: int
    end_ms: int

    @property
    def duration_ms(self) -> int:
        """Its length."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class PreparedAudio:
    """Audio that the recogniser takes as it is, in one request."""

    path: Path
    """Belongs to the job's workspace, which deletes it."""
    mime: AudioMime
    size_bytes: int
    duration_s: float
    """Decoded seconds, counted and not read from a header."""
    has_video: bool = False
    """The recording holds moving pictures beside the sound; cover art does not count."""


@dataclass(frozen=True, slots=True)
class AudioChannel:
    """One more audio channel of a segment, on which somebody else speaks."""

    sounds: tuple[Span, ...]
    """As ``Segment.sounds``."""
    audio: PreparedAudio | None
    """As ``Segment.audio``."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording between two cuts, made ready for one request."""

    span: Span
    sounds: tuple[Span, ...]
    """The stretches with sound, between pauses; empty where there is none but a bare noise floor."""
    last: bool
    """The recording ends here."""
    audio: PreparedAudio | None
    """``None`` where nothing is worth sending. May leave out silence at both ends of ``span``."""
    further_channels: tuple[AudioChannel, ...] = ()
    """To be recognised apart: ``sounds`` and ``audio`` then are those of the first channel alone."""
    tracks: int = 1
    """Tracks of the recording that have held sound so far, mixed."""
    breaks_off: bool = False
    """The recording is longer than what the file holds of it, which ends here."""

    @property
    def channels(self) -> tuple[AudioChannel, ...]:
        """All that is to be recognised of it, each apart."""
        return AudioChannel(self.sounds, self.audio), *self.further_channels

    @property
    def audios(self) -> tuple[PreparedAudio, ...]:
        """All that is worth sending of it."""
        return tuple(channel.audio for channel in self.channels if channel.audio is not None)


@dataclass(frozen=True, slots=True)
class Recognition:
    """The recogniser's answer to one request."""

    text: str
    """Empty when no speech was heard."""
    language: str | None
    """The recogniser's code (``en``, ``yue``, ``fil``); ``None`` where it did not say."""
    billed_s: float
    """Seconds that the provider counted; 0 where it did not say."""
    complete: bool
    """False when the recogniser stopped before the end."""
    request_id: str
    """The provider's reference for this call; empty where it gave none."""
    emotion: str | None = None
    """One of ``EMOTIONS``; ``None`` where it did not say."""


@dataclass(frozen=True, slots=True)
class RecognisedChannel:
    """The recognition of one more audio channel of a segment."""

    sounds: tuple[Span, ...]
    recognition: Recognition | None
    """``None`` for silence."""


@dataclass(frozen=True, slots=True)
class Part:
    """A segment whose fate is known. Kept until the reply is out, so that nothing is paid for twice."""

    span: Span
    sounds: tuple[Span, ...]
    last: bool
    recognition: Recognition | None = None
    """``None`` for silence, which is not sent, and for a failure."""
    failed: bool = False
    """Something of it could not be recognised, for good: none of its words count."""
    further_channels: tuple[RecognisedChannel, ...] = ()
    """Recognised apart from the first, which ``sounds`` and ``recognition`` are of."""
    tracks: int = 1
    """As of the segment, like the next."""
    breaks_off: bool = False

    @property
    def channels(self) -> tuple[RecognisedChannel, ...]:
        """All that was recognised of it, each apart."""
        return RecognisedChannel(self.sounds, self.recognition), *self.further_channels

    @property
    def recognitions(self) -> tuple[Recognition, ...]:
        """All of the recogniser's answers."""
        return tuple(channel.recognition for channel in self.channels if channel.recognition is not None)


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words that were said in one go, between two pauses; or what of them stands in one paragraph."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences that belong together, as far as pauses tell."""

    text: str
    utterances: tuple[Utterance, ...]
    """The same text in pieces, in order, each with its time; without the spaces between them."""
    voice: int = 0
    """The audio channel that it was recognised on, where channels were heard apart; from 0 on."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that could not be transcribed."""

    span: Span


@dataclass(frozen=True, slots=True)
class LanguageHeard:
    """A language, and where it was first heard."""

    code: str | None
    """The recogniser's code; ``None`` where it did not say."""
    from_ms: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """The transcript of a recording."""

    passages: tuple[Paragraph | Gap, ...]
    """In the order of the recording."""
    languages: tuple[LanguageHeard, ...]
    """Each once, in the order in which they were first heard; empty where no word was."""
    duration_s: float
    complete: bool
    """False when the recogniser stopped before the end of a request."""
    emotion: str | None = None
    """The emotion of most of it, where that is to be told; one of ``EMOTIONS``."""
    tracks: int = 1
    """Tracks that hold sound; all of them were heard."""
    breaks_off: bool = False
    """The file ends before its sound does, at ``duration_s``."""
    time_marks: bool = False
    """Each paragraph begins with its time, where it is read as text."""
    month_used: float | None = None
    """The share of the month's minutes that is used, where that is worth a word; 1 is all."""

    @property
    def has_gaps(self) -> bool:
        """True where some of it could not be transcribed."""
        return any(isinstance(passage, Gap) for passage in self.passages)


@dataclass(frozen=True, slots=True)
class RecognitionContext:
    """The context of a recording: what helps to recognise it, and what is told of it."""

    language: str | None = None
    context: str = ""
    """Names and terms to expect; at most ``MOST_CONTEXT_BYTES``."""
    digits: bool | None = None
    """``None``: the deployment's default."""
    emotion: bool = False
    time_marks: bool = True
    """The paragraphs of a longer recording begin with their times."""
