"""What counts as trouble of the machine, and passes."""

from __future__ import annotations

import errno
import os

import pytest

from bot.errors import Outage, Unavailable
from bot.machine import machine_trouble


@pytest.mark.parametrize(
    "number",
    [
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EMFILE,
        errno.ENFILE,
        errno.EAGAIN,
        errno.EIO,
    ],
)
def test_what_the_system_refuses_is_an_outage_of_the_machine(number: int) -> None:
    with pytest.raises(Unavailable) as outage, machine_trouble():
        raise OSError(number, os.strerror(number), "/a/name/of/a/file")
    assert outage.value.reason is Outage.MACHINE
    assert os.strerror(number) in outage.value.detail
    assert "/a/name" not in outage.value.detail


def test_a_slip_of_ours_is_not() -> None:
    with pytest.raises(KeyError), machine_trouble():
        raise KeyError("slip")
