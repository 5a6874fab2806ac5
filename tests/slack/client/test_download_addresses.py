from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr
from yarl import URL

from bot.errors import (
    Refusal,
    Rejected,
)
from bot.slack.client.api import build_api
from bot.slack.client.downloads import SlackFiles, _read_address
from bot.slack.incoming.hosts import is_slack_host
from tests.slack.payloads import shared_file

TOKEN = "xoxb-test-token"
CAP = 1_000_000


def slack_files(session: aiohttp.ClientSession, *origins: str) -> SlackFiles:
    token = SecretStr(TOKEN)
    api = build_api(session, "http://127.0.0.1:1/api/", token)
    return SlackFiles(api, session, token, origins=origins, most_bytes=CAP)


UNSAFE = [
    "http://files.slack.com/a.m4a",
    "https://files.slack.com:8443/a.m4a",
    "https://files.slack.com:99999/a.m4a",
    "https://files.slack.com:443a/a.m4a",
    "https:///a.m4a",
    "https://evilslack.com/a.m4a",
    "https://slack.com.evil.org/a.m4a",
    "https://files.slack.com./a.m4a",
    "https://token@files.slack.com/a.m4a",
    "https://:secret@files.slack.com/a.m4a",
    "https://files.slack.com@evil.org/a.m4a",
    "https://evil.org#.slack.com/a.m4a",
    "https://evil.org?.slack.com/a.m4a",
    "https://evil.org\\.slack.com/a.m4a",
    "https://evil.org%2f.slack.com/a.m4a",
    "https://evil.org／.slack.com/a.m4a",
    "https://ѕlack.com/a.m4a",
    "https://127.0.0.1/a.m4a",
    "https://[::1]/a.m4a",
    "https://slackfiles.com/a.m4a",
    "http://files.slack-gov.com/a.m4a",
    "https://files.slack-gov.com:8443/a.m4a",
    "https://evilslack-gov.com/a.m4a",
    "https://slack-gov.com.evil.example/a.m4a",
    "https://slack-files-gov.com.evil.example/a.m4a",
    "https://slack-gov-files.com/a.m4a",
    "ftp://files.slack.com/a.m4a",
    "file:///etc/passwd",
    "//files.slack.com/a.m4a",
    "/files-pri/a.m4a",
    "",
]


@pytest.mark.parametrize("address", UNSAFE)
async def test_an_address_away_from_slack_is_not_asked(
    session: aiohttp.ClientSession, tmp_path: Path, address: str
) -> None:
    with pytest.raises(Rejected, match=Refusal.UNSAFE_ADDRESS):
        await slack_files(session, "http://127.0.0.1:1").download(
            shared_file(url=address), tmp_path / "source"
        )


@pytest.mark.parametrize(
    "address",
    [
        "https://files.slack.com/a.m4a",
        "https://FILES.Slack.com:443/a.m4a",
        "https://slack.com/a.m4a",
        "https://slack-files.com/a.m4a",
        "https://a.b.slack-edge.com/a.m4a",
        "https://files.slack-gov.com/a.m4a",
        "https://acme.slack-gov.com/a.m4a",
        "https://slack-files-gov.com/a.m4a",
        "https://a.slack-files-gov.com/a.m4a",
    ],
)
def test_an_address_at_slack_may_see_the_token(address: str) -> None:
    slack_files(None)._check_address(URL(address))  # type: ignore[arg-type]  # nothing is sent


LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
OURS = st.sampled_from(
    ["slack.com", "slack-files.com", "slack-edge.com", "slack-gov.com", "slack-files-gov.com"]
)


@given(st.lists(LABELS, max_size=3), OURS)
def test_every_name_beneath_slacks_is_slacks(labels: list[str], ours: str) -> None:
    assert is_slack_host(".".join([*labels, ours]))


@given(st.lists(LABELS, max_size=3), OURS, LABELS, st.sampled_from(["org", "com", "co"]))
def test_no_name_above_or_beside_slacks_is_slacks(labels: list[str], ours: str, evil: str, top: str) -> None:
    assert not is_slack_host(".".join([*labels, ours, evil, top]))
    assert not is_slack_host(f"{evil}{ours}") or f"{evil}{ours}" in {"slack-files.com", "slack-edge.com"}
    assert not is_slack_host(f"{ours}.")
    assert not is_slack_host(f".{ours}")


@given(st.text(min_size=1), OURS)
@example("evil.org/", "slack.com")
@example("evil.org/.", "slack.com")
@example("a@b.", "slack.com")
@example("ё.", "slack.com")
@example("a\n.", "slack.com")
def test_only_letters_digits_and_hyphens_stand_before_slacks_name(before: str, ours: str) -> None:
    sound = all(
        part and part.isascii() and part.replace("-", "a").isalnum() and part == part.lower()
        for part in before.removesuffix(".").split(".")
    )
    assert is_slack_host(before + ours) is (sound and before.endswith("."))


@given(st.text(st.sampled_from("abсѕ.:/\\@#?%[]-／。slackcom0469"), max_size=30))
def test_no_address_leads_the_token_to_another_host(middle: str) -> None:
    try:
        url = _read_address(f"https://{middle}slack.com/a")
        slack_files(None)._check_address(url)  # type: ignore[arg-type]  # nothing is sent
    except Rejected:
        return
    assert is_slack_host(url.raw_host or "")
    assert (url.scheme, url.user, url.port) == ("https", None, 443)
