"""Incidents that befall the bot, and when."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from bot.playground.slack_lookalike.server import SlackLookalike
from bot.playground.slack_lookalike.socket_mode import DisconnectReason
from campaign.clock import SystemClock
from campaign.disk import Disk
from campaign.keeper import Keeper

_HOUR_S, _DAY_S = 3_600, 86_400
_FROZEN_S = 60.0
_CLOCK_S = 20.0
_LOCKED_S = 30.0
_FULL_S = 30.0
_READ_ONLY_S = 20.0
_UNWRITABLE_S = 8.0
_QUIET_S = 3.0
"""Nothing happens in the first seconds, so that there is something that it can happen to."""

Part = Literal["process", "disk", "clock"]
_PARTS: tuple[Part, ...] = ("process", "disk", "clock")


@dataclass(frozen=True, slots=True)
class Scene:
    """What incidents can touch."""

    keeper: Keeper
    slack: SlackLookalike
    disk: Disk
    clock: SystemClock


@dataclass(frozen=True, slots=True)
class Incident:
    """One kind of incident."""

    befall: Callable[[Scene], Awaitable[None]]
    times: int = 1
    touches: tuple[Part, ...] = ()
    """Each of these is touched by one incident at a time."""
    impossible: Callable[[Scene], str] = field(default=lambda _scene: "")
    """The reason why it cannot be made on this machine; empty where it can."""


async def _kill(scene: Scene) -> None:
    scene.keeper.signal(signal.SIGKILL)


async def _terminate(scene: Scene) -> None:
    scene.keeper.signal(signal.SIGTERM)


async def _freeze(scene: Scene) -> None:
    await scene.keeper.freeze(_FROZEN_S)


async def _drop_sockets(scene: Scene) -> None:
    scene.slack.socket_mode.drop_connections()


async def _lock(scene: Scene) -> None:
    async with scene.disk.locked():
        await asyncio.sleep(_LOCKED_S)


async def _fill(scene: Scene) -> None:
    async with scene.disk.full():
        await asyncio.sleep(_FULL_S)


async def _make_read_only(scene: Scene) -> None:
    # A disk can be made read-only while nobody writes to it: the bot finds it so at its start.
    async with AsyncExitStack() as stack:
        async with scene.keeper.killed():
            await stack.enter_async_context(scene.disk.read_only())
        await asyncio.sleep(_READ_ONLY_S)


async def _lock_tmp(scene: Scene) -> None:
    async with scene.disk.unwritable_tmp():
        await asyncio.sleep(_UNWRITABLE_S)


def _disconnect(reason: DisconnectReason) -> Callable[[Scene], Awaitable[None]]:
    return lambda scene: scene.slack.socket_mode.disconnect(reason)


def _step_clock(ahead_s: int) -> Callable[[Scene], Awaitable[None]]:
    async def step(scene: Scene) -> None:
        scene.clock.set(ahead_s)
        try:
            await asyncio.sleep(_CLOCK_S)
        finally:
            scene.clock.set(0)

    return step


def _no_disk(scene: Scene) -> str:
    return "" if scene.disk.is_own else "needs root, to mount a disk in memory"


def _no_clock(scene: Scene) -> str:
    return "" if scene.clock.can_be_set else "needs libfaketime (Debian: faketime)"


INCIDENTS = {
    "kill": Incident(_kill, 6, ("process",)),
    "terminate": Incident(_terminate, 2, ("process",)),
    "freeze": Incident(_freeze, 1, ("process",)),
    "disconnect-warning": Incident(_disconnect("warning")),
    "disconnect-refresh": Incident(_disconnect("refresh_requested")),
    "disconnect-disabled": Incident(_disconnect("link_disabled")),
    "drop-sockets": Incident(_drop_sockets, 2),
    "database-locked": Incident(_lock, 1, ("disk",)),
    "disk-full": Incident(_fill, 1, ("disk",), _no_disk),
    "disk-read-only": Incident(_make_read_only, 1, ("process", "disk"), _no_disk),
    "tmp-unwritable": Incident(_lock_tmp, 2, ("disk",)),
    "clock-hour-ahead": Incident(_step_clock(_HOUR_S), 1, ("clock",), _no_clock),
    "clock-hour-behind": Incident(_step_clock(-_HOUR_S), 1, ("clock",), _no_clock),
    "clock-day-ahead": Incident(_step_clock(_DAY_S), 1, ("clock",), _no_clock),
}


def plan(names: Iterable[str], seconds: float, rng: random.Random) -> list[tuple[float, str]]:
    """When which of the named incidents begins: seconds from the beginning, in order."""
    befalling = [name for name in names for _ in range(INCIDENTS[name].times)]
    return sorted((rng.uniform(_QUIET_S, seconds), name) for name in befalling)


class Incidents:
    """Has incidents befall the bot.

    Attributes:
        log: Name, beginning and end (seconds from the beginning) and, where it failed, the error of each.
        skipped: The names of those that cannot be made here, with the reason.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._parts = {part: asyncio.Lock() for part in _PARTS}
        self._began_at = asyncio.get_running_loop().time()
        self.log: list[dict[str, object]] = []
        self.skipped: dict[str, str] = {}

    async def befall(self, planned: Iterable[tuple[float, str]]) -> None:
        """Have them befall as planned; returns when all are over."""
        async with asyncio.TaskGroup() as group:
            for at_s, name in planned:
                if why := INCIDENTS[name].impossible(self._scene):
                    self.skipped[name] = why
                else:
                    group.create_task(self._befall(at_s, name))

    async def _befall(self, at_s: float, name: str) -> None:
        await asyncio.sleep(self._began_at + at_s - self._now())
        async with self._alone(INCIDENTS[name].touches):
            line: dict[str, object] = {"name": name, "from_s": round(self._now() - self._began_at, 1)}
            self.log.append(line)
            try:
                await INCIDENTS[name].befall(self._scene)
            except (OSError, TimeoutError) as error:
                # The rest goes on, and it shows that this one was none.
                line["error"] = repr(error)
            line["to_s"] = round(self._now() - self._began_at, 1)

    @asynccontextmanager
    async def _alone(self, parts: tuple[Part, ...]) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in _PARTS:  # in one order, so that no two wait for each other
                if part in parts:
                    await stack.enter_async_context(self._parts[part])
            yield

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
