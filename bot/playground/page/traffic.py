"""Traffic between Slack, the app and the recogniser, as rows and in full; never audio or keys."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.playground.dashscope_lookalike.calls import Call as AsrCall
from bot.playground.slack_lookalike.calls import Call
from bot.playground.slack_lookalike.delivery import Delivery
from bot.playground.slack_lookalike.records import JsonObject

MOST_ROWS = 500
"""Of each kind."""
_SEEN_ELSEWHERE = frozenset({"socket_ack"})
"""A delivery's own row says when it was acknowledged."""
_STAGES = ("download", "prepare", "recognise", "reply")
_LEVELS_SHOWN = frozenset({"warning", "error", "critical"})


class Traffic:
    """A log of everything that was sent, asked and answered.

    Args:
        deliveries: What Slack sent to the app; grows.
        calls: What the app asked of Slack; grows.
        asr_calls: What it asked of the recogniser; grows.
    """

    def __init__(
        self, deliveries: Sequence[Delivery], calls: Sequence[Call], asr_calls: Sequence[AsrCall]
    ) -> None:
        self._log: list[JsonObject] = []
        self._kinds: dict[str, tuple[Sequence[Any], Callable[[Any], JsonObject], Callable[[Any], Any]]] = {
            "d": (deliveries, delivery_row, delivery_parts),
            "c": (calls, call_row, call_parts),
            "a": (asr_calls, asr_row, asr_parts),
            "l": (self._log, log_row, lambda line: {"Log line": line}),
        }

    def note(self, line: JsonObject) -> None:
        """Take a line of the app's log, if it is one that people look for."""
        if line.get("event") == "job" or line.get("level") in _LEVELS_SHOWN:
            self._log.append(line | {"received_at": time.time()})

    def rows(self) -> Iterator[JsonObject]:
        """The last rows of each kind, as they stand now."""
        for letter, (records, render, _) in self._kinds.items():
            first = max(0, len(records) - MOST_ROWS)
            for number, record in enumerate(records[first:], start=first):
                if not (isinstance(record, Call) and record.method in _SEEN_ELSEWHERE):
                    yield {"id": f"{letter}{number}", **render(record)}

    def detail(self, row_id: str) -> JsonObject:
        """The whole of one row, in named parts.

        Raises:
            LookupError: There is no such row.
        """
        known = self._kinds.get(row_id[:1])
        if known is None or not re.fullmatch(r"[0-9]{1,9}", row_id[1:]):
            raise LookupError(row_id)
        records, render, parts = known
        record = records[int(row_id[1:])]
        told = [{"name": name, "json": content} for name, content in parts(record).items() if content]
        return {"id": row_id, "title": render(record)["title"], "parts": told}


def delivery_row(delivery: Delivery) -> JsonObject:
    """Something that Slack sent to the app."""
    last = delivery.attempts[-1] if delivery.attempts else None
    state, note = "waiting", "not acknowledged yet"
    if delivery.acked:
        state, note = "ok", "acknowledged"
    elif delivery.lost:
        state, note = "failed", "never acknowledged"
    if len(delivery.attempts) > 1:
        note += f", {len(delivery.attempts)} tries"
    title, detail = _delivery_words(delivery.payload)
    row = {"kind": "delivery", "at": delivery.at, "title": title, "detail": detail}
    return row | {"took_s": last.ack_after_s if last else None, "state": state, "note": note}


def delivery_parts(delivery: Delivery) -> JsonObject:
    """A delivery in full."""
    tries = [asdict(attempt) for attempt in delivery.attempts]
    return {"Payload": delivery.payload, "Acknowledgement": delivery.answer, "Tries": tries}


def _delivery_words(payload: Mapping[str, Any]) -> tuple[str, str]:
    """What it is, and which one."""
    match payload:
        case {"event": {"type": kind, **event}}:
            parts = [kind, event.get("subtype") or event.get("reaction") or ""]
            return " · ".join(part for part in parts if part), str(event.get("channel_type", ""))
        case {"command": command, "text": text}:
            return f"{command} {text}".strip(), str(payload.get("channel_name", ""))
        case {"type": kind, "actions": [action, *_]}:
            chosen = action.get("selected_option") or {}
            return f"{kind} · {action['action_id']}", str(chosen.get("value") or action.get("value") or "")
        case {"type": kind}:
            view = payload.get("view") or {}
            return f"{kind} · {payload.get('callback_id') or view.get('callback_id') or ''}", ""
        case _:
            return "unknown", ""


def call_row(call: Call) -> JsonObject:
    """Something that the app asked of Slack."""
    named = call.arguments.get("channel") or call.arguments.get("channel_id") or call.arguments.get("file")
    row = {"kind": "call", "at": call.at, "title": call.method, "detail": str(named or "")}
    return row | _outcome(call.status, call.error, call.fault) | {"took_s": _took_s(call)}


def call_parts(call: Call) -> JsonObject:
    """A call in full."""
    return {"Arguments": dict(call.arguments), "Answer": dict(call.response)}


def asr_row(call: AsrCall) -> JsonObject:
    """A request to the recogniser."""
    asked = [f"{call.duration_s:.1f} s of {call.mime}", f"{call.audio_bytes:,} bytes"]
    asked += [f"in {call.language}"] if call.language else []
    row = {"kind": "asr", "at": call.at, "title": call.model or "recogniser", "detail": " · ".join(asked)}
    return row | _outcome(call.status, call.code, call.fault) | {"took_s": _took_s(call)}


def asr_parts(call: AsrCall) -> JsonObject:
    """A request in full, as far as it was recorded: neither the audio nor the words."""
    return {"Request": asdict(call)}


def log_row(line: JsonObject) -> JsonObject:
    """A line of the app's log."""
    outcome, level = str(line.get("outcome", "")), str(line.get("level", ""))
    stages = [f"{stage} {line[f'{stage}_s']:.2f} s" for stage in _STAGES if f"{stage}_s" in line]
    title = " · ".join(part for part in (str(line.get("event", "")), outcome) if part)
    row = {"kind": "log", "at": line["received_at"], "title": title, "detail": " · ".join(stages)}
    return row | {"took_s": None, "state": "failed" if level in _LEVELS_SHOWN else "ok", "note": level}


def _outcome(status: int | None, error: str | None, fault: str | None) -> JsonObject:
    if status is None:
        return {"state": "failed" if fault else "waiting", "note": fault or "no answer yet"}
    if error or status >= 400:
        return {"state": "failed", "note": error or f"status {status}"}
    return {"state": "ok", "note": f"status {status}"}


def _took_s(call: Call | AsrCall) -> float | None:
    return None if call.ended_at is None else call.ended_at - call.at
