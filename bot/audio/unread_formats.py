"""Names of media formats that are not read: of files by their first bytes, of codecs by FFmpeg's name. Pure.

A damaged file and one that plays elsewhere are two refusals; these names make the second one useful.
"""

from __future__ import annotations

import re

SIGNATURES = {
    # Dictation machines: Olympus, Philips, Grundig; the second is encrypted or DSS Pro.
    "DSS": rb"[\x02\x03]dss",
    "DS2": rb"\x03(ds2|enc)",
    "SILK": rb"\x02?#!SILK_V3",
    "AMR with several channels": rb"#!AMR(-WB)?_MC1\.0",
    "EVRC": rb"#!EVRC",
    "SMV": rb"#!SMV\n",
    "QCP": rb"RIFF.{4}QLCM",
    "Codec 2": rb"\xc0\xde\xc2",
    "NIST SPHERE": rb"NIST_1A\n",
    "8SVX": rb"FORM.{4}8SVX",
    "MIDI": rb"MThd|RIFF.{4}RMID",
    "RealMedia": rb"\.RMF",
    "RealAudio": rb"\.ra\xfd",
    "Monkey's Audio": rb"MAC .[\x0e\x0f]",
    "Musepack": rb"MPCK|MP\+[\x07\x17]",
    "OptimFROG": rb"OFR [\x0c\x0f]\0",
    "Shorten": rb"ajkg",
    "TAK": rb"tBaK",
    "DSF": rb"DSD \x1c",
    "DSDIFF": rb"FRM8",
    "DTS": rb"\x7f\xfe\x80\x01|DTSHDHDR",
    "ATRAC": rb"ea3\x03|EA3\x01",
    "Audible": rb".{4}\x57\x90\x75\x36",
    "MXF": rb"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02",
    "NUT": rb"nut/multimedia container\0",
    "Flash": rb"[FCZ]WS[\x01-\x32]",
}
"""What files of a format begin with.

Source: https://github.com/FFmpeg/FFmpeg/tree/master/libavformat (the ``read_probe`` of each); for SILK
https://github.com/kn007/silk-v3-decoder; for multichannel AMR RFC 4867, 5.2
"""
_PATTERNS = {name: re.compile(signature, re.DOTALL) for name, signature in SIGNATURES.items()}

CODECS = {
    "atrac1": "ATRAC",
    "atrac3": "ATRAC",
    "atrac3p": "ATRAC",
    "atrac9": "ATRAC",
    "cook": "RealAudio",
    "libcodec2": "Codec 2",
    "mlp": "MLP",
    "mp4als": "MPEG-4 ALS",
    "qdm2": "QDesign",
    "qdmc": "QDesign",
    "ra_144": "RealAudio",
    "ra_288": "RealAudio",
    "real_144": "RealAudio",
    "real_288": "RealAudio",
    "s302m": "SMPTE 302M",
    "sipr": "RealAudio",
    "truehd": "Dolby TrueHD",
}
"""Names of codecs by that of FFmpeg's decoder; what the bot decodes is never looked up."""


def unread_format(head: bytes) -> str | None:
    """The name of the format that a file has, by its first bytes; ``None`` for every other file."""
    return next((name for name, pattern in _PATTERNS.items() if pattern.match(head)), None)
