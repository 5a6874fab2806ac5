"""The decoding child process: the only place that imports PyAV, and so FFmpeg."""
