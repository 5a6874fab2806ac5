from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from bot import sentences
from bot.errors import Outage, Refusal, Rejected, Unavailable
from bot.model import Place
from bot.playground.slack_lookalike.faults import SlackError
from bot.playground.slack_lookalike.records import User, View
from bot.slack.blockkit.elements import Block, modal, section
from bot.slack.interactions.modal_kind import ModalKind, Trigger
from bot.slack.interactions.modals import Modals
from bot.translations import ENGLISH, Reader, Sentence
from tests.slack.harness import SlackHarness, slack_harness

KIND = ModalKind(sentences.AGAIN_TITLE)


@dataclass
class Table:
    """Where a modal can be opened for Bert, who reads German."""

    harness: SlackHarness
    modals: Modals
    bert: User
    place: Place

    def trigger(self, trigger_id: str | None = None) -> Trigger:
        found = trigger_id or self.harness.slack.state.new_trigger(self.bert.id)
        return Trigger(found, self.bert.id, self.place)

    def view(self) -> View:
        return self.harness.modal()


@pytest.fixture
async def table() -> AsyncIterator[Table]:
    async with slack_harness(lambda _: []) as harness:
        context = harness.context
        bert = harness.slack.state.add_user("bert", locale="de-DE")
        channel = harness.slack.state.add_channel("general", bert.id)
        modals = Modals(context.api, context.ephemeral, context.background, context.readers)
        yield Table(harness, modals, bert, Place(channel.id))


def text_of(view: View) -> str:
    return str(view.content["blocks"][0]["text"]["text"])


def content(reader: Reader) -> Block:
    return modal("again", reader.say(sentences.AGAIN_TITLE), [section(reader.say(sentences.SAVING))])


async def filled(reader: Reader) -> Block:
    return content(reader)


def failing(error: Exception) -> Callable[[Reader], Awaitable[Block]]:
    async def fail(_reader: Reader) -> Block:
        raise error

    return fail


async def test_it_is_filled_in_the_persons_language_by_the_time_it_returns(table: Table) -> None:
    await table.modals.open(table.trigger(), KIND, filled)

    assert text_of(table.view()) == Reader.of("de").say(sentences.SAVING)


async def test_where_that_takes_time_it_says_so_and_goes_on(table: Table) -> None:
    held = table.harness.slack.faults.hold("users.info")

    await table.modals.open(table.trigger(), KIND, filled)
    assert text_of(table.view()) == ENGLISH.say(sentences.ONE_MOMENT)

    held.release()
    await table.harness.settled()
    assert text_of(table.view()) == Reader.of("de").say(sentences.SAVING)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Rejected(Refusal.FORBIDDEN), sentences.OUT_OF_REACH),
        (Unavailable(Outage.SLACK), sentences.SLACK_SILENT),
        (ValueError("ours"), sentences.WENT_WRONG),
    ],
)
async def test_what_goes_wrong_is_said_in_it(table: Table, error: Exception, sentence: Sentence) -> None:
    await table.modals.open(table.trigger(), KIND, failing(error))
    await table.harness.settled()

    assert text_of(table.view()) == Reader.of("de").say(sentence)
    assert "submit" not in table.view().content


async def test_one_that_does_not_open_is_told_of(table: Table) -> None:
    with capture_logs() as logs:
        await table.modals.open(table.trigger("long.gone"), KIND, filled)
    await table.harness.settled()

    assert table.harness.whispers(table.bert.id) == [ENGLISH.say(sentences.SLACK_SILENT)]
    assert [log["event"] for log in logs] == ["modal not opened"]


async def test_what_can_be_used_already_stays_where_setting_it_right_fails(table: Table) -> None:
    await table.modals.open(table.trigger(), KIND, failing(Unavailable(Outage.SLACK)), first=content)
    await table.harness.settled()

    assert text_of(table.view()) == ENGLISH.say(sentences.SAVING)


async def test_what_has_changed_meanwhile_is_not_overwritten(table: Table) -> None:
    held = table.harness.slack.faults.hold("users.info")
    await table.modals.open(table.trigger(), KIND, filled, first=content)
    changed = KIND.notice(ENGLISH, "Sent.")
    await table.modals.show(table.view().id, changed)

    held.release()
    await table.harness.settled()

    assert text_of(table.view()) == "Sent."


async def test_showing_something_in_a_closed_one_is_no_error(table: Table) -> None:
    table.harness.slack.faults.add("views.update", SlackError("not_found"))

    await table.modals.show("V0CLOSED", content(ENGLISH))
