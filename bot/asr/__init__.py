"""Hearing what was said: the calls to Qwen3-ASR-Flash on DashScope."""
