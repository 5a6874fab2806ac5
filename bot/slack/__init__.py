"""Everything that knows Slack: payloads, sentences, Block Kit, the Web API."""
