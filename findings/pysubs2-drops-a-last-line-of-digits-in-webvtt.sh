#!/usr/bin/env bash
# pysubs2 1.8.1 (Python), WebVTT, seen 2026-11-30
#
# Behaviour: where the text of a WebVTT cue ends with a line that holds only digits (a room, a year, a number that is
# called out), reading the file drops that line without a word. The same text as SubRip keeps it, and so does WebVTT where
# another character stands in the line.
# Expected: cue text is cue text, whatever it looks like. A number is a cue's identifier only on the line before its times.
# Seen:
#   vtt: ['My room is', 'The code is 12\\N34 a']
#   srt: ['My room is\\N1204', 'The code is 12\\N34 a']
# Fails if this changes. Needs Python 3.11 or later and the package index; leaves nothing behind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "pysubs2==1.8.1"
"$folder/venv/bin/python" - <<'PY'
import pysubs2

VTT = """WEBVTT

00:00:01.000 --> 00:00:02.000
My room is
1204

00:00:03.000 --> 00:00:05.000
The code is 12
34 a
"""
SRT = """1
00:00:01,000 --> 00:00:02,000
My room is
1204

2
00:00:03,000 --> 00:00:05,000
The code is 12
34 a
"""
read = {
    name: [cue.text for cue in pysubs2.SSAFile.from_string(text, format_=name)]
    for name, text in (("vtt", VTT), ("srt", SRT))
}
for name, texts in read.items():
    print(f"{name}: {texts}")
assert read["vtt"] == ["My room is", "The code is 12\\N34 a"], "WebVTT is read otherwise now"
assert read["srt"] == ["My room is\\N1204", "The code is 12\\N34 a"], "SubRip is read otherwise now"
PY
