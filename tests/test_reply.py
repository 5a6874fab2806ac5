"""What a reply leaves behind."""

from __future__ import annotations

import pytest

from bot.model import Outcome
from bot.reply import ReplyState

LAST_WORDS = [state for state in ReplyState if state.is_final]


@pytest.mark.parametrize("state", LAST_WORDS)
def test_each_last_word_ends_a_job_of_this_process_or_of_a_former_one(state: ReplyState) -> None:
    assert Outcome(state).value == state.value
    assert Outcome(f"{state}_before").value == f"{state.value}_before"
