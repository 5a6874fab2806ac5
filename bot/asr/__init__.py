"""Speech recognition: the client of Qwen3-ASR-Flash on DashScope, its limits and its fair queue."""
