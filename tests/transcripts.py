"""Transcripts for tests, where only the words matter."""

from __future__ import annotations

from bot.recording import LanguageHeard, Paragraph, Span, Transcript, Utterance


def said(
    text: str, *, language: str | None = "en", duration_s: float = 2.0, complete: bool = True
) -> Transcript:
    """One paragraph that was said in one go."""
    span = Span(0, round(duration_s * 1000))
    return Transcript(
        (Paragraph(text, (Utterance(text, span),)),), (LanguageHeard(language, 0),), duration_s, complete
    )
