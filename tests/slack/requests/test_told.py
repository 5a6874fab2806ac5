from __future__ import annotations

from bot.slack.requests.told import Told


def test_each_event_is_told_of_once() -> None:
    told = Told()
    for event_id in ("Ev1", ""):
        told.add(event_id)

    assert [event_id in told for event_id in ("Ev1", "Ev2", "")] == [True, False, False]
