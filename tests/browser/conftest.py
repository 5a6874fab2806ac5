"""A real Chromium, and a whole playground to look at in it.

The system's Chromium: Playwright's own downloads are not used. Where there is none these tests are skipped;
CI installs it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from bot.commands.playground import CLIP
from bot.playground.page.server import serving_page
from bot.playground.session import Playground, playground

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_QUIET = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-quic"),
)
"""Without them it looks for hosts of its maker's at every start. In a container it runs as root."""


@dataclass(frozen=True, slots=True)
class Place:
    """A playground with its page."""

    address: str
    playground: Playground


def as_wav(source: Path, target: Path) -> Path:
    """A recording as PCM, which is what Chromium's fake microphone plays."""
    with av.open(str(source)) as decoded, av.open(str(target), "w") as encoded:
        stream = encoded.add_stream("pcm_s16le", rate=48_000, layout="mono")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        for frame in decoded.decode(audio=0):
            for resampled in resampler.resample(frame):
                encoded.mux(stream.encode(resampled))
        encoded.mux(stream.encode(None))
    return target


async def until(condition: Callable[[], bool], patience_s: float = 30.0) -> None:
    """Wait for something to become true in the playground.

    Raises:
        TimeoutError: it did not.
    """
    async with asyncio.timeout(patience_s):
        while not condition():  # noqa: ASYNC110  # the state of a server tells no one
            await asyncio.sleep(0.05)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the README's pictures are put: away, unless ``make pictures`` wants them."""
    wanted = os.environ.get("PICTURES")
    return Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Chromium whose microphone hears John F. Kennedy, and asks nobody's leave for it."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine (Debian: apt-get install chromium)")
    spoken = as_wav(CLIP, tmp_path_factory.mktemp("microphone") / "spoken.wav")
    microphone = (
        *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
        f"--use-file-for-fake-audio-capture={spoken}",
    )
    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=CHROMIUM, args=[*_QUIET, *microphone])
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def place() -> AsyncIterator[Place]:
    """A playground that runs, as ``python -m bot playground`` starts it."""
    async with (
        playground(None, "socket", lambda _line: None) as made,
        serving_page(made.slack, made.traffic, made.features, 0) as address,
    ):
        yield Place(address, made)


@pytest.fixture
def complaints() -> list[str]:
    """What the page complains of in its console; a test that provokes a complaint takes it out."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, complaints: list[str]) -> AsyncIterator[Page]:
    """An empty page in a window of its own; what it complains of in its console fails the test."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 720}, device_scale_factor=2, locale="en-GB"
    )
    opened = await context.new_page()
    opened.set_default_timeout(30_000)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield opened
    await context.close()
    assert not complaints
