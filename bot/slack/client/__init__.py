"""Slack's Web API: the only room that calls it."""
