from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import unicodedata
import wave
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from bot.playground.dashscope_lookalike.wire import LANGUAGES
from bot.whisper import whisper as module
from bot.whisper.heard import NotThatSoundError
from bot.whisper.whisper import ModelError, Whisper, join_model
from tests.speech.corpus import real
from tests.speech.encoding import decode

JFK = Path(module.__file__).parents[1] / "playground" / "clips" / "jfk.m4a"
JFK_SAID = (
    "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
)


def plain(text: str) -> str:
    """Lower case and no punctuation."""
    kept = (character for character in text.lower() if unicodedata.category(character)[0] != "P")
    return " ".join("".join(kept).split())


def wav(samples: Any, rate_hz: int = 16000) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def sample(name: str) -> Path:
    """A clip of the pytest-audioeval package."""
    with as_file(files("pytest_audioeval") / "samples" / "audio" / f"{name}.wav") as path:
        return path


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def whisper(cache: Path) -> Whisper:
    return Whisper(join_model(cache))


@pytest.fixture(scope="session")
def jfk() -> Any:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16000)
    with av.open(JFK) as container:
        frames = [*container.decode(audio=0), None]
        pcm = b"".join(part.to_ndarray().tobytes() for frame in frames for part in resampler.resample(frame))
    return np.frombuffer(pcm, np.int16).astype(np.float32) / 32768


def test_hears_english(whisper: Whisper, jfk: Any) -> None:
    heard = whisper.recognise_now(wav(jfk))
    assert plain(heard.text) == JFK_SAID
    assert heard.language == "en"
    assert heard.duration_s == pytest.approx(11.0, abs=0.1)


def test_hears_mp3(whisper: Whisper, jfk: Any) -> None:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as container:
        stream = container.add_stream("mp3", rate=16000, layout="mono", bit_rate=64000)
        frame = av.AudioFrame.from_ndarray((jfk * 32767).astype(np.int16)[None], format="s16p", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert plain(whisper.recognise_now(buffer.getvalue()).text) == JFK_SAID


@pytest.mark.parametrize(
    ("name", "language", "text"),
    [
        ("zh/jishu", "zh", "一二三四五六七八九十"),
        # tests/speech hears these languages too, without their numbers.
        pytest.param(
            *("es/conteo", "es", "uno dos tres cuatro cinco seis siete ocho nueve diez"),
            marks=pytest.mark.soak,
        ),
        pytest.param("ja/konnichiwa_sekai", "ja", "こんにちは世界", marks=pytest.mark.soak),
        pytest.param("fr/bonjour_monde", "fr", "bonjour le monde", marks=pytest.mark.soak),
    ],
)
def test_hears_languages_and_writes_numbers_in_words(
    whisper: Whisper, name: str, language: str, text: str
) -> None:
    heard = whisper.recognise_now(sample(name))
    assert (plain(heard.text), heard.language) == (text, language)


def test_cantonese_is_echoed(whisper: Whisper) -> None:
    heard = whisper.recognise_now(sample("zh/jishu"), "yue")
    assert (heard.text, heard.language) == ("一二三四五六七八九十", "yue")


def test_language_asked_for_is_the_language_written(whisper: Whisper, jfk: Any) -> None:
    heard = whisper.recognise_now(wav(jfk[: 16000 * 3]), "ru")
    assert heard.language == "ru"
    assert any(
        "\N{CYRILLIC SMALL LETTER A}" <= letter <= "\N{CYRILLIC SMALL LETTER YA}" for letter in heard.text
    )


def test_each_code_of_the_service_is_one_of_whispers(whisper: Whisper) -> None:
    known = set(whisper._model.supported_languages)
    assert {module._TO_WHISPER.get(code, code) for code in LANGUAGES} <= known


def test_context_decides_spellings(whisper: Whisper) -> None:
    clip = sample("zh/nihao_shijie")
    assert "你好世界" not in whisper.recognise_now(clip).text
    assert "你好世界" in whisper.recognise_now(clip, context="你好世界").text


@pytest.mark.parametrize(
    ("kind", "context"),
    [
        pytest.param("silence of 1 s", "", marks=pytest.mark.soak),
        ("silence of 10 s", "Threadscribe, Slack"),
        ("noise", ""),
        pytest.param("loud noise", "Threadscribe, Slack", marks=pytest.mark.soak),
        ("hum", "Threadscribe"),
    ],
)
def test_nothing_said_is_nothing_heard(whisper: Whisper, kind: str, context: str) -> None:
    samples = {
        "silence of 1 s": np.zeros(16000),
        "silence of 10 s": np.zeros(160000),
        # Asked for timestamps, the model at first goes round in circles about this, and is sure of it.
        "noise": np.random.default_rng(1).standard_normal(320000) * 0.01,
        "loud noise": np.random.default_rng(1).standard_normal(320000) * 0.5,
        "hum": 0.05 * np.sin(np.arange(80000) * 2 * np.pi * 50 / 16000),
    }[kind]
    heard = whisper.recognise_now(wav(samples), None, context)
    assert (heard.text, heard.language) == ("", None)


def test_long_audio_is_heard_to_its_end(whisper: Whisper, jfk: Any) -> None:
    pause = np.zeros(8000, np.float32)
    heard = whisper.recognise_now(wav(np.concatenate([jfk, pause] * 3)), "en")
    assert plain(heard.text) == " ".join([JFK_SAID] * 3)


def speech(name: str, gain_db: float = 0) -> Any:
    (clip,) = (clip for clip in real() if clip.path.stem == name)
    return decode(clip.path, 16000).astype(np.float32) / 32768 * np.float32(10 ** (gain_db / 20))


def room(samples: Any, level_db: float) -> Any:
    noise = np.random.default_rng(1).standard_normal(len(samples)).astype(np.float32)
    return samples + noise * np.float32(10 ** (level_db / 20))


JFK_TO_TWO = ("jfk", "en_librivox_0890", "en_librivox_0890")


@pytest.mark.parametrize(
    ("clips", "room_db", "word", "times"),
    [
        # Without timestamps, the model stopped after the first sentence: 28 of 50 words were lost.
        pytest.param(JFK_TO_TWO, -45, "selfish", 2, id="all with timestamps"),
        pytest.param(JFK_TO_TWO[:2], -35, "rather", 2, id="behind the last timestamp"),
        pytest.param(("jfk", "en_librivox_0870", "en_librivox_0890"), -38, "dashwood", 1, id="between two"),
        # The model takes the rest by itself for silence.
        pytest.param(JFK_TO_TWO, -38, "selfish", 1, id="taken for silence"),
    ],
)
def test_somebody_softer_is_heard_behind_somebody_loud(
    whisper: Whisper, clips: tuple[str, ...], room_db: float, word: str, times: int
) -> None:
    pause = np.zeros(9600, np.float32)
    parts = [part for name in clips for part in (speech(name, 0 if name == "jfk" else -12), pause)]
    heard = whisper.recognise_now(wav(room(np.concatenate(parts), room_db)), "en")
    assert plain(heard.text).split().count(word) >= times


def test_speech_behind_the_last_timestamp_is_heard(whisper: Whisper) -> None:
    # The model says that nothing comes after the Spanish, and stops.
    pause = np.zeros(16000 * 6, np.float32)
    samples = room(np.concatenate([speech("es_asterisk_invalid"), pause, speech("en_librivox_0880")]), -90)
    segments = whisper._transcribe(samples, "en", "", 8.0, beam_size=1)
    assert "young man" not in "".join(segment.text for segment in segments)
    assert plain(whisper.recognise_now(wav(samples), "en").text).endswith("young man")


NAMES = [
    "Grafana",
    "Jenkins",
    "VPN",
    "OAuth",
    "Okta",
    "Jira",
    "Terraform",
    "Miriam",
    "Siobhan",
    "Priya",
    "Rajesh",
    "Wojciech",
    "Ingrid",
    "Katarzyna",
    "Mehmet",
    "Sentry",
    "Datadog",
    "Confluence",
    "Kafka",
    "Figma",
]


@pytest.mark.parametrize("times", [1, 5])
def test_a_vocabulary_takes_no_words(whisper: Whisper, jfk: Any, times: int) -> None:
    # As one a line, these twenty made "VPN" of it.
    context = "\n".join(f"{name}{time or ''}" for time in range(times) for name in NAMES)
    assert plain(whisper.recognise_now(wav(jfk), "en", context).text) == JFK_SAID


def test_rubbish_is_heard_again_without_the_prompt(whisper: Whisper, jfk: Any) -> None:
    prompt = "\n".join(NAMES * 2)
    rubbish = whisper._recognise_without_loops(jfk, "en", prompt, 7.4)
    assert plain("".join(segment.text for segment in rubbish)) != JFK_SAID
    heard = whisper._recognise_plausibly(jfk, "en", prompt, 7.4)
    assert plain("".join(segment.text for segment in heard)) == JFK_SAID


async def test_event_loop_goes_on(cache: Path, jfk: Any) -> None:
    async with Whisper.opened(cache) as whisper:
        hearing = asyncio.create_task(whisper.recognise(wav(jfk), "en", ""))
        ticks = 0
        while not hearing.done():
            await asyncio.sleep(0.01)
            ticks += 1
    assert plain((await hearing).text) == JFK_SAID
    assert ticks > 5


@pytest.mark.parametrize("junk", [b"", b"RIFF", bytes(1000), JFK.read_bytes(), wav(np.zeros(0))])
def test_what_is_no_wav_or_mp3(junk: bytes) -> None:
    with pytest.raises(NotThatSoundError):
        module._decode(junk)


@pytest.mark.usefixtures("whisper")
def test_model_is_joined_once(cache: Path) -> None:
    folder = join_model(cache)
    before = (folder / "model.bin").stat().st_ino
    assert join_model(cache) == folder
    assert (folder / "model.bin").stat().st_ino == before
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "model.bin",
        "tokenizer.json",
        "vocabulary.txt",
    ]


@pytest.mark.parametrize("named", [None, "", "relative"])
def test_the_model_is_kept_where_the_user_keeps_caches(
    named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if named is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", named)
    assert join_model().parent == tmp_path / "home" / ".cache" / "threadscribe"

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert join_model().parent == tmp_path / "cache" / "threadscribe"


def test_two_processes_join_at_once(tmp_path: Path) -> None:
    code = f"from bot.whisper.whisper import *; from pathlib import Path; join_model(Path({str(tmp_path)!r}))"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(30) for process in running] == [0, 0]
    (folder,) = tmp_path.iterdir()
    assert module._sha256(folder / "model.bin") == module.SHA256
    assert len(list(folder.iterdir())) == 4


def test_changed_cache_is_made_anew(tmp_path: Path) -> None:
    folder = join_model(tmp_path)
    with (folder / "model.bin").open("r+b") as file:
        file.write(b"changed")
    join_model(tmp_path)
    assert module._sha256(folder / "model.bin") == module.SHA256


def test_changed_package_is_refused(tmp_path: Path) -> None:
    parts = (tmp_path / "1", tmp_path / "2")
    for part in parts:
        part.mkdir()
    for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin.part1"):
        (parts[0] / name).write_bytes(b"{}")
    (parts[1] / "model.bin.part2").write_bytes(b"other")
    with pytest.raises(ModelError, match=f"not {module.SHA256}"):
        join_model(tmp_path / "cache", parts)
    assert not list((tmp_path / "cache").rglob("model.bin"))
