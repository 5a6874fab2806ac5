"""A thread as a person would see it, in plain text for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.playground.slack_lookalike.block_text import render_blocks, render_mrkdwn
from bot.playground.slack_lookalike.records import File, Message, User

_INDENT = "    "


def render_thread(messages: Sequence[Message], users: Mapping[str, User], status: str = "") -> str:
    """A thread, oldest message first; replies are indented, the status stands last.

    Args:
        messages: The head and its replies.
        users: Id to user, for their names.
        status: What the app says it is doing now; empty for nothing.
    """
    lines = [line for message in messages for line in _message_lines(message, users)]
    if status:
        lines.append(f"{_INDENT}~ {status}")
    return "\n".join(_printable(line) for line in lines)


def _message_lines(message: Message, users: Mapping[str, User]) -> Iterator[str]:
    margin = _INDENT if message.thread_ts else ""
    author = users[message.user].name if message.user in users else message.user
    notes = []
    if message.bot_id:
        notes.append("app")
    if message.ephemeral_for:
        reader = users.get(message.ephemeral_for)
        notes.append(f"only visible to {reader.name if reader else message.ephemeral_for}")
    if message.edited_ts and not message.blocks:
        notes.append("edited")
    aside = f" ({', '.join(notes)})" if notes else ""
    yield f"{margin}{author}{aside}:"
    body = render_blocks(message.blocks, users) if message.blocks else render_mrkdwn(message.text, users)
    for line in body.splitlines():
        yield f"{margin}{_INDENT}{line}"
    for file in message.files:
        yield f"{margin}{_INDENT}[{_file_words(file)}]"
    for attachment in message.attachments:
        files = "".join(
            f" [{file.get('name', file.get('id', 'file'))}]" for file in attachment.get("files", [])
        )
        yield f"{margin}{_INDENT}> {render_mrkdwn(attachment.get('text', ''), users)}{files}"
    if message.reactions:
        shown = " ".join(f":{name}: {len(who)}" for name, who in message.reactions.items())
        yield f"{margin}{_INDENT}{shown}"


def _file_words(file: File) -> str:
    if file.deleted:
        return "deleted file"
    kind = "voice clip" if file.is_voice_clip else "file"
    words = f"{kind}: {file.name}"
    if file.duration_ms is not None:
        minutes, seconds = divmod(round(file.duration_ms / 1000), 60)
        words += f", {minutes}:{seconds:02d}"
    return words


def _printable(line: str) -> str:
    """Without what would steer a terminal: what people say is theirs to choose, the screen is not."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line
    )
