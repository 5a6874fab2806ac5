"""Transcripts from recognised text: joining, alignment, subtitles, documents. Pure."""
