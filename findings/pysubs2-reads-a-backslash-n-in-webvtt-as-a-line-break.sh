#!/usr/bin/env bash
# pysubs2 1.8.1 (Python), WebVTT, seen 2026-11-30
#
# Behaviour: WebVTT that is read and written again unchanged comes back with other words. A backslash before an N or n
# (a Windows path, say) becomes a line break, and what stands in braces is gone: both are syntax of SubStation Alpha, which
# pysubs2 keeps texts in, and neither is escaped on the way in.
# Expected: in WebVTT a backslash and braces are letters like others, and survive reading and writing.
# Seen:
#   written again: 'Open C:\new and  save.'   with a real line break where "\n" stands here
#   instead of:    'Open C:\New and {then} save.'
# Fails if this changes. Needs Python 3.11 or later and the package index; leaves nothing behind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "pysubs2==1.8.1"
"$folder/venv/bin/python" - <<'PY'
import pysubs2

TEXT = "Open C:\\New and {then} save."
read = pysubs2.SSAFile.from_string(f"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n{TEXT}\n", format_="vtt")
written = read.to_string("vtt").partition("00:00:02.000\n")[2].strip()
print(f"written again: {written!r}\ninstead of:    {TEXT!r}")
assert written == "Open C:\new and  save.", "the behaviour has changed"
PY
