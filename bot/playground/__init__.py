"""Look-alikes of Slack and DashScope that run on this machine, to try the bot and to test it."""
