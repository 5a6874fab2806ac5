"""``python -m bot transcribe``: the bot's own pipeline from the command line, without Slack."""
