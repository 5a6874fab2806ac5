"""From what was recognised to what people read: joining, timing, subtitles. Pure."""
