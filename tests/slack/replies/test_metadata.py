"""What a thread tells of a job: revisions, pieces, and what an older version has left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.reply import ReplyState, SharedTranscript, ThreadLookup
from bot.slack.incoming.messages import Message
from bot.slack.replies.metadata import note_message, render_metadata
from tests.slack import payloads

JOB = payloads.job(revision=1)


def posted(ts: str, revision: int = 1, piece: int = 0, **changes: Any) -> dict[str, Any]:
    job = replace(JOB, revision=revision)
    return {"ts": ts, "metadata": render_metadata(job, ReplyState.TRANSCRIBED, piece)} | changes


def noted(*messages: dict[str, Any]) -> ThreadLookup:
    found = ThreadLookup()
    for message in messages:
        found = note_message(found, Message.model_validate(message), JOB)
    return found


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


def test_files_and_pieces_of_earlier_revisions_are_outdated() -> None:
    old = {"ts": "2.0", "files": [{"id": "F1", "name": "transcript-F024CLIP1.vtt"}]}
    new = {"ts": "3.0", "files": [{"id": "F2", "name": "transcript-F024CLIP1-v2.txt"}]}

    found = noted(old, new, posted("4.0", revision=0, piece=2), posted("5.0", piece=3))

    assert found == ThreadLookup(
        file_shared=True,
        outdated=(SharedTranscript("2.0", ("F1",)), SharedTranscript("4.0", ())),
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
