from __future__ import annotations

import asyncio
import gzip
import resource
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot.errors import (
    Misconfiguration,
    Misconfigured,
    Outage,
    Refusal,
    Rejected,
    TranscriptionError,
    Unavailable,
)
from bot.model import Claim, FileState
from bot.playground.slack.faults import Answer as Fault
from bot.playground.slack.faults import Drop
from bot.playground.slack.records import File
from bot.playground.slack.server import SlackLookalike
from bot.slack.downloads import SlackFiles, _read_address, is_slack_host
from tests.slack.answering import Answer, always, answering
from tests.slack.payloads import shared_file

TOKEN = "xoxb-test-token"
CAP = 1_000_000
SOUND = bytes(range(256)) * 1_000


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as made:
        yield made


def slack_files(session: aiohttp.ClientSession, *origins: str) -> SlackFiles:
    web_client = AsyncWebClient(TOKEN, session=session)
    return SlackFiles(web_client, session, SecretStr(TOKEN), origins=origins, most_bytes=CAP)


async def download(
    session: aiohttp.ClientSession, answer: Answer, destination: Path, path: str = "/files-pri/T1-F1/a.m4a"
) -> int:
    async with answering(answer) as slack:
        file = shared_file(url=slack.origin + path)
        return await slack_files(session, slack.origin).download(file, destination)


async def refusal(session: aiohttp.ClientSession, answer: Answer, destination: Path) -> TranscriptionError:
    with pytest.raises(TranscriptionError) as raised:
        await download(session, answer, destination)
    return raised.value


async def test_the_bytes_arrive_whole_and_private(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with answering(always(lambda: web.Response(body=SOUND, content_type="audio/mp4"))) as slack:
        file = shared_file(url=f"{slack.origin}/files-pri/T1-F1/clip%20one%2F.m4a?x=a%26b")

        saved = await slack_files(session, slack.origin).download(file, tmp_path / "source")

    assert saved == len(SOUND)
    assert (tmp_path / "source").read_bytes() == SOUND
    assert stat.S_IMODE((tmp_path / "source").stat().st_mode) == 0o600
    assert slack.tokens == [f"Bearer {TOKEN}"]
    assert slack.paths == ["/files-pri/T1-F1/clip%20one%2F.m4a?x=a%26b"]


async def test_the_declared_size_is_not_believed(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with answering(always(lambda: web.Response(body=b"short"))) as slack:
        file = shared_file(url=slack.origin, size_bytes=309_514)

        assert await slack_files(session, slack.origin).download(file, tmp_path / "source") == 5


async def test_what_declares_too_much_is_not_asked_for(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with answering(always(lambda: web.Response(body=SOUND))) as slack:
        file = shared_file(url=slack.origin, size_bytes=CAP + 1)
        with pytest.raises(Rejected, match=Refusal.TOO_BIG):
            await slack_files(session, slack.origin).download(file, tmp_path / "source")

    assert slack.paths == []


async def test_without_an_address_the_file_is_not_ready(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match=Outage.FILE):
        await slack_files(session).download(shared_file(url=None), tmp_path / "source")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_the_token_does_not_follow_to_a_foreign_origin(
    session: aiohttp.ClientSession, tmp_path: Path, status: int
) -> None:
    async with answering(always(lambda: web.Response(body=SOUND))) as foreign:
        elsewhere = f"{foreign.origin}/files-pri/T1-F1/a.m4a"

        error = await refusal(
            session,
            always(lambda: web.Response(status=status, headers={"Location": elsewhere})),
            tmp_path / "source",
        )

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.UNSAFE_ADDRESS
    assert foreign.paths == []
    assert not (tmp_path / "source").exists()


async def test_a_redirect_within_the_origin_is_followed_with_the_token(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/start/a":
            raise web.HTTPFound("../files/b?c=1")
        return web.Response(body=SOUND)

    async with answering(answer) as slack:
        file = shared_file(url=f"{slack.origin}/start/a")
        saved = await slack_files(session, slack.origin).download(file, tmp_path / "source")

    assert saved == len(SOUND)
    assert slack.paths == ["/start/a", "/files/b?c=1"]
    assert slack.tokens == [f"Bearer {TOKEN}"] * 2


@pytest.mark.parametrize(
    "location", ["/again", "", "http://[", "//", "ftp://files.slack.com/a", "https://[]@?"]
)
async def test_a_redirect_that_leads_nowhere_ends(
    session: aiohttp.ClientSession, tmp_path: Path, location: str
) -> None:
    async with answering(always(lambda: web.Response(status=302, headers={"Location": location}))) as slack:
        file = shared_file(url=f"{slack.origin}/again")
        with pytest.raises(Rejected, match=Refusal.UNSAFE_ADDRESS):
            await slack_files(session, slack.origin).download(file, tmp_path / "source")

    assert len(slack.paths) <= 6


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
    ],
)
def test_an_address_at_slack_may_see_the_token(address: str) -> None:
    slack_files(None)._check_address(URL(address))  # type: ignore[arg-type]  # nothing is sent


LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
OURS = st.sampled_from(["slack.com", "slack-files.com", "slack-edge.com"])


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


PAGE = b"\xef\xbb\xbf \r\n<!DOCTYPE html><html><body>Sign in</body></html>"


async def test_the_login_page_is_the_operators(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    page = always(lambda: web.Response(body=PAGE, content_type="text/html", charset="utf-8"))

    error = await refusal(session, page, tmp_path / "source")

    assert isinstance(error, Misconfigured)
    assert error.reason is Misconfiguration.SLACK_LOGIN_PAGE


@pytest.mark.parametrize("page", [PAGE, b"<html>", b"<HTML><body>"])
async def test_a_page_under_another_type_is_no_audio(
    session: aiohttp.ClientSession, tmp_path: Path, page: bytes
) -> None:
    error = await refusal(
        session, always(lambda: web.Response(body=page, content_type="audio/mp4")), tmp_path / "source"
    )

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.NOT_AUDIO


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, Refusal.GONE),
        (410, Refusal.GONE),
        (401, Refusal.FORBIDDEN),
        (403, Refusal.FORBIDDEN),
        (204, Outage.FILE),
        (206, Outage.FILE),
        (429, Outage.FILE),
        (500, Outage.FILE),
        (503, Outage.FILE),
    ],
)
async def test_each_status_has_its_meaning(
    session: aiohttp.ClientSession, tmp_path: Path, status: int, reason: Refusal | Outage
) -> None:
    error = await refusal(session, always(lambda: web.Response(status=status)), tmp_path / "source")

    assert isinstance(error, Rejected | Unavailable)
    assert error.reason is reason
    assert not (tmp_path / "source").exists()


async def test_a_busy_file_server_says_when_to_come_back(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    busy = always(lambda: web.Response(status=429, headers={"Retry-After": "17"}))

    error = await refusal(session, busy, tmp_path / "source")

    assert isinstance(error, Unavailable)
    assert error.retry_after_s == 17.0


@pytest.mark.parametrize("declared", [True, False])
async def test_a_stream_that_breaks_off_is_an_outage(
    session: aiohttp.ClientSession,
    tmp_path: Path,
    declared: bool,  # noqa: FBT001
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if declared:
            response.content_length = len(SOUND)
        else:
            response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(SOUND[:1_000])
        assert request.transport is not None
        request.transport.close()
        return response

    error = await refusal(session, answer, tmp_path / "source")

    assert isinstance(error, Unavailable)
    assert error.reason is Outage.FILE


async def test_a_server_that_is_not_there_is_an_outage(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with answering(always(web.Response)) as slack:
        pass
    with pytest.raises(Unavailable, match=Outage.FILE):
        await slack_files(session, slack.origin).download(shared_file(url=slack.origin), tmp_path / "source")


async def test_more_bytes_than_allowed_are_refused(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    error = await refusal(session, always(lambda: web.Response(body=bytes(CAP + 1))), tmp_path / "source")

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.TOO_BIG
    assert (tmp_path / "source").stat().st_size <= CAP


async def test_as_many_bytes_as_allowed_are_taken(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    full = always(lambda: web.Response(body=bytes(CAP)))

    assert await download(session, full, tmp_path / "source") == CAP


async def test_packed_bytes_are_not_asked_for_and_cannot_burst(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    bomb = gzip.compress(bytes(150_000_000), compresslevel=9)
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.headers["Accept-Encoding"])
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    error = await refusal(session, answer, tmp_path / "source")

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.TOO_BIG
    assert asked == ["identity"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 60_000


async def test_no_bytes_are_an_empty_file(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    error = await refusal(
        session, always(lambda: web.Response(content_type="audio/mp4")), tmp_path / "source"
    )

    assert isinstance(error, Rejected)
    assert error.reason is Refusal.EMPTY


@pytest.mark.parametrize("target", ["treasure", "missing"])
async def test_a_link_in_the_place_of_the_file_is_not_written_through(
    session: aiohttp.ClientSession, tmp_path: Path, target: str
) -> None:
    (tmp_path / "treasure").write_text("kept")
    (tmp_path / "source").symlink_to(tmp_path / target)

    error = await refusal(session, always(lambda: web.Response(body=SOUND)), tmp_path / "source")

    assert isinstance(error, Unavailable)
    assert error.reason is Outage.MACHINE
    assert (tmp_path / "treasure").read_text() == "kept"
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("size", [5_000, 500_000])
async def test_a_full_disk_is_the_machines(session: aiohttp.ClientSession, tmp_path: Path, size: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        error = await refusal(session, always(lambda: web.Response(body=bytes(size))), tmp_path / "source")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert isinstance(error, Unavailable)
    assert error.reason is Outage.MACHINE


@pytest.fixture
async def slack() -> AsyncIterator[SlackLookalike]:
    async with SlackLookalike() as lookalike:
        yield lookalike


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
async def files(slack: SlackLookalike, session: aiohttp.ClientSession, pauses: list[float]) -> SlackFiles:
    async def sleep(delay_s: float) -> None:
        pauses.append(delay_s)
        await asyncio.sleep(0)

    web_client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session)
    web_client.retry_handlers = []
    token = SecretStr(slack.bot_token)
    return SlackFiles(web_client, session, token, origins=(slack.origin,), most_bytes=CAP, sleep=sleep)


def shared(slack: SlackLookalike, **described: Any) -> File:
    """A clip that somebody shared where the bot is."""
    anne = slack.state.add_user("anne")
    channel = slack.state.add_channel("general", anne.id)
    file = slack.state.add_file(SOUND, "note.m4a", user=anne.id, as_voice_clip=True, **described)
    slack.state.post_as_user(channel.id, anne.id, files=[file])
    return file


async def test_a_file_is_described_and_fetched(
    slack: SlackLookalike, files: SlackFiles, tmp_path: Path, pauses: list[float]
) -> None:
    described = await files.info(shared(slack).id)

    assert (described.claim, described.state, described.name) == (
        Claim.AUDIO,
        FileState.AVAILABLE,
        "note.m4a",
    )
    assert await files.download(described, tmp_path / "source") == len(SOUND)
    assert (tmp_path / "source").read_bytes() == SOUND
    assert pauses == []


@pytest.mark.parametrize("answers", [1, 2, 3])
async def test_an_address_that_is_late_is_asked_for_again(
    slack: SlackLookalike, files: SlackFiles, pauses: list[float], answers: int
) -> None:
    described = await files.info(shared(slack, urls_missing_for=answers).id)

    assert described.url is not None
    assert pauses == [0.5, 1.0, 2.0][:answers]


async def test_an_address_that_never_comes_is_an_outage(
    slack: SlackLookalike, files: SlackFiles, pauses: list[float]
) -> None:
    with pytest.raises(Unavailable, match=Outage.FILE):
        await files.info(shared(slack, urls_missing_for=4).id)

    assert pauses == [0.5, 1.0, 2.0]
    assert len(slack.state.calls) == 4


@pytest.mark.parametrize(
    ("described", "state"),
    [
        ({"mode": "tombstone"}, FileState.GONE),
        ({"mode": "hidden_by_limit"}, FileState.HIDDEN_BY_LIMIT),
        ({"mode": "file_access", "file_access": "access_denied"}, FileState.FORBIDDEN),
        ({"is_external": True, "mode": "external"}, FileState.EXTERNAL),
    ],
)
async def test_a_file_that_has_no_address_for_good_is_not_waited_for(
    slack: SlackLookalike,
    files: SlackFiles,
    pauses: list[float],
    described: dict[str, Any],
    state: FileState,
) -> None:
    assert (await files.info(shared(slack, **described).id)).state is state
    assert pauses == []


async def test_a_file_that_slack_does_not_know_is_gone(files: SlackFiles) -> None:
    with pytest.raises(Rejected, match=Refusal.GONE):
        await files.info("F0NOWHERE")


async def test_a_missing_scope_is_told_by_the_question_and_by_the_download(
    slack: SlackLookalike, files: SlackFiles, tmp_path: Path
) -> None:
    described = await files.info(shared(slack).id)
    slack.state.workspace.scopes.remove("files:read")

    with pytest.raises(Misconfigured, match=Misconfiguration.SLACK_SCOPE):
        await files.info(described.id)
    with pytest.raises(Misconfigured, match=Misconfiguration.SLACK_LOGIN_PAGE):
        await files.download(described, tmp_path / "source")


@pytest.mark.parametrize("fault", [Fault(503), Fault(429, retry_after_s=3), Fault(502, html=True), Drop()])
async def test_a_question_that_slack_does_not_answer_is_an_outage(
    slack: SlackLookalike, files: SlackFiles, fault: Fault | Drop
) -> None:
    slack.faults.add("files.info", fault, times=None)

    with pytest.raises(Unavailable, match=Outage.SLACK):
        await files.info(shared(slack).id)


async def test_an_answer_without_a_file_is_an_outage(session: aiohttp.ClientSession) -> None:
    async with answering(always(lambda: web.json_response({"ok": True, "file": {}}))) as odd:
        web_client = AsyncWebClient(TOKEN, base_url=f"{odd.origin}/api/", session=session)
        reader = SlackFiles(web_client, session, SecretStr(TOKEN), origins=(), most_bytes=CAP)
        with pytest.raises(Unavailable, match=Outage.SLACK):
            await reader.info("F024CLIP1")
