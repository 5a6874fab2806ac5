"""It says what it costs, asks before it costs much, and stops where a month is used up."""

from __future__ import annotations

from tests.flows.hands import button, text_in
from tests.flows.world import World, context, tone, words


async def test_a_long_recording_asks_first(world: World) -> None:
    async with world.bot_running(confirm_above_minutes=1):
        message = world.share(world.clip(75, duration_ms=75_000))
        await world.until(lambda: bool(world.replies(message)))
        await world.idle()
        (question,) = world.replies(message)
        assert "$0.01" in text_in(question)
        assert world.calls("download") == []
        await world.done(world.people.click(question, button(question, "Transcribe"), world.ada.id))
        (reply,) = await world.answered(message)
    assert reply is question
    assert words(reply) == "A clip of 75 seconds."


async def test_an_upload_whose_length_nobody_declares_asks_too(world: World) -> None:
    upload = world.slack.state.add_file(tone(75), "talk.wav", user=world.ada.id, mimetype="audio/wav")
    async with world.bot_running(confirm_above_minutes=1):
        message = world.share(upload)
        await world.until(lambda: bool(world.replies(message)))
        await world.idle()
        (question,) = world.replies(message)
        assert button(question, "Transcribe")
    assert not [call for call in world.dashscope.calls if call.duration_s > 10]


async def test_no_thanks_takes_the_question_away(world: World) -> None:
    async with world.bot_running(confirm_above_minutes=1):
        message = world.share(world.clip(75, duration_ms=75_000))
        await world.until(lambda: bool(world.replies(message)))
        await world.idle()
        (question,) = world.replies(message)
        await world.done(world.people.click(question, button(question, "No"), world.ada.id))
        await world.until(lambda: world.replies(message) == [])
        await world.idle()
    assert world.calls("download") == []


async def test_a_question_can_be_answered_after_a_restart(world: World) -> None:
    async with world.bot_running(confirm_above_minutes=1):
        message = world.share(world.clip(75, duration_ms=75_000))
        await world.until(lambda: bool(world.replies(message)))
        await world.idle()
    async with world.bot_running(confirm_above_minutes=1):
        (question,) = world.replies(message)
        await world.done(world.people.click(question, button(question, "Transcribe"), world.ada.id))
        (reply,) = await world.answered(message)
    assert words(reply) == "A clip of 75 seconds."


async def test_a_short_recording_does_not_ask(world: World) -> None:
    async with world.bot_running(confirm_above_minutes=1):
        (reply,) = await world.answered(world.share(world.clip(2)))
    assert words(reply) == "A clip of 2 seconds."


async def test_a_month_warns_before_it_is_used_up_and_then_refuses(world: World) -> None:
    async with world.bot_running(monthly_minutes=1):
        (first,) = await world.answered(world.share(world.clip(50)))
        (second,) = await world.answered(world.share(world.clip(11)))
        heard = len(world.dashscope.calls)
        (third,) = await world.answered(world.share(world.clip(2)))
        usage = await world.command("usage")
    assert "used" not in context(first)
    assert "%" in context(second)
    assert "used up" in words(third)
    assert len(world.dashscope.calls) == heard
    assert "1 of 1 min" in usage
