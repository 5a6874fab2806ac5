"""It says what it costs, asks before it costs much, and stops where a month is used up."""

from __future__ import annotations

from tests.flows.hands import button, text_in
from tests.flows.harness import BotHarness, context, state_of, tone, words


async def test_a_long_recording_asks_first(harness: BotHarness) -> None:
    async with harness.bot_running(confirm_above_minutes=1):
        message = harness.share(harness.clip(75, duration_ms=75_000))
        await harness.until(lambda: bool(harness.replies(message)))
        await harness.idle()
        (question,) = harness.replies(message)
        assert "$0.01" in text_in(question)
        assert harness.calls("download") == []
        await harness.done(harness.people.click(question, button(question, "Transcribe"), harness.ada.id))
        (reply,) = await harness.answered(message)
    assert reply is question
    assert words(reply) == "A clip of 75 seconds."


async def test_an_upload_whose_length_nobody_declares_asks_too(harness: BotHarness) -> None:
    upload = harness.slack.state.add_file(tone(75), "talk.wav", user=harness.ada.id, mimetype="audio/wav")
    async with harness.bot_running(confirm_above_minutes=1):
        message = harness.share(upload)
        await harness.until(lambda: bool(harness.replies(message)))
        await harness.idle()
        (question,) = harness.replies(message)
        assert button(question, "Transcribe")
    assert not [call for call in harness.dashscope.calls if call.duration_s > 10]


async def test_no_thanks_takes_the_question_away(harness: BotHarness) -> None:
    async with harness.bot_running(confirm_above_minutes=1):
        message = harness.share(harness.clip(75, duration_ms=75_000))
        await harness.until(lambda: bool(harness.replies(message)))
        await harness.idle()
        (question,) = harness.replies(message)
        await harness.done(harness.people.click(question, button(question, "No"), harness.ada.id))
        await harness.until(lambda: harness.replies(message) == [])
        await harness.idle()
    assert harness.calls("download") == []


async def test_a_question_can_be_answered_after_a_restart(harness: BotHarness) -> None:
    async with harness.bot_running(confirm_above_minutes=1):
        message = harness.share(harness.clip(75, duration_ms=75_000))
        await harness.until(lambda: bool(harness.replies(message)))
        await harness.idle()
    async with harness.bot_running(confirm_above_minutes=1):
        (question,) = harness.replies(message)
        await harness.done(harness.people.click(question, button(question, "Transcribe"), harness.ada.id))
        (reply,) = await harness.answered(message)
    assert words(reply) == "A clip of 75 seconds."


async def test_a_short_recording_does_not_ask(harness: BotHarness) -> None:
    async with harness.bot_running(confirm_above_minutes=1):
        (reply,) = await harness.answered(harness.share(harness.clip(2)))
    assert words(reply) == "A clip of 2 seconds."


async def test_a_month_warns_before_it_is_used_up_and_then_refuses(harness: BotHarness) -> None:
    async with harness.bot_running(monthly_minutes=1):
        (first,) = await harness.answered(harness.share(harness.clip(50)))
        (second,) = await harness.answered(harness.share(harness.clip(8)))
        heard = len(harness.dashscope.calls)
        (third,) = await harness.answered(harness.share(harness.clip(2)))
        usage = await harness.command("usage")
    assert "used" not in context(first)
    assert "%" in context(second)
    assert "used up" in words(third)
    assert len(harness.dashscope.calls) == heard
    assert "1 of 1 min" in usage


async def test_two_clips_at_once_do_not_both_take_the_last_minute(harness: BotHarness) -> None:
    async with harness.bot_running(monthly_minutes=1):
        messages = [harness.share(harness.clip(seconds)) for seconds in (40, 41)]
        answers = [(await harness.answered(message))[0] for message in messages]
        usage = await harness.command("usage")
    assert sorted(state_of(answer) for answer in answers) == ["refused", "transcribed"]
    assert "1 recording transcribed" in usage
    assert len([call for call in harness.dashscope.calls if (call.duration_s or 0) > 10]) == 1


async def test_what_is_longer_than_the_rest_of_the_month_is_refused_though_slack_does_not_say_so(
    harness: BotHarness,
) -> None:
    async with harness.bot_running(monthly_minutes=5):
        (reply,) = await harness.answered(harness.share(harness.clip(400)))
    assert state_of(reply) == "refused"
    assert "too few are left" in words(reply)
    assert not [call for call in harness.dashscope.calls if (call.duration_s or 0) > 10]


async def test_a_clip_that_is_longer_than_it_says_is_heard_as_far_as_the_month_reaches(
    harness: BotHarness,
) -> None:
    async with harness.bot_running(monthly_minutes=5):
        message = harness.share(harness.clip(400, duration_ms=30_000))
        (reply,) = await harness.answered(message)
    assert state_of(reply) == "gapped"
    assert "100% of this month's minutes used" in context(reply)
    heard_s = sum(call.duration_s or 0 for call in harness.dashscope.calls if (call.duration_s or 0) > 10)
    assert 0 < heard_s <= 300
