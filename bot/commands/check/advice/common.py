"""Sentences of the check that belong to no one thing."""

from __future__ import annotations

from collections.abc import Sequence

NETWORK = "this machine's network and, behind a proxy, HTTPS_PROXY"


def summary(wrong: int) -> str:
    """The last line."""
    if not wrong:
        return "Ready."
    return f"{wrong} thing{'' if wrong == 1 else 's'} to mend."


def settings_complete(*, socket_mode: bool) -> str:
    """Every setting can be read."""
    return f"complete; events come over {'Socket Mode' if socket_mode else 'HTTP'}"


def settings_misspelt(pairs: Sequence[tuple[str, str]]) -> str:
    """Names that are set and do nothing, each with the setting that it is most like."""
    return " ".join(f"{name} is no setting and does nothing: did you mean {meant}?" for name, meant in pairs)


def settings_foreign(names: Sequence[str]) -> str:
    """Names in the file that are like no setting."""
    return f"; passed over in .env: {', '.join(names)}"


def after(name: str) -> str:
    """Something else has to be mended first."""
    return f"not tried: needs “{name}” first"


def no_end(seconds: float) -> str:
    """For a detail: something took too long."""
    return f"no end after {seconds:.0f} s"
