"""What of a person, a channel or a workspace is deleted, and what stays."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Forgotten
from bot.model import Claim, FileState, JobKey, Outcome, SharedFile, TranscriptionRequest
from bot.recording import Part, Span
from bot.store import schema
from bot.store.data_dir import DataDirUnusable, opened_beside
from bot.store.forgetting import Traces, forget_channel, forget_team, forget_user
from bot.store.store import Store, open_store
from tests.job.virtual import EPOCH
from tests.store.old_files import VERSIONS, old_file

SPEAKER, SHARER, ASKER, READER = "U1", "U2", "U3", "U4"


def asked(
    file_id: str, *, team_id: str = "T1", channel_id: str = "C1", audience: str = "thread", **people: str
) -> TranscriptionRequest:
    """A request that names nobody but ``people``."""
    file = SharedFile(
        *(file_id, "clip.m4a", Claim.AUDIO, FileState.AVAILABLE, None, 1_000, 2.0),
        owner_id=people.pop("owner_id", ""),
    )
    key = JobKey(team_id, channel_id, "1.0", file_id, audience)
    named = {"user_id": "", **people}
    return TranscriptionRequest(key, file, "1.0", position=0, siblings=1, explicit=False, **named)  # type: ignore[arg-type]  # names of fields


@asynccontextmanager
async def furnished(data_dir: Path) -> AsyncIterator[Store]:
    """Two workspaces with the same people and channels, everything of each kind in both."""
    async with open_store(data_dir, lambda: EPOCH) as store:
        await store.requests.accept(
            [asked("F0", team_id=team_id, audience=READER) for team_id in ("T1", "T2")]
        )
        while job := await store.queue.claim():
            await store.queue.finish(job, Outcome.TRANSCRIBED)
        for team_id in ("T1", "T2"):
            await store.requests.accept(
                [
                    asked("F1", team_id=team_id, owner_id=SPEAKER),
                    asked("F2", team_id=team_id, user_id=SHARER, channel_id="C2"),
                    asked("F3", team_id=team_id, asked_by=ASKER),
                    asked("F4", team_id=team_id, again_by=ASKER, channel_id="C2"),
                    asked("F5", team_id=team_id, audience=READER),
                ]
            )
            await store.preferences.greet(team_id, "C1")
            await store.preferences.greet(team_id, "C2")
            await store.preferences.subscribe(team_id, READER, ["C1", "C2"])
            await store.preferences.opt_out(team_id, SPEAKER, out=True)
            gone = JobKey(team_id, "C1", "9.0", "F9", READER)
            await store.requests.remove_reply(gone, thread_ts="9.0")
            await _listen(store, team_id)
            await _wait(store, team_id)
        yield store


async def _wait(store: Store, team_id: str) -> None:
    """Events that nobody has handled yet: of a sharer, and of somebody who only mentions them."""
    for number, said in enumerate(("here you are", f"thank you, <@{SHARER}>")):
        event = {"user": READER if number else SHARER, "channel": "C2" if number else "C1", "text": said}
        await store.events.keep(f"Ev{team_id}{number}", json.dumps({"team_id": team_id, "event": event}))


async def _listen(store: Store, team_id: str) -> None:
    """What is known of a workspace's channels beside what people decide."""
    heard = {"heard_until": 1.0, "automatic": True, "automatic_since": 1.0}
    await store.database.changed(insert(schema.workspace).values(team_id=team_id, **heard))
    for channel_id in ("C1", "C2"):
        where = {"team_id": team_id, "channel_id": channel_id}
        await store.database.changed(insert(schema.listening).values(since=1.0, **where))
        was = {"team_id": team_id, "old_id": f"{channel_id}OLD", "new_id": channel_id}
        await store.database.changed(insert(schema.moved_channel).values(**was))


Forgetting = Callable[[AsyncConnection], Awaitable[Traces]]


async def forget_beside(data_dir: Path, forgetting: Forgetting) -> Traces:
    """As another process does it, while the bot runs."""
    async with opened_beside(data_dir) as database:
        return await database.transact(forgetting)


async def left(store: Store, table: Table, *names: str) -> list[tuple[str, ...]]:
    """The rows of a table, by some columns."""
    columns = [table.c[name] for name in names]
    return sorted(tuple(row) for row in await store.database.rows(select(*columns)))


async def test_a_workspace_goes_with_everything(tmp_path: Path) -> None:
    async with furnished(tmp_path) as store:
        traces = await forget_beside(tmp_path, partial(forget_team, team_id="T1"))
        assert traces == Traces(
            under_way=7, answered=1, removals=1, settings=2, subscriptions=2, opt_outs=1, usage=1
        )
        for table in schema.metadata.sorted_tables:
            if "team_id" in table.c:
                assert set(await left(store, table, "team_id")) == {("T2",)}
        assert await forget_beside(tmp_path, partial(forget_team, team_id="T1")) == Traces()


async def test_a_channel_goes_in_every_workspace_but_for_what_it_used(tmp_path: Path) -> None:
    async with furnished(tmp_path) as store:
        traces = await forget_beside(tmp_path, partial(forget_channel, channel_id="C1"))
        assert traces == Traces(under_way=8, answered=2, removals=2, settings=2, subscriptions=2, usage=2)
        for table in (schema.job, schema.channel, schema.subscription, schema.listening):
            assert set(await left(store, table, "channel_id")) == {("C2",)}
        assert set(await left(store, schema.moved_channel, "new_id")) == {("C2",)}
        assert await left(store, schema.usage, "team_id", "channel_id") == [("T1", ""), ("T2", "")]
        assert await store.preferences.is_opted_out("T1", SPEAKER), "a person's word is not the channel's"
        assert await forget_beside(tmp_path, partial(forget_channel, channel_id="C1")) == Traces()


@pytest.mark.parametrize(
    ("user_id", "expected", "gone"),
    [
        (SPEAKER, Traces(under_way=2, opt_outs=2), {"F1"}),
        (SHARER, Traces(under_way=4), {"F2"}),
        (ASKER, Traces(under_way=4), {"F3", "F4"}),
        (READER, Traces(under_way=4, answered=2, removals=2, subscriptions=4), {"F0", "F5"}),
        ("U9", Traces(), set()),
    ],
)
async def test_a_person_goes_from_every_workspace(
    tmp_path: Path, user_id: str, expected: Traces, gone: set[str]
) -> None:
    async with furnished(tmp_path) as store:
        assert await forget_beside(tmp_path, partial(forget_user, user_id=user_id)) == expected
        files = {file_id for (file_id,) in await left(store, schema.job, "file_id")}
        assert files == {"F0", "F1", "F2", "F3", "F4", "F5"} - gone
        assert await store.preferences.is_opted_out("T1", SPEAKER) == (user_id != SPEAKER)
        assert len(await left(store, schema.subscription, "user_id")) == (0 if user_id == READER else 4)
        assert len(await left(store, schema.channel, "channel_id")) == 4
        assert len(await left(store, schema.usage, "month")) == 2


async def test_words_that_are_kept_to_be_shared_go_whoever_is_forgotten(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.requests.accept([asked("F1", audience=READER)])
        job = await store.queue.claim()
        assert job is not None
        await store.queue.keep(job, Part(Span(0, 2_000), (), last=True))
        await store.queue.finish(job, Outcome.TRANSCRIBED)
        assert await store.queue.parts(job)
        await forget_beside(tmp_path, partial(forget_user, user_id=SPEAKER))
        assert await store.queue.parts(job) == []


async def test_a_request_that_cannot_be_read_stands_in_nobodys_way(tmp_path: Path) -> None:
    async with furnished(tmp_path) as store:
        job = schema.job
        await store.database.changed(
            update(job).where(job.c.file_id == "F3", job.c.team_id == "T1").values(request=b"{")
        )
        traces = await forget_beside(tmp_path, partial(forget_user, user_id=ASKER))
        assert traces == Traces(under_way=3)


async def test_whoever_runs_it_in_the_other_process_hears_of_it(tmp_path: Path) -> None:
    async with furnished(tmp_path) as store:
        jobs = {}
        while job := await store.queue.claim():
            jobs[job.key.file_id] = await store.queue.write_intent(job)
        await forget_beside(tmp_path, partial(forget_user, user_id=SPEAKER))
        with pytest.raises(Forgotten):
            await store.queue.write_intent(jobs["F1"])
        assert await store.queue.write_intent(jobs["F2"]) == jobs["F2"]


async def test_nobody_is_forgotten_where_there_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DataDirUnusable, match="there is no database in DATA_DIR"):
        await forget_beside(tmp_path, partial(forget_user, user_id=SPEAKER))
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240  # nothing else runs


@VERSIONS
async def test_an_older_file_is_upgraded_by_the_bot_alone(tmp_path: Path, version: int) -> None:
    old_file(tmp_path, version).close()
    with pytest.raises(DataDirUnusable, match="was written by an older Threadscribe: start this one once"):
        await forget_beside(tmp_path, partial(forget_user, user_id=SPEAKER))
    with closing(sqlite3.connect(tmp_path / "threadscribe.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (version,)
