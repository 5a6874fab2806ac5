"""Requests for transcripts: shared files, mentions, reactions, the slash command, the message shortcut."""
