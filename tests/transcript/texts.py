"""Words in the scripts that people speak here, and words that nobody would say."""

from __future__ import annotations

from hypothesis import strategies as st

from bot.recording import Gap, Paragraph, Part, Recognition, Span, Transcript

SPOKEN = {
    "English": "Good morning, everybody. Dr. Smith can't come today, so we'll begin. Any questions?",
    "Chinese": "大家早上好。今天我们要讨论两个问题，第一个是预算。请问有什么意见吗？",
    "Japanese": "おはようございます。コーヒーをもう一杯いただけますか？「はい、どうぞ」と言いました。",
    "Thai": "สวัสดีครับ วันนี้เราจะประชุมกัน ขอบคุณทุกคนที่มา",
    "Korean": "안녕하세요. 오늘 회의를 시작하겠습니다. 질문이 있습니까?",
    "Arabic": "صباح الخير، هل أنتم جاهزون؟ سنبدأ الاجتماع الآن.",
    "mixed": "我用 Python 写了一个 bot。 It works, 真的吗？Yes. ใช้ได้ครับ 네, 좋아요.",
    "hostile": "{\\an8}<b>x</b> 00:00:01,000 --> 00:00:02.000 \\N & &lt; \u202eabc\u0007 <!here> 12:30.500",
}

_WORDS = [word for text in SPOKEN.values() for word in text.split()]

words = st.one_of(
    st.sampled_from(_WORDS),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    st.text("aé中文字のーกำเ。，.?\u0301", min_size=1, max_size=90),
)
texts = st.lists(words, max_size=40).map(" ".join)
"""What a recogniser may answer, and what it never should."""
polite_texts = st.lists(st.sampled_from(_WORDS[:-12]), max_size=60).map(" ".join)


def spans(start_ms: int, end_ms: int) -> st.SearchStrategy[tuple[Span, ...]]:
    """Stretches apart from one another, between two times."""
    edges = st.lists(st.integers(start_ms, end_ms), max_size=16, unique=True).map(sorted)
    return edges.map(lambda at: tuple(Span(a, b) for a, b in zip(at[::2], at[1::2], strict=False)))


@st.composite
def recordings(draw: st.DrawFn, said: st.SearchStrategy[str] = texts) -> list[Part]:
    """Parts side by side from 0 on: heard, silent or failed."""
    parts: list[Part] = []
    at_ms = 0
    for length_ms in draw(st.lists(st.integers(1, 170_000), max_size=6)):
        span = Span(at_ms, at_ms + length_ms)
        at_ms = span.end_ms
        fate = draw(st.sampled_from(["heard", "heard", "heard", "silent", "failed"]))
        sounds = () if fate == "silent" else draw(spans(span.start_ms, span.end_ms))
        recognition = (
            heard(draw(said), draw(st.sampled_from(["en", "zh", None]))) if fate == "heard" else None
        )
        parts.append(Part(span, sounds, last=False, recognition=recognition, failed=fate == "failed"))
    return parts


def heard(
    text: str, language: str | None = "en", *, complete: bool = True, emotion: str | None = None
) -> Recognition:
    return Recognition(text, language, billed_s=1.0, complete=complete, request_id="r", emotion=emotion)


def part(start_s: float, end_s: float, text: str | None = None, **given: object) -> Part:
    """A part with sound from its beginning to its end, unless ``sounds`` in seconds says otherwise."""
    sounds = given.pop("sounds", [(start_s, end_s)] if text else [])
    assert isinstance(sounds, list)
    failed = bool(given.pop("failed", False))
    return Part(
        span=span(start_s, end_s),
        sounds=tuple(span(*sound) for sound in sounds),
        last=False,
        recognition=None if text is None else heard(text, **given),  # type: ignore[arg-type]  # a test's own words
        failed=failed,
    )


def span(start_s: float, end_s: float) -> Span:
    return Span(round(start_s * 1000), round(end_s * 1000))


def letters(text: str) -> str:
    """A text without its white space: what must neither be lost nor doubled."""
    return "".join(text.split())


def words_of(transcript: Transcript) -> str:
    return letters("".join(p.text for p in transcript.passages if isinstance(p, Paragraph)))


def gaps_of(transcript: Transcript) -> list[Span]:
    return [p.span for p in transcript.passages if isinstance(p, Gap)]
