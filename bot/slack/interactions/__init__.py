"""Answering one person: within Slack's three seconds, with a sentence or in a modal."""
