from __future__ import annotations

import pytest

from bot.commands.check.findings import bad, good, is_ready, render, untried, warning

ALL = [
    good("Bot token", "workspace “Acme”"),
    bad("Scopes", "go to a → b"),
    warning("Clock", "off"),
    untried("Download", "no recording yet"),
]


def test_a_line_each_and_one_that_sums_up() -> None:
    assert render(ALL, "utf-8") == (
        "✓ Bot token: workspace “Acme”\n"
        "✗ Scopes: go to a → b\n"
        "! Clock: off\n"
        "– Download: no recording yet\n"
        "1 thing to mend.\n"
    )


def test_a_plain_terminal_gets_plain_signs() -> None:
    assert render(ALL, "ascii") == (
        '+ Bot token: workspace "Acme"\n'
        "x Scopes: go to a > b\n"
        "! Clock: off\n"
        "- Download: no recording yet\n"
        "1 thing to mend.\n"
    )


def test_names_that_a_plain_terminal_cannot_show_are_no_error() -> None:
    assert render([good("Bot token", "山")], "ascii") == "+ Bot token: ?\nReady.\n"


def test_a_name_from_outside_cannot_move_the_cursor() -> None:
    assert render([good("Bot token", "\x1b[2J\r\n\u202eAcme")], "utf-8") == (
        "✓ Bot token:  [2J   Acme\nReady.\n"
    )


@pytest.mark.parametrize(
    ("wrong", "last"), [(0, "Ready."), (1, "1 thing to mend."), (2, "2 things to mend.")]
)
def test_what_is_wrong_is_counted(wrong: int, last: str) -> None:
    findings = [*ALL[2:], *[bad("Model", "gone")] * wrong]
    assert render(findings, "utf-8").splitlines()[-1] == last
    assert is_ready(findings) is (wrong == 0)
