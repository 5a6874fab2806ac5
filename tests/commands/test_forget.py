"""The command that forgets somebody or something beside a running bot."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.model import Outcome
from bot.recording import Part, Recognition, Span
from bot.store.store import Store, open_store
from tests.job.fakes import request_for, shared_file
from tests.store.opening import closed_to_us

SECRET_NAME = "diagnosis-of-somebody.m4a"
SECRET_WORDS = "I have told nobody but you"
WHAT_STAYS = "What stands in Slack stays there: delete it there. Backups stay as they are.\n"
ALSO = "The direct message with the bot counts as a channel: if there is one, forget it too (--channel D…).\n"


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


async def furnish(store: Store) -> None:
    """Ada (U1) speaks in C1, and reads what is said there."""
    requests = [request_for(shared_file(f"F{number}", name=SECRET_NAME)) for number in range(4)]
    await store.requests.accept(requests)
    for number in range(4):
        job = await store.queue.claim()
        assert job is not None
        heard = Recognition(SECRET_WORDS, "en", 2.0, complete=True, request_id="")
        await store.queue.keep(job, Part(Span(0, 2_000), (), last=True, recognition=heard), billed_s=2.0)
        if number == 0:
            await store.queue.finish(job, Outcome.TRANSCRIBED)
    await store.preferences.change_channel("T1", "C1", lambda s: replace(s, vocabulary=(SECRET_WORDS,)))
    await store.preferences.subscribe("T1", "U1", ["C1"])
    await store.preferences.opt_out("T1", "U1", out=True)


@pytest.mark.parametrize(
    ("kind", "whom", "lines"),
    [
        (
            "user",
            "U1",
            [
                "3 recordings under way",
                "1 subscription",
                "1 opt-out",
                "Who had opted out is transcribed again, until they opt out anew.",
            ],
        ),
        (
            "channel",
            "C1",
            [
                "3 recordings under way",
                "1 answered recording, by its ids",
                "1 channel's settings",
                "1 subscription",
                "1 month of usage under that name",
            ],
        ),
        (
            "team",
            "T1",
            [
                "3 recordings under way",
                "1 answered recording, by its ids",
                "1 channel's settings",
                "1 subscription",
                "1 opt-out",
                "1 month of usage under that name",
                "Who had opted out is transcribed again, until they opt out anew.",
            ],
        ),
    ],
)
async def test_it_says_line_by_line_what_is_forgotten(
    data_dir: Path, kind: str, whom: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_store(data_dir) as store:
        await furnish(store)
        assert await asyncio.to_thread(main, ["forget", f"--{kind}", whom]) == 0
        stays = ALSO + WHAT_STAYS if kind == "user" else WHAT_STAYS
        expected = "".join(f"  {line}\n" for line in lines)
        assert capsys.readouterr().out == f"{whom} is forgotten:\n{expected}{stays}"
        assert await asyncio.to_thread(main, ["forget", f"--{kind}", whom]) == 0
        assert capsys.readouterr().out == f"Nothing is kept of {whom}.\n{stays}"


@pytest.mark.parametrize(("kind", "whom"), [("user", "U1"), ("channel", "C1"), ("team", "T1")])
async def test_the_words_are_gone_from_the_disk_at_once(data_dir: Path, kind: str, whom: str) -> None:
    async with open_store(data_dir) as store:
        await furnish(store)
        await store.preferences.change_channel("T1", "C1", lambda s: replace(s, vocabulary=()))
        (data_dir / "threadscribe.db.before-0009").write_text(SECRET_WORDS)
        assert traces(data_dir, SECRET_WORDS) > 3
        assert traces(data_dir, SECRET_NAME) >= 3
        assert await asyncio.to_thread(main, ["forget", f"--{kind}", whom]) == 0
        assert traces(data_dir, SECRET_WORDS) == 0
        assert traces(data_dir, SECRET_NAME) == 0


def traces(folder: Path, secret: str) -> int:
    return sum(path.read_bytes().count(secret.encode()) for path in folder.iterdir())


async def test_without_a_running_bot_it_works_too(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with open_store(data_dir) as store:
        await furnish(store)
    assert await asyncio.to_thread(main, ["forget", "--team", "T1"]) == 0
    assert "3 recordings under way" in capsys.readouterr().out
    async with open_store(data_dir) as store:
        assert await store.queue.claim() is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--user", "ada"], "argument --user: 'ada' is not an id: U or W begins it, capitals and digits"),
        (["--user", ""], "argument --user: '' is not an id"),
        (["--user", "U"], "argument --user: 'U' is not an id"),
        (["--user", "C1"], "argument --user: 'C1' is not an id: U or W"),
        (["--channel", "#general"], "argument --channel: '#general' is not an id: C or D or G begins it"),
        (["--team", "T1\n"], "argument --team: 'T1\\n' is not an id: T or E"),
        (["--user", "U1", "--team", "T1"], "argument --team: not allowed with argument --user"),
        ([], "one of the arguments --user --channel --team is required"),
    ],
)
def test_what_is_no_id_is_refused_before_anything_is_opened(
    data_dir: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["forget", *arguments])
    assert ended.value.code == 2
    assert says in capsys.readouterr().err
    assert not data_dir.exists()


@pytest.mark.parametrize("is_folder", [True, False])
async def test_somebody_elses_database_is_one_line(
    data_dir: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_folder: bool,
) -> None:
    monkeypatch.chdir("/")
    async with open_store(data_dir):
        pass
    path = data_dir / "threadscribe.db"
    with closed_to_us(data_dir if is_folder else path):
        assert await asyncio.to_thread(main, ["forget", "--user", "U1"]) == 2
    assert capsys.readouterr().err == (
        f"threadscribe: {path} cannot be read: Permission denied; run this as the user that the bot runs as\n"
    )


def test_in_an_empty_database_nothing_can_be_forgotten(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data_dir.mkdir()
    (data_dir / "threadscribe.db").touch()
    assert main(["forget", "--user", "U1"]) == 2
    assert capsys.readouterr().err == (
        f"threadscribe: the database in DATA_DIR {data_dir} is empty: nothing is kept in it\n"
    )


def test_without_a_database_nothing_can_be_forgotten(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forget", "--user", "U1"]) == 2
    assert capsys.readouterr().err == f"threadscribe: there is no database in DATA_DIR {data_dir}\n"
    assert not data_dir.exists()
