"""A slip of our own while a reply is posted is no outage of Slack's, which would be tried for hours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from bot.model import Place
from bot.reply import Refused, TextFile
from bot.slack.blockkit.elements import Block
from bot.translations import ENGLISH
from tests.slack.scene import HELLO, NOTHING, Scene

UNWRITABLE = "\ud800"
"""Half of a character, which UTF-8 cannot write."""


class Slip(list[Block]):
    """Blocks that stumble over something of ours."""

    def __init__(self, slip: Exception) -> None:
        super().__init__()
        self._slip = slip

    def __iter__(self) -> Iterator[Block]:
        raise self._slip


@pytest.mark.parametrize("kind", [AttributeError, ValueError, OSError])
async def test_a_slip_in_a_message_shows_itself(scene: Scene, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="ours"):
        await scene.replies._posting.publish(
            ENGLISH, scene.job, HELLO, NOTHING, Place(scene.channel.id, scene.head.ts), Slip(kind("ours"))
        )


async def test_a_slip_in_a_file_shows_itself(scene: Scene) -> None:
    with pytest.raises(UnicodeEncodeError):
        await scene.replies._posting._uploads.send([TextFile("a.txt", UNWRITABLE)])


async def test_a_slip_in_what_one_person_is_told_shows_itself(scene: Scene) -> None:
    with pytest.raises(AttributeError):
        await scene.replies._private.tell(scene.job, scene.head.user, cast("Refused", None))


async def test_a_slip_in_a_whisper_shows_itself(scene: Scene) -> None:
    with pytest.raises(AttributeError):
        await scene.replies._ephemeral.tell(
            scene.head.user, Place(scene.channel.id, scene.head.ts), cast("str", None)
        )
