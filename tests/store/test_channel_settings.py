"""What holds for preferences in SQLite beyond their contract (tests/contracts/test_preferences.py)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.channel_settings import ChannelSettings
from bot.store import schema
from bot.store.rows import dump_settings, parse_settings
from bot.store.store import open_store


async def test_decisions_outlive_the_process(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.preferences.change_channel("T1", "C1", lambda settings: replace(settings, language="de"))
        await store.preferences.opt_out("T1", "U1", out=True)
        await store.preferences.subscribe("T1", "U1", ["C1"])
        await store.preferences.greet("T1", "C1")
    async with open_store(tmp_path) as store:
        assert (await store.preferences.channel("T1", "C1")).language == "de"
        assert await store.preferences.is_opted_out("T1", "U1")
        assert list(await store.preferences.subscribers("T1", "C1")) == ["U1"]
        assert not await store.preferences.greet("T1", "C1")


@pytest.mark.parametrize("stored", [b"", b"null", b"[]", b'{"automatic": "whispers"}', b"\xff"])
async def test_settings_that_cannot_be_read_stop_nobody_and_are_not_quoted(
    tmp_path: Path, stored: bytes
) -> None:
    async with open_store(tmp_path) as store:
        await store.preferences.change_channel("T1", "C1", lambda settings: replace(settings, language="de"))
        await store.database.changed(update(schema.channel).values(settings=stored))
        with capture_logs() as lines:
            assert await store.preferences.channel("T1", "C1") == ChannelSettings()
            assert await store.preferences.channels("T1") == {"C1": ChannelSettings()}
        assert {line["event"] for line in lines} == {"channel settings not readable"}
        assert "whispers" not in str(lines)
        changed = await store.preferences.change_channel("T1", "C1", lambda s: replace(s, digits=True))
        assert await store.preferences.channel("T1", "C1") == changed == ChannelSettings(digits=True)


def test_settings_of_a_version_that_knows_more_or_less_are_read() -> None:
    assert parse_settings(b"{}") == ChannelSettings()
    assert parse_settings(b"{}").time_marks
    assert parse_settings(b'{"language": "de", "font": "serif"}') == ChannelSettings(language="de")


@given(st.builds(ChannelSettings))
def test_any_settings_are_read_as_they_were_written(settings: ChannelSettings) -> None:
    assert parse_settings(dump_settings(settings)) == settings
