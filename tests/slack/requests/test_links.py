from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.requests.links import FileLink, MessageLink, parse_link, split_words

MESSAGE = MessageLink("C123ABC45", "1695106171.334469")
FILE = FileLink("F123ABC45")
PATH = "/archives/C123ABC45/p1695106171334469"


@pytest.mark.parametrize(
    "address",
    [
        f"https://acme.slack.com{PATH}",
        f"https://acme.slack.com{PATH}/",
        f"http://acme.slack.com{PATH}",
        f"HTTPS://Acme.Slack.com{PATH}",
        f"https://acme.enterprise.slack.com{PATH}",
        f"https://playground.slack.com{PATH}",
        f"https://app.slack.com{PATH}",
        f"https://slack.com{PATH}",
        f"https://acme.slack-gov.com{PATH}",
        f"https://acme.enterprise.slack-gov.com{PATH}",
        "https://app.slack.com/client/T024TEAM1/C123ABC45/thread/C123ABC45-1695106171.334469",
        "https://app.slack.com/client/E024ORG01/C024OTHER/thread/C123ABC45-1695106171.334469?x=1",
        "https://app.slack-gov.com/client/T024TEAM1/threads/thread/C123ABC45-1695106171.334469/",
        f"https://acme.slack.com:443{PATH}",
        f"https://acme.slack.com{PATH}?thread_ts=1695100000.000100&cid=C123ABC45",
        f"https://acme.slack.com{PATH}?thread_ts=1695100000.000100&channel=C123ABC45&message_ts=1.2",
        f"https://acme.slack.com{PATH}#anchor",
    ],
)
def test_a_message_is_found_by_its_link(address: str) -> None:
    assert parse_link(address) == MESSAGE


@pytest.mark.parametrize("channel_id", ["C1", "G024PRIV1", "D024DIRECT"])
def test_in_every_kind_of_conversation(channel_id: str) -> None:
    link = parse_link(f"https://acme.slack.com/archives/{channel_id}/p1695106171334469")

    assert link == MessageLink(channel_id, MESSAGE.ts)


@pytest.mark.parametrize(
    "address",
    [
        "https://acme.slack.com/files/U024ANNE1/F123ABC45/audio_message.m4a",
        "https://acme.slack.com/files/U024ANNE1/F123ABC45/",
        "https://acme.slack.com/files/U024ANNE1/F123ABC45",
        "https://acme.slack.com/files/W024ANNE1/F123ABC45/r%C3%A9sum%C3%A9.m4a?origin_team=T1",
        "https://acme.enterprise.slack.com/files/U024ANNE1/F123ABC45/a/b.m4a",
        "https://acme.slack-gov.com/files/U024ANNE1/F123ABC45/audio_message.m4a",
        "https://files.slack.com/files-pri/T024TEAM1-F123ABC45/audio_message.m4a",
        "https://files.slack.com/files-pri/T024TEAM1-F123ABC45/download/audio_message.m4a?origin_team=T1",
        "https://files.slack.com/files-tmb/T024TEAM1-F123ABC45-0123456789/audio_message_audio.mp4",
        "https://files.slack-gov.com/files-pri/T024TEAM1-F123ABC45/audio_message.m4a",
        "https://slack-files.com/T024TEAM1-F123ABC45-0123456789",
        "https://slack-files-gov.com/T024TEAM1-F123ABC45-0123456789",
    ],
)
def test_a_file_is_found_by_its_link(address: str) -> None:
    assert parse_link(address) == FILE


@pytest.mark.parametrize(
    "word",
    [
        "",
        "German",
        PATH,
        f"acme.slack.com{PATH}",
        f"ftp://acme.slack.com{PATH}",
        f"https://acme.slack.com.example.org{PATH}",
        f"https://acme.slack-gov.com.evil.example{PATH}",
        f"https://evilslack-gov.com{PATH}",
        "https://app.slack.com/client/T024TEAM1/C123ABC45",
        "https://app.slack.com/client/T024TEAM1/C123ABC45/thread",
        "https://app.slack.com/client/T024TEAM1/C123ABC45/thread/C123ABC45",
        "https://app.slack.com/client/T024TEAM1/C123ABC45/thread/U123ABC45-1695106171.334469",
        "https://app.slack.com/client/T024TEAM1/C123ABC45/thread/C123ABC45-1695106171",
        "https://files.slack.com/files-pri/F123ABC45/audio_message.m4a",
        "https://files.slack.com/files-pri/T024TEAM1-C123ABC45/audio_message.m4a",
        "https://slack-files.com/T024TEAM1-F123ABC45",
        "https://slack-files.com/T024TEAM1-F123ABC45-0123/../x",
        f"https://acmeslack.com{PATH}",
        f"https://example.org/.slack.com{PATH}",
        f"https://acme.slack.com@example.org{PATH}",
        "https://acme.slack.com/archives/C123ABC45",
        "https://acme.slack.com/archives/C123ABC45/1695106171334469",
        "https://acme.slack.com/archives/U123ABC45/p1695106171334469",
        "https://acme.slack.com/archives/c123abc45/p1695106171334469",
        "https://acme.slack.com/archives/C123:ABC/p1695106171334469",
        "https://acme.slack.com/archives/C123ABC45/p334469",
        "https://acme.slack.com/archives/C123ABC45/p٣٣٣٣٣٣٣٣٣٣334469",
        f"https://acme.slack.com/elsewhere{PATH}",
        "https://acme.slack.com/files/U024ANNE1",
        "https://acme.slack.com/files/U024ANNE1/C123ABC45/name",
        "https://acme.slack.com/files/U024ANNE1/F123:ABC/name",
        "https://[acme.slack.com/",
    ],
)
def test_anything_else_is_no_link(word: str) -> None:
    assert parse_link(word) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  \n\t ", []),
        ("transcribe this, please!", ["transcribe", "this", "please"]),
        ("<https://a.slack.com/x|a label, two words> in German", ["https://a.slack.com/x", "in", "German"]),
        ("<https://a.slack.com/x>", ["https://a.slack.com/x"]),
        ("(https://a.slack.com/x).", ["https://a.slack.com/x"]),
        ("<https://a.slack.com/x?a=1&amp;b=2|label>", ["https://a.slack.com/x?a=1&b=2"]),
        ("https://a.slack.com/x?a=1&amp;b=2", ["https://a.slack.com/x?a=1&b=2"]),
        ("&amp;lt;x", ["&lt;x"]),
        ("<@U024BOT01|threadscribe> hello", ["@U024BOT01", "hello"]),
        ("“German”", ["German"]),
        ("\ud800", []),
        ("a<b", ["a", "b"]),
        ("<|> <>", []),
    ],
)
def test_words_are_read_as_slack_delivers_them(text: str, words: list[str]) -> None:
    assert list(split_words(text)) == words


IDS = st.from_regex(r"[A-Z0-9]{1,12}", fullmatch=True)
STAMPS = st.tuples(st.integers(1, 9_999_999_999), st.integers(0, 999_999))
HOSTS = st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.enterprise)?\.slack\.com", fullmatch=True)
AROUND = st.sampled_from(["{}", "<{}>", "<{}|see here>", "({})", "{}.", "see {} please", "“{}”"])


@given(HOSTS, IDS, STAMPS, AROUND, st.booleans())
def test_every_link_to_a_message_is_read(
    host: str,
    channel: str,
    stamp: tuple[int, int],
    around: str,
    in_thread: bool,  # noqa: FBT001  # drawn by the test's library
) -> None:
    seconds, micros = stamp
    address = f"https://{host}/archives/C{channel}/p{seconds}{micros:06}"
    address += f"?thread_ts=1.000001&amp;cid=C{channel}" if in_thread else ""

    found = [parse_link(word) for word in split_words(around.format(address))]

    assert [link for link in found if link] == [MessageLink(f"C{channel}", f"{seconds}.{micros:06}")]


@given(HOSTS, IDS, IDS, st.text(st.characters(exclude_characters="<>|"), max_size=10))
def test_every_link_to_a_file_is_read(host: str, user: str, file: str, name: str) -> None:
    link = parse_link(f"https://{host}/files/U{user}/F{file}/{name}")

    assert link == FileLink(f"F{file}")


@given(st.text(max_size=60) | st.text("<>|&;ltgamp /.:-p0123456789", max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    for word in split_words(text):
        assert word.strip() == word
        assert word
        parse_link(word)
        parse_link(f"https://a.slack.com/archives/{word}")
        parse_link(f"https://{word}.slack.com/files/U1/F1")
