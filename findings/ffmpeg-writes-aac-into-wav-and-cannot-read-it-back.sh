#!/usr/bin/env bash
# PyAV 18.1.0 (Python) with the FFmpeg libraries of its wheel (libavformat 62.12), AAC in WAV, seen 2026-12-01
#
# Behaviour: the WAV muxer takes AAC without a word and writes it as bare frames (format tag 0xFF). The demuxer of the same
# libraries then hands the frames on in pieces of its own, and the decoder stops after the first ones: of three seconds
# 0.06 are heard before "Invalid data found when processing input". MP4, Matroska and ADTS keep all of it.
# Expected: what a muxer accepts can be read again by the same version, or is refused when it is written.
# Seen:
#   mp4: 3.0 s, no error
#   wav: 0.1 s, InvalidDataError
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

RATE, SECONDS = 48_000, 3


def encoded(container_format):
    target = io.BytesIO()
    with av.open(target, "w", format=container_format) as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        samples = array.array("h", (int(8_000 * math.sin(math.tau * 440 * at / RATE)) for at in range(SECONDS * RATE)))
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
        frame.sample_rate = RATE
        frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return target.getvalue()


def heard(content):
    samples, error = 0, "no error"
    with av.open(io.BytesIO(content)) as container:
        try:
            for frame in container.decode(audio=0):
                samples += frame.samples
        except av.FFmpegError as problem:
            error = type(problem).__name__
    return samples / RATE, error


whole, cut = heard(encoded("mp4")), heard(encoded("wav"))
for name, (seconds, error) in (("mp4", whole), ("wav", cut)):
    print(f"{name}: {seconds:.1f} s, {error}")
assert whole[0] > 2.9 and whole[1] == "no error", "AAC in MP4 is read otherwise now"
assert cut[0] < 0.5 and cut[1] == "InvalidDataError", "AAC in WAV is read otherwise now"
PY
