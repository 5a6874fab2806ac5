"""What the official clients would not send, and the rarer refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.playground.slack_lookalike.records import Channel
from bot.playground.slack_lookalike.server import SlackLookalike

_MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "M"}, "blocks": []}


@pytest.fixture
async def slack() -> AsyncIterator[SlackLookalike]:
    async with SlackLookalike() as running:
        yield running


@pytest.fixture
def general(slack: SlackLookalike) -> Channel:
    return slack.state.add_channel("general", slack.state.add_user("ann").id)


async def call(slack: SlackLookalike, method: str, arguments: object) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with (
        aiohttp.ClientSession(slack.api_url, headers=headers) as session,
        session.post(method, json=arguments) as response,
    ):
        answer = await response.json()
    assert isinstance(answer, dict)
    return answer


async def error(slack: SlackLookalike, method: str, **arguments: object) -> str:
    return str((await call(slack, method, arguments))["error"])


async def test_bodies_that_are_no_arguments(slack: SlackLookalike) -> None:
    assert (await call(slack, "auth.test", [1]))["error"] == "invalid_json"
    url = f"{slack.api_url}auth.test"
    async with aiohttp.ClientSession() as session:
        async with session.post(url, data=b"{", headers={"Content-Type": "application/json"}) as response:
            assert (await response.json())["error"] == "invalid_json"
        async with session.post(url, data={"token": slack.bot_token}) as response:
            assert (await response.json())["ok"] is True


async def test_every_wrong_argument_is_named(slack: SlackLookalike, general: Channel) -> None:
    wrong = {"text": ["hi"], "link_names": "maybe", "colour": "red"}
    answer = await call(slack, "chat.postMessage", wrong)
    assert answer["error"] == "invalid_arguments"
    assert sorted(answer["response_metadata"]["messages"]) == [
        "[ERROR] missing required field: channel",
        "[ERROR] must be a boolean [json-pointer:/link_names]",
        "[ERROR] must be a string [json-pointer:/text]",
        "[ERROR] unknown argument: colour",
    ]
    assert await error(slack, "conversations.history", channel=general.id, limit="ten") == "invalid_arguments"
    assert await error(slack, "conversations.history", channel=general.id, limit=1000) == "invalid_limit"
    assert await error(slack, "conversations.history", channel=general.id, oldest="x") == "invalid_ts_oldest"


@pytest.mark.parametrize(
    "metadata",
    [
        "text",
        {"event_type": "a"},
        {"event_type": "", "event_payload": {}},
        {"event_type": "a", "event_payload": []},
        {"event_type": "a", "event_payload": {}, "more": 1},
    ],
)
async def test_metadata_of_another_form(slack: SlackLookalike, general: Channel, metadata: object) -> None:
    found = await error(slack, "chat.postMessage", channel=general.id, text="hi", metadata=metadata)
    assert found == "invalid_metadata_format"


async def test_metadata_stays_until_it_is_emptied(slack: SlackLookalike, general: Channel) -> None:
    metadata = {"event_type": "a", "event_payload": {"b": 1}}
    answer = await call(
        slack, "chat.postMessage", {"channel": general.id, "text": "hi", "metadata": metadata}
    )
    where = {"channel": general.id, "ts": answer["ts"], "text": "ho"}
    message = slack.state.messages[general.id, answer["ts"]]
    await call(slack, "chat.update", where)
    assert message.metadata == metadata
    await call(slack, "chat.update", where | {"metadata": {}})
    assert message.metadata is None


async def test_a_reply_to_a_reply_is_refused(slack: SlackLookalike, general: Channel) -> None:
    ann = general.members[0]
    head = slack.state.post_as_user(general.id, ann, "head")
    reply = slack.state.post_as_user(general.id, ann, "reply", thread_ts=head.ts)
    found = await error(slack, "chat.postMessage", channel=general.id, text="hi", thread_ts=reply.ts)
    assert found == "cannot_reply_to_message"
    alone = await call(slack, "conversations.replies", {"channel": general.id, "ts": reply.ts})
    assert [message["ts"] for message in alone["messages"]] == [reply.ts]


async def test_files_are_listed_newest_first_in_pages(slack: SlackLookalike, general: Channel) -> None:
    ann = general.members[0]
    shared = [slack.state.add_file(b"RIFF", f"{number}.wav", user=ann) for number in range(3)]
    slack.state.post_as_user(general.id, ann, files=shared)
    slack.state.add_file(b"RIFF", "unshared.wav", user=ann)
    first, second = [await call(slack, "files.list", {"count": 2, "page": page}) for page in (1, 2)]
    assert [file["name"] for file in first["files"]] == ["2.wav", "1.wav"]
    assert [file["name"] for file in second["files"]] == ["0.wav"]
    assert second["paging"] == {"count": 2, "total": 3, "page": 2, "pages": 2}


async def test_only_the_bot_itself_is_known_as_one(slack: SlackLookalike) -> None:
    bot = slack.state.workspace
    told = await call(slack, "bots.info", {"bot": bot.bot_id})
    assert (told["bot"]["app_id"], told["bot"]["user_id"]) == (bot.app_id, bot.bot_user_id)
    assert await error(slack, "bots.info", bot="B0ANOTHER01") == "bot_not_found"


async def test_only_its_own_files_can_be_deleted(slack: SlackLookalike, general: Channel) -> None:
    file = slack.state.add_file(b"abc", "a.m4a", user=general.members[0])
    assert await error(slack, "files.delete", file=file.id) == "file_not_found"
    slack.state.post_as_user(general.id, general.members[0], files=[file])
    assert await error(slack, "files.delete", file=file.id) == "cant_delete_file"


async def test_direct_messages_are_opened_and_posted_to(slack: SlackLookalike, general: Channel) -> None:
    ann = general.members[0]
    posted = await call(slack, "chat.postMessage", {"channel": ann, "text": "hi"})
    assert slack.state.channels[posted["channel"]].kind == "im"
    assert await error(slack, "conversations.open", users="U404") == "user_not_found"
    assert await error(slack, "conversations.open") == "users_list_not_supplied"
    whole = await call(slack, "conversations.open", {"users": ann, "return_im": True})
    assert whole["channel"] == {
        "id": posted["channel"],
        "is_im": True,
        "user": ann,
        "is_archived": False,
    }


async def test_refusals_of_views(slack: SlackLookalike, general: Channel) -> None:
    ann = general.members[0]
    trigger = slack.state.new_trigger
    assert await error(slack, "views.open", trigger_id="?", view=_MODAL) == "invalid_trigger_id"
    assert await error(slack, "views.push", trigger_id=trigger(ann), view=_MODAL) == "not_found"
    assert await error(slack, "views.update", view_id="V404", view=_MODAL) == "not_found"
    home = {"type": "home", "blocks": []}
    assert await error(slack, "views.open", trigger_id=trigger(ann), view=home) == "invalid_arguments"
    assert await error(slack, "views.publish", user_id="U404", view=home) == "user_not_found"
    await call(slack, "views.open", {"trigger_id": trigger(ann), "view": _MODAL})
    for _ in range(2):
        await call(slack, "views.push", {"trigger_id": trigger(ann), "view": _MODAL})
    assert await error(slack, "views.push", trigger_id=trigger(ann), view=_MODAL) == "push_limit_reached"
