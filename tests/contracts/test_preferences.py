"""What people have decided is kept, for their workspace alone, until it is forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from bot.channel_settings import Automatic, ChannelSettings
from bot.errors import Forgotten
from bot.model import Outcome, Usage
from tests.contracts.kept import Kept, asked, part

DECIDED = ChannelSettings(
    automatic=Automatic.VIDEO,
    language="yue",
    vocabulary=("Žluťoučký kůň", "🎙", '"); DROP TABLE channel; --'),
    names_in_vocabulary=True,
    digits=True,
    emotion=True,
    only_for_sender=True,
)


async def decide(kept: Kept, team_id: str = "T1", channel_id: str = "C1") -> None:
    await kept.preferences.change_channel(team_id, channel_id, lambda _: DECIDED)


async def test_where_nobody_has_decided_the_defaults_count(kept: Kept) -> None:
    assert await kept.preferences.channel("T1", "C1") == ChannelSettings()
    assert await kept.preferences.channels("T1") == {}


async def test_what_is_decided_is_what_counts(kept: Kept) -> None:
    assert await kept.preferences.change_channel("T1", "C1", lambda _: DECIDED) == DECIDED
    assert await kept.preferences.channel("T1", "C1") == DECIDED
    assert await kept.preferences.channels("T1") == {"C1": DECIDED}


async def test_a_change_sees_what_was_decided_before(kept: Kept) -> None:
    await decide(kept)
    seen: list[ChannelSettings] = []

    def silence(settings: ChannelSettings) -> ChannelSettings:
        seen.append(settings)
        return replace(settings, automatic=Automatic.OFF)

    changed = await kept.preferences.change_channel("T1", "C1", silence)
    assert seen == [DECIDED]
    assert changed == replace(DECIDED, automatic=Automatic.OFF)
    assert await kept.preferences.channel("T1", "C1") == changed


async def test_it_is_known_since_when_something_is_transcribed(kept: Kept) -> None:
    assert await kept.preferences.decided_at("T1", "C1") is None
    await decide(kept)
    decided_at = kept.time.now()
    await kept.pass_by(60)
    await kept.preferences.change_channel("T1", "C1", lambda settings: replace(settings, language="de"))
    assert await kept.preferences.decided_at("T1", "C1") == decided_at, "its language says nothing of that"
    for change in ({"only_for_sender": False}, {"automatic": Automatic.OFF}):
        await kept.pass_by(60)
        await kept.preferences.change_channel("T1", "C1", partial(replace, **change))
        assert await kept.preferences.decided_at("T1", "C1") == kept.time.now()
    assert await kept.preferences.decided_at("T1", "C2") is None


async def test_it_is_known_since_when_somebody_is_out_or_in_again(kept: Kept) -> None:
    assert await kept.preferences.chosen_at("T1", "U1") is None
    for out in (True, False):
        await kept.pass_by(60)
        await kept.preferences.opt_out("T1", "U1", out=out)
        chosen_at = kept.time.now()
        await kept.pass_by(60)
        await kept.preferences.opt_out("T1", "U1", out=out)
        assert await kept.preferences.chosen_at("T1", "U1") == chosen_at
        assert await kept.preferences.is_opted_out("T1", "U1") == out
    assert await kept.preferences.chosen_at("T2", "U1") is None


async def test_it_is_known_who_had_subscribed_by_then(kept: Kept) -> None:
    await kept.preferences.subscribe("T1", "U1", ["C1"])
    then = kept.time.now()
    await kept.pass_by(60)
    await kept.preferences.subscribe("T1", "U1", ["C1", "C2"])
    await kept.preferences.subscribe("T1", "U2", ["C1"])
    assert await kept.preferences.subscribers("T1", "C1", by=then) == ["U1"]
    assert await kept.preferences.subscribers("T1", "C2", by=then) == []
    assert await kept.preferences.subscribers("T1", "C1", by=kept.time.now()) == ["U1", "U2"]


async def test_a_change_that_fails_changes_nothing(kept: Kept) -> None:
    await decide(kept)

    def refuse(_: ChannelSettings) -> ChannelSettings:
        raise ValueError("too many words")

    with pytest.raises(ValueError, match="too many words"):
        await kept.preferences.change_channel("T1", "C1", refuse)
    assert await kept.preferences.channel("T1", "C1") == DECIDED


async def test_changes_at_the_same_time_do_not_lose_each_other(kept: Kept) -> None:
    def adding(word: str) -> asyncio.Future[ChannelSettings]:
        change = kept.preferences.change_channel(
            "T1", "C1", lambda settings: replace(settings, vocabulary=(*settings.vocabulary, word))
        )
        return asyncio.ensure_future(change)

    words = [f"word {n}" for n in range(20)]
    await asyncio.gather(*(adding(word) for word in words))
    assert sorted((await kept.preferences.channel("T1", "C1")).vocabulary) == sorted(words)


async def test_workspaces_with_the_same_ids_do_not_mix(kept: Kept) -> None:
    await decide(kept)
    await kept.preferences.subscribe("T1", "U1", ["C1"])
    await kept.preferences.opt_out("T1", "U1", out=True)
    assert await kept.preferences.greet("T1", "C1")
    assert await kept.preferences.channel("T2", "C1") == ChannelSettings()
    assert await kept.preferences.channels("T2") == {}
    assert list(await kept.preferences.subscribers("T2", "C1")) == []
    assert list(await kept.preferences.subscriptions("T2", "U1")) == []
    assert not await kept.preferences.is_opted_out("T2", "U1")
    assert await kept.preferences.greet("T2", "C1")


async def test_a_channel_is_greeted_once(kept: Kept) -> None:
    assert await kept.preferences.greet("T1", "C1")
    assert not await kept.preferences.greet("T1", "C1")
    assert await kept.preferences.greet("T1", "C2")
    assert await kept.preferences.channels("T1") == {}, "a greeting decides nothing"
    await decide(kept)
    assert not await kept.preferences.greet("T1", "C1")
    assert await kept.preferences.channel("T1", "C1") == DECIDED


async def test_who_has_decided_before_the_greeting_is_greeted_too(kept: Kept) -> None:
    await decide(kept)
    assert await kept.preferences.greet("T1", "C1")
    assert await kept.preferences.channel("T1", "C1") == DECIDED
    assert not await kept.preferences.greet("T1", "C1")


async def test_greetings_at_the_same_time_are_one(kept: Kept) -> None:
    assert sum(await asyncio.gather(*(kept.preferences.greet("T1", "C1") for _ in range(10)))) == 1


async def test_people_opt_out_and_in_again(kept: Kept) -> None:
    assert not await kept.preferences.is_opted_out("T1", "U1")
    for _ in range(2):
        await kept.preferences.opt_out("T1", "U1", out=True)
        assert await kept.preferences.is_opted_out("T1", "U1")
        assert not await kept.preferences.is_opted_out("T1", "U2")
    for _ in range(2):
        await kept.preferences.opt_out("T1", "U1", out=False)
        assert not await kept.preferences.is_opted_out("T1", "U1")


async def test_a_subscription_replaces_the_one_before(kept: Kept) -> None:
    await kept.preferences.subscribe("T1", "U1", ["C2", "C1", "C2"])
    await kept.preferences.subscribe("T1", "U2", ["C2"])
    assert list(await kept.preferences.subscriptions("T1", "U1")) == ["C1", "C2"]
    assert list(await kept.preferences.subscribers("T1", "C2")) == ["U1", "U2"]
    await kept.preferences.subscribe("T1", "U1", ["C3"])
    assert list(await kept.preferences.subscriptions("T1", "U1")) == ["C3"]
    assert list(await kept.preferences.subscribers("T1", "C2")) == ["U2"]
    await kept.preferences.subscribe("T1", "U1", [])
    assert list(await kept.preferences.subscriptions("T1", "U1")) == []
    assert list(await kept.preferences.subscribers("T1", "C3")) == []


async def test_a_channel_takes_its_decisions_to_its_new_id(kept: Kept) -> None:
    await decide(kept)
    await kept.preferences.greet("T1", "C1")
    await kept.preferences.subscribe("T1", "U1", ["C1", "C3"])
    await decide(kept, "T2")
    await kept.queue.keep(await kept.claimed(asked()), part(0), billed_s=7.0)
    for _ in range(2):  # Slack may deliver it again
        await kept.preferences.move_channel("T1", "C1", "C2")
        assert await kept.preferences.channels("T1") == {"C2": DECIDED}
        assert not await kept.preferences.greet("T1", "C2")
        assert list(await kept.preferences.subscriptions("T1", "U1")) == ["C2", "C3"]
        assert await kept.preferences.channels("T2") == {"C1": DECIDED}
        assert await kept.ledger.used_by_channel("T1", kept.time.now()) == {"C2": Usage(0, 7.0)}


async def test_a_move_goes_before_what_the_new_id_has_got_meanwhile(kept: Kept) -> None:
    await decide(kept)
    await kept.preferences.subscribe("T1", "U1", ["C1"])
    await kept.preferences.change_channel("T1", "C2", lambda settings: replace(settings, language="fr"))
    await kept.preferences.subscribe("T1", "U2", ["C2"])
    await kept.preferences.move_channel("T1", "C1", "C2")
    assert await kept.preferences.channels("T1") == {"C2": DECIDED}
    assert list(await kept.preferences.subscribers("T1", "C2")) == ["U1"]


async def test_a_channel_of_which_nothing_is_known_moves_nothing(kept: Kept) -> None:
    await decide(kept, channel_id="C2")
    await kept.preferences.subscribe("T1", "U1", ["C2"])
    await kept.preferences.move_channel("T1", "C1", "C2")
    assert await kept.preferences.channels("T1") == {"C2": DECIDED}
    assert list(await kept.preferences.subscribers("T1", "C2")) == ["U1"]


async def furnished(kept: Kept, team_id: str, channel_id: str) -> None:
    """A channel of which everything is known that can be."""
    await decide(kept, team_id, channel_id)
    await kept.preferences.greet(team_id, channel_id)
    await kept.requests.remove_message(team_id, channel_id, "9.0", thread_ts="9.0")
    job = await kept.claimed(asked(team_id=team_id, channel_id=channel_id))
    await kept.queue.keep(job, part(0), billed_s=7.0)
    await kept.requests.accept([asked("F2", team_id=team_id, channel_id=channel_id)])


async def test_a_channel_is_forgotten_but_for_what_it_used(kept: Kept) -> None:
    for team_id, channel_id in (("T1", "C1"), ("T1", "C2"), ("T2", "C1")):
        await furnished(kept, team_id, channel_id)
        await kept.queue.claim()
    for team_id in ("T1", "T2"):
        await kept.preferences.subscribe(team_id, "U1", ["C1", "C2"])
    await kept.preferences.opt_out("T1", "U1", out=True)
    for _ in range(2):
        await kept.preferences.forget_channel("T1", "C1")
        assert await kept.ledger.used_by_channel("T1", kept.time.now()) == {
            "": Usage(0, 7.0),
            "C2": Usage(0, 7.0),
        }
    assert await kept.preferences.channels("T1") == {"C2": DECIDED}
    assert await kept.preferences.channels("T2") == {"C1": DECIDED}
    assert list(await kept.preferences.subscriptions("T1", "U1")) == ["C2"]
    assert list(await kept.preferences.subscriptions("T2", "U1")) == ["C1", "C2"]
    assert await kept.preferences.is_opted_out("T1", "U1"), "a person's word is not the channel's"
    assert await kept.working() == 4
    removals = [await kept.removals.claim_removal() for _ in range(3)]
    assert {(r.team_id, r.channel_id) for r in removals if r} == {("T1", "C2"), ("T2", "C1")}
    assert await kept.preferences.greet("T1", "C1"), "who comes back greets again"
    assert await kept.requests.accept([asked()]) == 1


@pytest.mark.parametrize("has_intent", [False, True])
async def test_who_still_runs_a_job_of_a_forgotten_channel_hears_of_it(
    kept: Kept, *, has_intent: bool
) -> None:
    job = await kept.claimed(asked())
    if has_intent:
        job = await kept.queue.write_intent(job)
    await kept.preferences.forget_channel("T1", "C1")
    with pytest.raises(Forgotten):
        await kept.queue.keep(job, part(0), billed_s=120.0)
    with pytest.raises(Forgotten):
        await kept.queue.write_intent(job)
    await kept.queue.record_reply(job, "5.5", None)
    await kept.queue.retry_at(job, kept.time.now())
    await kept.queue.finish(job, Outcome.TRANSCRIBED, copies=["U7"])
    assert await kept.working() == 0
    assert await kept.queue.parts(job) == []
    assert await kept.ledger.used("T1", kept.time.now()) == Usage()


async def test_a_workspace_is_forgotten_with_everything(kept: Kept) -> None:
    for team_id in ("T1", "T2"):
        await furnished(kept, team_id, "C1")
        await kept.preferences.subscribe(team_id, "U1", ["C1"])
        await kept.preferences.opt_out(team_id, "U1", out=True)
        await kept.queue.claim()
    await kept.preferences.forget_team("T1")
    assert await kept.preferences.channels("T1") == {}
    assert list(await kept.preferences.subscriptions("T1", "U1")) == []
    assert not await kept.preferences.is_opted_out("T1", "U1")
    assert await kept.ledger.used("T1", kept.time.now()) == Usage()
    assert await kept.preferences.channels("T2") == {"C1": DECIDED}
    assert list(await kept.preferences.subscribers("T2", "C1")) == ["U1"]
    assert await kept.preferences.is_opted_out("T2", "U1")
    assert await kept.ledger.used("T2", kept.time.now()) == Usage(0, 7.0)
    assert await kept.working() == 2
    removal = await kept.removals.claim_removal()
    assert removal is not None
    assert removal.team_id == "T2"
    assert await kept.removals.claim_removal() is None
    assert await kept.preferences.greet("T1", "C1")
