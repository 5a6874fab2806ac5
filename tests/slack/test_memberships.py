from __future__ import annotations

from bot.slack.memberships import Memberships


def test_the_ones_seen_longest_ago_are_forgotten_where_there_are_too_many() -> None:
    seen = Memberships(lambda: 0.0)
    seen.keep("C1", ["U0", "U1"])
    seen.keep("C2", (f"U{number}" for number in range(4_998)))
    seen.keep("C1", ["U0"])
    assert seen.knows("C1", "U1")

    seen.keep("C3", ["U0"])

    assert seen.knows("C1", "U0")
    assert not seen.knows("C1", "U1")
    assert seen.knows("C2", "U0")
