from __future__ import annotations

from bot.audio.channel_pair import Pair, Pcm


def test_channels_are_the_mix_where_they_do_not_differ() -> None:
    pcm = Pcm(b"mmmmmmmmmm", (Pair(2, b"ll", b"rr"), Pair(6, b"LLLL", b"RRRR")))

    assert pcm.channels() == (b"mmllmmLLLL", b"mmrrmmRRRR")
    assert Pcm(b"mm").channels() == (b"mm", b"mm")
