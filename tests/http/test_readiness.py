"""Readiness tells the last word of Slack and of the recogniser, and whether the database can be written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from bot.asr.dashscope import DashScope
from bot.errors import Misconfiguration, Misconfigured, TranscriptionError, Unavailable
from bot.http.readiness import Readiness
from bot.playground.dashscope_lookalike import faults
from bot.playground.dashscope_lookalike.server import DashScopeLookalike
from bot.store.store import open_store
from bot.whisper.heard import Heard
from tests.store.opening import locked, no_file_longer_than


async def hear(_audio: bytes, _language: str | None, _context: str) -> Heard:
    return Heard("", None, 1.0)


@dataclass
class Watch:
    """A bot's readiness, its recogniser, and a clock that the test winds on."""

    service: DashScopeLookalike
    recogniser: DashScope
    passed: timedelta = field(default_factory=timedelta)
    slack_trouble: TranscriptionError | None = None
    slack_hangs: asyncio.Event | None = None
    asked_slack: int = 0

    async def ask_slack(self) -> None:
        self.asked_slack += 1
        if self.slack_hangs is not None:
            await self.slack_hangs.wait()
        if self.slack_trouble is not None:
            raise self.slack_trouble

    def clock(self) -> float:
        return time.monotonic() + self.passed.total_seconds()

    async def fail_once(self) -> None:
        self.service.faults.add(faults.Answer(500, "InternalError"))
        with pytest.raises(Unavailable):
            await self.recogniser.verify()


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    async with DashScopeLookalike(hear) as service, aiohttp.ClientSession() as session:
        recogniser = DashScope(
            session,
            base_url=service.base_url,
            api_key=SecretStr(service.api_key),
            model="qwen3-asr-flash",
            language=None,
            enable_itn=False,
            concurrency=4,
            requests_per_minute=100,
        )
        yield Watch(service, recogniser)


@pytest.fixture
async def readiness(watch: Watch, tmp_path: Path) -> AsyncIterator[Readiness]:
    async with open_store(tmp_path) as store:
        yield Readiness(store.database, watch.recogniser, watch.ask_slack, watch.clock)


async def test_slack_is_not_asked_before_it_is_reached(watch: Watch, readiness: Readiness) -> None:
    watch.passed = timedelta(minutes=5)
    assert (await readiness.checks())["slack"] == "not reached yet"
    assert watch.asked_slack == 0


async def test_a_bot_token_that_is_revoked_is_noticed_within_a_minute(
    watch: Watch, readiness: Readiness
) -> None:
    readiness.connect(None)
    watch.slack_trouble = Misconfigured(Misconfiguration.SLACK_TOKEN, "token_revoked")
    assert (await readiness.checks())["slack"] == "ok"
    watch.passed = timedelta(seconds=70)
    for _ in range(3):
        assert (await readiness.checks())["slack"] == "slack_token: token_revoked"
    assert watch.asked_slack == 1
    watch.slack_trouble = None
    watch.passed = timedelta(seconds=140)
    assert (await readiness.checks())["slack"] == "ok"
    assert watch.asked_slack == 2


async def test_a_database_that_can_be_read_alone_is_not_ready(readiness: Readiness, tmp_path: Path) -> None:
    assert (await readiness.checks())["database"] == "ok"
    with no_file_longer_than((tmp_path / "threadscribe.db-wal").stat().st_size):
        assert (await readiness.checks())["database"] == "OperationalError"
    assert (await readiness.checks())["database"] == "ok"


async def test_a_database_that_is_locked_does_not_answer_and_is_not_waited_for(
    readiness: Readiness, tmp_path: Path
) -> None:
    with locked(tmp_path) as other:
        async with asyncio.timeout(2):
            found = await asyncio.gather(*(readiness.checks() for _ in range(5)))
        assert {(checks["database"], checks["recogniser"]) for checks in found} == {("no answer", "ok")}
        other.execute("ROLLBACK")
        async with asyncio.timeout(5):
            while (await readiness.checks())["database"] != "ok":
                pass


async def test_what_hangs_outside_is_told_by_its_last_word(watch: Watch, readiness: Readiness) -> None:
    await watch.fail_once()
    readiness.connect(None)
    watch.passed = timedelta(seconds=70)
    held = watch.service.faults.hold()
    slack_hangs = asyncio.Event()
    watch.slack_hangs = slack_hangs
    async with asyncio.timeout(2):
        checks = await readiness.checks()
    assert checks == {"slack": "ok", "database": "ok", "recogniser": "recogniser"}
    slack_hangs.set()
    held.drop()


async def test_a_bad_word_stands_for_a_minute_and_is_asked_again_then(
    watch: Watch, readiness: Readiness
) -> None:
    await watch.fail_once()
    watch.passed = timedelta(seconds=50)
    assert (await readiness.checks())["recogniser"] == "recogniser"
    assert len(watch.service.calls) == 1
    watch.passed = timedelta(seconds=70)
    assert (await readiness.checks())["recogniser"] == "ok"
    assert len(watch.service.calls) == 2


async def test_a_good_word_is_never_asked_again(watch: Watch, readiness: Readiness) -> None:
    await watch.recogniser.verify()
    watch.passed = timedelta(days=1)
    assert (await readiness.checks())["recogniser"] == "ok"
    assert len(watch.service.calls) == 1


async def test_probes_side_by_side_ask_once(watch: Watch, readiness: Readiness) -> None:
    await watch.fail_once()
    watch.passed = timedelta(seconds=70)
    held = watch.service.faults.hold()
    probes = [asyncio.create_task(readiness.checks()) for _ in range(5)]
    await held.reached()
    held.drop()
    assert {(await probe)["recogniser"] for probe in probes} == {"recogniser"}
    assert (await readiness.checks())["recogniser"] == "recogniser"
    assert len(watch.service.calls) == 2
