"""A speaker whose words and pauses are known to the millisecond: the judge of times that are guessed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bot.recording import Span
from bot.transcript.tokens import Ends, tokens

_ENGLISH = (
    "the a of to and in that it is was for on you he be with as by at have this not but had from they she "
    "which or we there been their has would what will if more when can said into time only could these two "
    "then do first any my now such like our over even most after also did many before must through years "
    "where much your way down should because long each just state those people good world still very "
    "government considerably nevertheless understanding international question something together"
)
_CHINESE = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发"

_PAUSES = {
    "en": {Ends.SENTENCE: (0.85, 400, 1500), Ends.CLAUSE: (0.6, 300, 700), Ends.WORD: (0.05, 300, 800)},
    "zh": {Ends.SENTENCE: (0.85, 400, 1500), Ends.CLAUSE: (0.6, 300, 700), Ends.WORD: (0.015, 300, 800)},
}
"""How likely a pause is after each, and how long it may be in milliseconds."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said, and when in truth."""

    text: str
    word_starts_ms: tuple[int, ...]
    """Of each token."""
    sounds: tuple[Span, ...]
    span: Span


def talk(seed: int, language: str) -> Talk:
    """Three to thirty sentences at an uneven pace, with pauses mostly where something ends."""
    chance = random.Random(seed)
    text = _text(chance, language)
    starts: list[int] = []
    sounds: list[Span] = []
    now = begun = chance.randint(0, 2000)
    pace, sentence_begins = 1.0, True
    found = tokens(text)
    for token in found:
        if sentence_begins:
            pace = chance.lognormvariate(0, 0.15)
        sentence_begins = token.ends is Ends.SENTENCE
        starts.append(now)
        evenly_ms = 28 * token.spoken_length + 40 if language == "en" else 33 * token.spoken_length
        now += 1 + round(evenly_ms * pace * chance.lognormvariate(0, 0.25))
        likely, least_ms, most_ms = _PAUSES[language][token.ends]
        if token is found[-1] or chance.random() < likely:
            sounds.append(Span(begun, now))
            now += chance.randint(least_ms, most_ms)
            if chance.random() < 0.03:
                sounds.append(Span(now, now + chance.randint(60, 200)))
                now = sounds[-1].end_ms + chance.randint(300, 500)
            begun = now
    return Talk(text, tuple(starts), tuple(sounds), Span(0, now))


def _text(chance: random.Random, language: str) -> str:
    english = language == "en"
    spoken: Sequence[str] = _ENGLISH.split() if english else _CHINESE
    space, comma, stop = (" ", ",", ".") if english else ("", "，", "。")
    sentences = []
    for _ in range(chance.randint(3, 30)):
        said = [chance.choice(spoken) for _ in range(chance.randint(3, 22))]
        commas = [comma * (chance.random() < 0.1) for _ in said[1:]]
        sentences.append(space.join(map("".join, zip(said, [*commas, stop], strict=True))))
    return space.join(sentences)
