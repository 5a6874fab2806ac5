"""The page's server between a workspace and the real bot: what it shows, what it does, what it refuses."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from bot.playground.page.server import serving_page
from bot.playground.page.traffic import Traffic
from bot.playground.page.workspace import parse_features
from bot.playground.session import MANIFEST
from tests.flows.harness import PATIENCE_S, BotHarness, bot_harness_at, tone


@dataclass
class Visitor:
    """Somebody who looks at the page."""

    harness: BotHarness
    http: aiohttp.ClientSession
    you: str

    async def act(self, act: str, /, **fields: Any) -> dict[str, Any]:
        """Do something, which has to be possible."""
        status, answer = await self.try_to(act, **fields)
        assert status == 200, answer
        return answer

    async def try_to(self, act: str, /, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Do something; what the page is told."""
        async with self.http.post("/act", json={"as": self.you, "act": act, **fields}) as response:
            return response.status, await response.json()

    async def upload(self, audio: bytes, **query: str) -> str:
        """Share a file; returns the message's ``ts``."""
        query = {"as": self.you, "channel": self.harness.channel.id, "name": "audio_message.webm", **query}
        headers = {"Content-Type": "audio/webm;codecs=opus"}
        async with self.http.post("/upload", params=query, data=audio, headers=headers) as response:
            assert response.status == 200, await response.text()
            return str((await response.json())["ts"])

    async def events(self) -> AsyncIterator[tuple[str, Any]]:
        """What the page is told from now on."""
        async with self.http.get("/live", params={"as": self.you}) as response:
            name = ""
            async for raw in response.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

    async def sees(self) -> dict[str, Any]:
        """The workspace as it stands now."""
        async for name, data in self.events():
            if name == "workspace":
                return dict(data)
        raise AssertionError

    async def reply_to(self, ts: str) -> dict[str, Any]:
        """The bot's answer under a message, once it says what was heard."""
        async with asyncio.timeout(PATIENCE_S):
            async for name, data in self.events():
                if name == "workspace":
                    for message in data["messages"]:
                        if message["thread_ts"] == ts and "A clip of" in message["text"]:
                            return dict(message)
        raise AssertionError


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[Visitor]:
    async with bot_harness_at(tmp_path, "socket") as harness, harness.bot_running():
        harness.slack.state.add_channel("", harness.ada.id, kind="im")
        slack = harness.slack
        traffic = Traffic(slack.deliveries, slack.state.calls, harness.dashscope.calls)
        features = parse_features(yaml.safe_load(MANIFEST.read_text(encoding="utf-8")))
        async with (
            serving_page(slack, traffic, features, 0) as address,
            aiohttp.ClientSession(address) as http,
        ):
            yield Visitor(harness, http, harness.ada.id)


async def test_a_recording_is_shared_and_answered_and_can_be_played(visitor: Visitor) -> None:
    audio = tone(2)
    ts = await visitor.upload(audio, kind="clip")
    reply = await visitor.reply_to(ts)
    assert reply["bot"]
    assert reply["blocks"][-1]["elements"][0]["type"] == "overflow"

    (message,) = [m for m in (await visitor.sees())["messages"] if m["ts"] == ts]
    (file,) = message["files"]
    assert (file["clip"], file["duration_s"], file["mimetype"]) == (True, 2.0, "audio/webm")
    assert len(file["wave"]) == 100
    assert max(file["wave"]) == 100
    async with visitor.http.get(f"/file/{file['id']}", headers={"Range": "bytes=0-9"}) as response:
        assert (response.status, await response.read()) == (206, audio[:10])
    async with visitor.http.get(f"/file/{file['id']}", params={"download": "1"}) as response:
        assert response.headers["Content-Disposition"] == "attachment"


async def test_a_choice_in_a_message_opens_a_modal_and_sending_it_changes_the_reply(
    visitor: Visitor,
) -> None:
    ts = await visitor.upload(tone(2), kind="clip")
    reply = await visitor.reply_to(ts)
    menu = reply["blocks"][-1]["elements"][0]
    where = {"channel": reply["channel"], "ts": reply["ts"], "action_id": menu["action_id"]}
    edit = next(option for option in menu["options"] if option["value"] == "edit")
    answer = await visitor.act("press", **where, chosen={"selected_option": edit})
    assert answer == {"acknowledged": True}
    assert visitor.harness.bot is not None
    await visitor.harness.bot.background.done()

    (view,) = (await visitor.sees())["views"]
    field = next(block for block in view["blocks"] if block["type"] == "input")
    values = {field["block_id"]: {field["element"]["action_id"]: {"value": "Quite another text."}}}
    await visitor.act("submit", view_id=view["id"], values=values)
    await visitor.harness.bot.background.done()
    seen = await visitor.sees()
    assert [m["text"] for m in seen["messages"] if m["ts"] == reply["ts"]] == ["Quite another text."]


async def test_a_command_answers_for_one_person_alone(visitor: Visitor) -> None:
    where = visitor.harness.channel.id
    await visitor.act("command", channel=where, command="/transcribe", text="status")
    grete = visitor.harness.slack.state.add_user("grete")
    visitor.harness.channel.members.append(grete.id)
    (whisper,) = [m for m in (await visitor.sees())["messages"] if m["ephemeral"]]
    other = Visitor(visitor.harness, visitor.http, grete.id)
    assert not (await other.sees())["messages"]
    assert (await other.try_to("delete_message", channel=where, ts=whisper["ts"]))[0] == 400
    await visitor.act("delete_message", channel=where, ts=whisper["ts"])
    assert not (await visitor.sees())["messages"]


async def test_a_menu_that_was_cleared_is_told_of(visitor: Visitor) -> None:
    """Source: https://github.com/howdyai/botkit/issues/2053."""
    await visitor.act("command", channel=visitor.harness.channel.id, command="/transcribe", text="settings")
    async with asyncio.timeout(PATIENCE_S):
        async for name, data in visitor.events():
            if name == "workspace" and data["views"] and data["views"][0]["submit"]:
                break
    view = data["views"][0]
    (language,) = [block for block in view["blocks"] if block.get("block_id") == "language"]
    where = {"view_id": view["id"], "action_id": language["element"]["action_id"], "block_id": "language"}
    answer = await visitor.act("press_in_view", **where, chosen={"selected_option": None})
    assert answer == {"acknowledged": True}


async def test_the_home_tab_is_filled_when_it_is_looked_at(visitor: Visitor) -> None:
    assert (await visitor.sees())["home"] is None
    await visitor.act("open_home")
    async with asyncio.timeout(PATIENCE_S):
        async for name, data in visitor.events():
            if name == "workspace" and data["home"] is not None:
                break
    button = next(
        element
        for block in data["home"]["blocks"]
        for element in [*block.get("elements", []), block.get("accessory")]
        if element and element["type"] == "checkboxes"
    )
    where = {"view_id": data["home"]["id"], "chosen": {"selected_options": button["options"]}}
    # What the page shows may be a moment old: the block has another id by now.
    for block_id in (None, "as it was before"):
        answer = await visitor.act("press_in_view", **where, action_id=button["action_id"], block_id=block_id)
        assert answer == {"acknowledged": True}
    status, answer = await visitor.try_to("press_in_view", **where, action_id="gone")
    assert (status, answer) == (400, {"error": "That button is gone."})


async def test_the_bot_greets_a_channel_that_it_is_invited_to(visitor: Visitor) -> None:
    channel = visitor.harness.slack.state.add_channel("general", visitor.you, with_bot=False)
    await visitor.act("invite_bot", channel=channel.id)
    await visitor.harness.until(
        lambda: any(key[0] == channel.id for key in visitor.harness.slack.state.messages)
    )
    assert [c["has_bot"] for c in (await visitor.sees())["channels"] if c["name"] == "general"] == [True]


async def test_a_deleted_message_takes_its_transcript_along(visitor: Visitor) -> None:
    ts = await visitor.upload(tone(2))
    reply = await visitor.reply_to(ts)
    where = {"channel": reply["channel"]}
    assert (await visitor.try_to("delete_message", **where, ts=reply["ts"]))[0] == 400
    await visitor.act("delete_message", **where, ts=ts)
    await visitor.harness.until(
        lambda: (reply["channel"], reply["ts"]) not in visitor.harness.slack.state.messages
    )


async def test_a_reaction_is_taken_back_by_a_second_press(visitor: Visitor) -> None:
    posted = await visitor.act("post", channel=visitor.harness.channel.id, text="Good morning")
    where = {"channel": visitor.harness.channel.id, "ts": posted["ts"]}
    shown = []
    for _ in range(2):
        await visitor.act("react", **where, name="tada")
        shown.append((await visitor.sees())["messages"][0]["reactions"])
    assert shown == [[{"name": "tada", "users": [visitor.you]}], []]


async def test_the_traffic_tells_all_but_the_audio_and_the_words(visitor: Visitor) -> None:
    ts = await visitor.upload(tone(2), kind="clip")
    await visitor.reply_to(ts)
    await visitor.harness.idle()
    rows: dict[str, Any] = {}
    async for name, data in visitor.events():
        if name == "traffic":
            rows = {row["title"]: row for row in data}
            break
    event, post, heard = rows["message · file_share"], rows["chat.postMessage"], rows["qwen3-asr-flash"]
    assert [row["state"] for row in (event, post, heard)] == ["ok"] * 3
    assert all(0 < row["took_s"] < PATIENCE_S for row in (event, post, heard))
    assert "socket_ack" not in rows
    async with visitor.http.get(f"/traffic/{event['id']}") as response:
        whole = await response.json()
    assert whole["parts"][0]["json"]["event"]["files"][0]["name"] == "audio_message.webm"
    async with visitor.http.get(f"/traffic/{heard['id']}") as response:
        text = await response.text()
    assert "A clip of" not in text
    assert len(text) < 2_000
    for nonsense in ("d999", "x1", "d-1", "d²", "%20", "d" + "9" * 5_000):
        async with visitor.http.get(f"/traffic/{nonsense}") as response:
            assert response.status == 404


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        ("dance", {}, "does not know"),
        ("post", {"channel": "C0", "text": "x"}, "no such channel"),
        ("post", {"text": "  "}, "Write something"),
        ("post", {"text": ["x"]}, "left out “text”"),
        ("post", {"text": "x", "thread_ts": "1.2"}, "thread is gone"),
        ("press", {"ts": "1.2", "action_id": "a"}, "message is gone"),
        ("submit", {"view_id": "V1", "values": {}}, "window is closed"),
        ("delete_file", {"file": "F1"}, "own files"),
        ("post", {"text": "half of one: \ud83d"}, "not JSON"),
        ("post", {"text": "x", "thread_ts": ["1.2"]}, "thread_ts"),
    ],
)
async def test_what_cannot_be_done_is_said(
    visitor: Visitor, name: str, fields: dict[str, Any], sentence: str
) -> None:
    status, answer = await visitor.try_to(name, **{"channel": visitor.harness.channel.id, **fields})
    assert status == 400
    assert sentence in answer["error"]


async def test_what_slack_would_never_send_reaches_neither_the_bot_nor_the_page(visitor: Visitor) -> None:
    ts = await visitor.upload(tone(2), kind="clip")
    reply = await visitor.reply_to(ts)
    menu = reply["blocks"][-1]["elements"][0]
    where = {"channel": reply["channel"], "ts": reply["ts"], "action_id": menu["action_id"]}
    known = len(visitor.harness.slack.deliveries)
    for chosen in ({"selected_option": "x"}, {"selected_options": ["x"]}, {"value": 1}, {"type": "x"}, ["x"]):
        status, answer = await visitor.try_to("press", **where, chosen=chosen)
        assert status == 400, answer
    status, _ = await visitor.try_to("press", **where, block_id=["x"], chosen={})
    assert status == 400
    assert len(visitor.harness.slack.deliveries) == known
    assert (await visitor.sees())["messages"]


async def test_the_home_tab_is_neither_sent_nor_closed(visitor: Visitor) -> None:
    await visitor.act("open_home")
    await visitor.harness.until(lambda: visitor.you in visitor.harness.slack.state.homes)
    home = visitor.harness.slack.state.homes[visitor.you]
    for act in ("submit", "close_view"):
        status, answer = await visitor.try_to(act, view_id=home.id)
        assert (status, answer) == (400, {"error": "That window is closed."})
    assert not home.closed


async def test_an_upload_that_comes_to_nothing_leaves_nothing(visitor: Visitor, temporary: Path) -> None:
    (uploads,) = temporary.glob("threadscribe-page-*")  # noqa: ASYNC240  # a moment
    query = {"as": visitor.you, "channel": visitor.harness.channel.id, "name": "x.wav"}
    async with visitor.http.post("/upload", params={**query, "thread_ts": "1.2"}, data=b"x") as response:
        assert (response.status, await response.json()) == (400, {"error": "That thread is gone."})
    async with visitor.http.post("/upload", params=query, data=b"") as response:
        assert (response.status, await response.json()) == (400, {"error": "The file is empty."})

    async def cut_off() -> AsyncIterator[bytes]:
        yield bytes(100_000)
        raise ConnectionAbortedError

    with pytest.raises(aiohttp.ClientError):
        await visitor.http.post("/upload", params=query, data=cut_off())
    await visitor.harness.until(lambda: not list(uploads.iterdir()))


async def test_other_pages_in_the_same_browser_get_nothing(visitor: Visitor) -> None:
    foreign = {"Origin": "https://evil.example"}
    body = {"as": visitor.you, "act": "post", "channel": visitor.harness.channel.id, "text": "x"}
    async with visitor.http.post("/act", json=body, headers=foreign) as response:
        assert response.status == 403
    for header, value in (
        ("Host", "rebound.example"),
        ("Host", "[::"),
        ("Origin", "http://["),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ):
        async with visitor.http.get("/live", headers={header: value}) as response:
            assert response.status == 403
    async with visitor.http.get("/", headers={"Sec-Fetch-Site": "cross-site"}) as response:
        assert response.status == 200
    assert not (await visitor.sees())["messages"]
    async with visitor.http.get("/") as response:
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        assert response.content_type == "text/html"


async def test_a_shared_page_is_kept_as_a_file_and_never_run(visitor: Visitor) -> None:
    query = {"as": visitor.you, "channel": visitor.harness.channel.id, "name": "x.html"}
    headers = {"Content-Type": "text/html"}
    async with visitor.http.post("/upload", params=query, data=b"<script>", headers=headers) as response:
        assert response.status == 200
    file = (await visitor.sees())["messages"][0]["files"][0]
    async with visitor.http.get(f"/file/{file['id']}") as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment"
