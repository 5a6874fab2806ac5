#!/usr/bin/env bash
# PyAV 18.1.0 (Python) with the FFmpeg libraries of its wheel (libavformat 62.12), chained Ogg Opus, seen 2026-12-01
#
# Behaviour: Ogg files may be chained (RFC 3533; for Opus RFC 7845): one after the other they are a valid file, as
# recorders that go on after a pause, and "cat", make it. Where all links have as many channels, FFmpeg decodes the chain
# to its end, but the container's duration is that of the last link alone. Where a link has another number of channels,
# decoding ends there with "Not yet implemented in FFmpeg, patches welcome".
# Expected: the duration is that of the whole file or unknown, and a link with other channels is decoded, its frames saying so.
# Seen (a link of 2 s, then one of 3 s):
#   mono, mono: heard 5.0 s, no error; the container says 3.0 s
#   mono, stereo: heard 2.0 s, PatchWelcomeError; the container says 3.0 s
# Fails if this changes. Needs Python 3.11 or later and the package index; leaves nothing behind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "av==18.1.0"
"$folder/venv/bin/python" - <<'PY'
import array
import io
import math

import av

RATE = 48_000


def link(seconds, layout, channels):
    target = io.BytesIO()
    with av.open(target, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, layout=layout)
        samples = array.array("h")
        for at in range(seconds * RATE):
            samples.extend([int(8_000 * math.sin(math.tau * 440 * at / RATE))] * channels)
        frame = av.AudioFrame(format="s16", layout=layout, samples=seconds * RATE)
        frame.sample_rate = RATE
        frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return target.getvalue()


def read(content):
    samples, error = 0, "no error"
    with av.open(io.BytesIO(content)) as container:
        said = container.duration / 1e6
        try:
            for frame in container.decode(audio=0):
                samples += frame.samples
        except av.FFmpegError as problem:
            error = type(problem).__name__
    return round(samples / RATE, 1), error, round(said, 1)


seen = {}
for second, channels in (("mono", 1), ("stereo", 2)):
    seen[second] = read(link(2, "mono", 1) + link(3, second, channels))
    heard_s, error, said_s = seen[second]
    print(f"mono, {second}: heard {heard_s} s, {error}; the container says {said_s} s")
assert seen["mono"] == (5.0, "no error", 3.0), "a chain of one shape is read otherwise now"
assert seen["stereo"] == (2.0, "PatchWelcomeError", 3.0), "a chain that changes is read otherwise now"
PY
