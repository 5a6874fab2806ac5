"""The packaged recogniser: Whisper on this machine, with no account and no network."""
