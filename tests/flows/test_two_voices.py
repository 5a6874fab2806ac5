"""Two people on the two channels of a call come as turns, and both are paid for."""

from __future__ import annotations

import io
import wave

import numpy as np

from bot.playground.slack_lookalike.records import File
from tests.audio.sounds import RATE_HZ, Signal, pcm_of, silence, speech
from tests.flows.hands import button, text_in
from tests.flows.harness import BotHarness, state_of, words
from tests.speech.corpus import real

TEXTS = {19: "How are you? Thank you.", 20: "I am fine. You are welcome."}
"""What is heard, by the whole seconds of what was sent."""


def said(number: int, seconds: float) -> Signal:
    return np.resize(speech(real()[number].path, -20), round(seconds * RATE_HZ))


def call(harness: BotHarness, rounds: int = 1) -> File:
    """Two people in turns: the one begins at 0 s and at 14 s, the other at 7 s and at 20 s."""
    left = np.concatenate([said(0, 6), silence(8), said(0, 4), silence(8)])
    right = np.concatenate([silence(7), said(1, 6), silence(7), said(1, 6)])
    samples = np.column_stack([np.array(pcm_of(np.tile(side, rounds))) for side in (left, right)])
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    return harness.slack.state.add_file(
        target.getvalue(), "call.wav", user=harness.ada.id, mimetype="audio/wav"
    )


def heard_s(harness: BotHarness) -> float:
    """What was sent, but for the bot's own try at its start."""
    return sum(one.duration_s or 0 for one in harness.dashscope.calls if (one.duration_s or 0) > 10)


async def test_both_are_heard_and_come_in_turns(harness: BotHarness) -> None:
    harness.ear.texts = TEXTS
    async with harness.bot_running():
        (reply,) = await harness.answered(harness.share(call(harness)))
    assert words(reply) == "How are you?\n\nI am fine.\n\nThank you.\n\nYou are welcome."


async def test_a_question_names_the_price_of_both(harness: BotHarness) -> None:
    async with harness.bot_running(confirm_above_minutes=1, asr_price_per_second=0.01):
        message = harness.share(call(harness, rounds=2))
        await harness.until(lambda: bool(harness.replies(message)))
        await harness.idle()
        (question,) = harness.replies(message)
        assert heard_s(harness) == 0
        await harness.done(harness.people.click(question, button(question, "Transcribe"), harness.ada.id))
        asked = text_in(question)
        (reply,) = await harness.answered(message)
    assert "1 min, about $0.90" in asked
    assert state_of(reply) == "transcribed"
    assert heard_s(harness) > 85


async def test_a_month_that_has_too_little_left_for_both_is_not_begun(harness: BotHarness) -> None:
    async with harness.bot_running(monthly_minutes=1):
        (reply,) = await harness.answered(harness.share(call(harness, rounds=2)))
    assert state_of(reply) == "refused"
    assert "too few are left" in words(reply)
    assert heard_s(harness) == 0


async def test_usage_counts_both(harness: BotHarness) -> None:
    async with harness.bot_running(monthly_minutes=10):
        await harness.answered(harness.share(call(harness, rounds=2)))
        usage = await harness.command("usage")
    assert "2 of 10 min" in usage
