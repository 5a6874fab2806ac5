from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
from structlog.testing import capture_logs

from bot import sentences
from bot.errors import Misconfiguration, Misconfigured, Outage, Refusal, Rejected, Unavailable
from bot.slack.interactions.answer import Answer, Answers
from bot.translations import ENGLISH, Reader, Sentence
from tests.slack.harness import SlackHarness, slack_harness

GERMAN = Reader.of("de-DE")


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with slack_harness(lambda _: []) as made:
        yield made


def answering(answer: Answer | None) -> Callable[[], Awaitable[Answer | None]]:
    async def work() -> Answer | None:
        return answer

    return work


def failing(error: BaseException) -> Callable[[], Awaitable[Answer | None]]:
    async def work() -> Answer | None:
        raise error

    return work


async def test_an_answer_is_in_the_language_of_whoever_asks(harness: SlackHarness) -> None:
    answers, bert = Answers(harness.context.readers), harness.slack.state.add_user("bert", locale="de-DE")

    plain = await answers.in_time(bert.id, answering(sentences.AGREED), unanswered="x")
    made = await answers.in_time(
        bert.id, answering(partial(sentences.words_added, words=["a", "b"])), unanswered="x"
    )

    assert plain == GERMAN.say(sentences.AGREED) != ENGLISH.say(sentences.AGREED)
    assert made == sentences.words_added(GERMAN, ["a", "b"])


async def test_where_nothing_is_said_nobody_waits_for_a_language(harness: SlackHarness) -> None:
    held = harness.slack.faults.hold("users.info")

    async with asyncio.timeout(0.5):
        said = await Answers(harness.context.readers).in_time("U1", answering(None), unanswered="x")
    held.release()

    assert said == ""


@pytest.mark.parametrize(
    ("error", "sentence", "level"),
    [
        (Rejected(Refusal.FORBIDDEN), sentences.OUT_OF_REACH, "debug"),
        (Unavailable(Outage.SLACK, "internal_error"), sentences.SLACK_SILENT, "warning"),
        (Misconfigured(Misconfiguration.SLACK_SCOPE), sentences.SLACK_SILENT, "warning"),
    ],
)
async def test_what_is_expected_to_go_wrong_is_a_sentence(
    harness: SlackHarness, error: Exception, sentence: Sentence, level: str
) -> None:
    with capture_logs() as logs:
        said = await Answers(harness.context.readers).in_time("U1", failing(error), unanswered="not asked")

    assert said == ENGLISH.say(sentence)
    assert [log["log_level"] for log in logs] == [level]


async def test_what_takes_too_long_is_said_to_be_slow(harness: SlackHarness) -> None:
    bert = harness.slack.state.add_user("bert", locale="de-DE")

    with capture_logs() as logs:
        said = await Answers(harness.context.readers, patience_s=0.1).in_time(
            bert.id, partial(asyncio.sleep, 5), unanswered="not asked"
        )

    assert said == GERMAN.say(sentences.SLACK_SLOW)
    assert [log["event"] for log in logs] == ["not asked"]


async def test_a_fault_of_ours_stays_one(harness: SlackHarness) -> None:
    with pytest.raises(AttributeError):
        await Answers(harness.context.readers).in_time("U1", failing(AttributeError()), unanswered="x")
