"""What a thread tells of a job: revisions, pieces, and what an older version has left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.reply import ReplyState, SharedTranscript, ThreadLookup
from bot.slack.incoming.messages import Message
from bot.slack.replies.metadata import look_up, render_metadata
from tests.slack import payloads

JOB = payloads.job(revision=1)


def posted(ts: str, revision: int = 1, piece: int = 0, **changes: Any) -> dict[str, Any]:
    job = replace(JOB, revision=revision)
    return {"ts": ts, "metadata": render_metadata(job, ReplyState.TRANSCRIBED, piece)} | changes


def noted(*messages: dict[str, Any]) -> ThreadLookup:
    return look_up([Message.model_validate(message) for message in messages], JOB)


def telling(*file_ids: str, outdated: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    """A reply that tells of files."""
    message = posted("1.0", **changes)
    message["metadata"]["event_payload"] |= {"files": list(file_ids), "outdated_files": list(outdated)}
    return message


def sharing(ts: str, *files: tuple[str, str], **changes: Any) -> dict[str, Any]:
    """A message that shares files, by their ids and names."""
    return {"ts": ts, "files": [{"id": file_id, "name": name} | changes for file_id, name in files]}


def test_a_reply_is_known_by_its_key() -> None:
    assert noted(posted("1.0", revision=0)) == ThreadLookup("1.0", ReplyState.TRANSCRIBED)
    assert noted(posted("1.0")) == ThreadLookup("1.0", ReplyState.TRANSCRIBED, revision=1)


@pytest.mark.parametrize("run", ["0", "2"])
def test_a_reply_of_an_older_version_is_known_too(run: str) -> None:
    old = posted("1.0", revision=0)
    old["metadata"]["event_payload"]["key"] += f":{run}"

    assert noted(old) == ThreadLookup("1.0", ReplyState.TRANSCRIBED)


@pytest.mark.parametrize("audience", ["U024BERT1", "subscribers"])
def test_a_reply_for_somebody_else_is_not_the_jobs(audience: str) -> None:
    other = posted("1.0")
    other["metadata"]["event_payload"]["key"] = str(JOB.key).replace("thread", audience)

    assert noted(other) == ThreadLookup()


@pytest.mark.parametrize("is_first", [False, True])
def test_files_are_known_by_the_ids_that_the_reply_tells_of(*, is_first: bool) -> None:
    reply = telling("F1", "F2", outdated=("F8",))
    others = sharing("2.0", ("F5", "a.txt"), ("F6", "a.srt"))
    old, new = sharing("3.0", ("F8", "a.txt")), sharing("4.0", ("F1", "a.txt"), ("F2", "a.srt"))
    messages = [others, old, new]

    found = noted(*([reply, *messages] if is_first else [*messages, reply]))

    assert found == ThreadLookup(
        "1.0",
        ReplyState.TRANSCRIBED,
        revision=1,
        file_shared=True,
        file_ids=("F1", "F2"),
        outdated=(SharedTranscript("3.0", ("F8",)),),
        outdated_ids=("F8",),
    )


def test_files_of_an_earlier_revision_are_outdated() -> None:
    found = noted(telling("F1", revision=0, outdated=("F8",)), sharing("2.0", ("F1", "a.txt")))

    assert (found.file_shared, found.file_ids, found.outdated_ids) == (False, (), ("F8", "F1"))
    assert found.outdated == (SharedTranscript("2.0", ("F1",)),)


@pytest.mark.parametrize(
    "share",
    [
        sharing("2.0", ("F2", "a.srt")),
        sharing("2.0", ("F1", "a.txt"), mode="tombstone"),
        sharing("2.0", ("F3", "transcript-F024OTHER-v2.txt")),
        sharing("2.0", ("F3", "transcript-F024CLIP1-v2.vtt")),
        sharing("2.0", ("F3", "my transcript-F024CLIP1-v2.txt")),
    ],
)
def test_without_the_text_the_files_are_not_shared(share: dict[str, Any]) -> None:
    assert not noted(telling("F1", "F2"), share).file_shared


def test_files_of_a_former_version_are_known_by_their_names() -> None:
    old = {"ts": "2.0", "files": [{"id": "F1", "name": "transcript-F024CLIP1.vtt"}]}
    new = {"ts": "3.0", "files": [{"id": "F2", "name": "transcript-F024CLIP1-v2.txt"}]}

    found = noted(old, new, posted("4.0", revision=0, piece=2), posted("5.0", piece=3))

    assert found == ThreadLookup(
        file_shared=True,
        file_ids=("F2",),
        outdated=(SharedTranscript("4.0", ()), SharedTranscript("2.0", ("F1",))),
        pieces=frozenset({3}),
    )


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"ts": "1.0", "metadata": "x", "files": {}},
        {"ts": "1.0", "metadata": {"event_payload": {"key": str(JOB.key)}}},
        {"ts": "1.0", "files": ["x", {"id": "F1", "mode": "hosted"}]},
        posted("1.0") | {"metadata": {"event_type": "threadscribe_reply", "event_payload": ["x"]}},
    ],
)
def test_odd_messages_tell_nothing(odd: dict[str, Any]) -> None:
    assert noted(odd) == ThreadLookup()
