"""The Slack side of the bot: handlers, payload models, replies, settings, Block Kit and the Web API."""
