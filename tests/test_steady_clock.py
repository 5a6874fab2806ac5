from __future__ import annotations

from datetime import timedelta

import pytest

from bot.steady_clock import SteadyClock
from tests.job.virtual import EPOCH


class Machine:
    """A system's clock that is set, and time that passes."""

    def __init__(self) -> None:
        self.clock = EPOCH
        self.up_s = 1000.0

    def wait(self, seconds: float) -> None:
        self.clock += timedelta(seconds=seconds)
        self.up_s += seconds


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(days=1), timedelta(days=20_000)])
def test_a_clock_that_is_set_changes_nothing(step: timedelta) -> None:
    machine = Machine()
    clock = SteadyClock(lambda: machine.clock, lambda: machine.up_s)
    assert clock.now() == EPOCH
    machine.wait(10)
    machine.clock += step
    assert clock.now() == EPOCH + timedelta(seconds=10)
    machine.wait(5)
    assert clock.now() == EPOCH + timedelta(seconds=15)


def test_it_takes_over_a_clock_that_was_put_right() -> None:
    machine = Machine()
    clock = SteadyClock(lambda: machine.clock, lambda: machine.up_s)
    machine.clock += timedelta(days=20_000)
    machine.wait(10)
    clock.set()
    machine.wait(10)
    assert clock.now() == machine.clock
