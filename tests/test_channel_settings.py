from __future__ import annotations

import pytest

from bot.channel_settings import Automatic, ChannelSettings, parse_vocabulary, vocabulary_bytes


@pytest.mark.parametrize(
    ("decided", "by_default", "is_shared", "counts"),
    [
        (None, True, False, Automatic.AUDIO),
        (None, False, False, Automatic.OFF),
        (None, True, True, Automatic.OFF),
        (Automatic.OFF, True, False, Automatic.OFF),
        (Automatic.CLIPS, False, True, Automatic.CLIPS),
        (Automatic.VIDEO, False, True, Automatic.VIDEO),
    ],
)
def test_what_somebody_decided_counts_and_else_the_deployment_does(
    decided: Automatic | None,
    by_default: bool,  # noqa: FBT001  # a parameter of the test
    is_shared: bool,  # noqa: FBT001  # the same
    counts: Automatic,
) -> None:
    settings = ChannelSettings(decided)

    assert settings.automatic_now(by_default=by_default, is_shared_externally=is_shared) is counts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        (" \n\t\r\n", ()),
        ("Åsa\nKubernetes", ("Åsa", "Kubernetes")),
        ("  Åsa \u3000 Öberg\r\nÅsa Öberg\u2028next", ("Åsa Öberg", "next")),
        ("\ud83d", ("?",)),
    ],
)
def test_a_vocabulary_is_one_name_or_term_a_line(text: str, words: tuple[str, ...]) -> None:
    assert parse_vocabulary(text) == words


@pytest.mark.parametrize(("words", "size"), [((), 0), (("ab",), 2), (("ab", "语"), 6)])
def test_its_size_counts_bytes_and_line_ends(words: tuple[str, ...], size: int) -> None:
    assert vocabulary_bytes(words) == size
