from __future__ import annotations

import time

import pytest
from hypothesis import assume, given

from bot.transcript.echo import is_echo
from tests.transcript.texts import texts, words

LIST = "Threadscribe, Kubernetes, Qwen3-ASR-Flash, Zoë Müller, 阿里云、通义千问"
PROSE = "This is the weekly meeting of the design team. Anna and Raj speak about the new logo."


@pytest.mark.parametrize(
    ("text", "context"),
    [
        (PROSE, PROSE),
        ("this is the weekly meeting of the design team", PROSE),
        ("Raj speak about the new logo!", PROSE),
        ("THREADSCRIBE KUBERNETES", LIST),
        ("Thread scribe, kubernetes.", LIST),
        ("Kubernetes, Threadscribe, Zoë Müller.", LIST),
        ("Zoe\u0308 Mu\u0308ller, Kubernetes, Threadscribe", LIST),
        ("通义千问，阿里云。", LIST),
        ("ＡＳＲ", "ASR"),
        ("istio envoy helm", "Helm Istio Envoy"),
        ("b a", "a, b"),
        ("ประชุม", "ประชุม ทีม"),
        ("이 회의는", "이 회의는 매주 열립니다."),
        ("الفريق الجديد", "اجتماع الفريق الجديد"),
    ],
)
def test_what_only_repeats_the_context_is_an_echo(text: str, context: str) -> None:
    assert is_echo(text, context)


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("", PROSE),
        ("Hello.", ""),
        ("…", "…"),
        ("Anna and Raj speak about the old logo.", PROSE),
        ("The team speak about the design.", PROSE),
        ("Raj and Anna", PROSE),
        ("cat", "concatenate"),
        ("Müller Kubernetes", LIST),
        ("Kubernetes is what we use, Threadscribe too.", LIST),
        ("千问", "Kubernetes"),
        ("阿里巴巴", LIST),
        (f"{PROSE} And then we went home.", PROSE),
    ],
)
def test_what_says_anything_else_is_none(text: str, context: str) -> None:
    assert not is_echo(text, context)


@given(words, texts, texts)
def test_any_part_of_a_context_is_an_echo_of_it(said: str, before: str, after: str) -> None:
    assume(any(character.isalnum() for character in said))

    assert is_echo(said, f"{before} {said} {after}")


@given(texts)
def test_nothing_is_no_echo(text: str) -> None:
    assert not is_echo(text, "")
    assert not is_echo("", text)


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("a" * 10_000 + "b", "a" * 30_000),
        ("a " * 20_000 + "b", "a, " * 10_000),
        ("字" * 20_000 + "子", "字" * 30_000),
    ],
)
def test_hostile_text_takes_no_longer_than_any(text: str, context: str) -> None:
    began_s = time.process_time()

    assert not is_echo(text, context)
    assert time.process_time() - began_s < 3
