"""Replies: rendered as Block Kit, posted in threads or to one person, found again, edited and deleted."""
