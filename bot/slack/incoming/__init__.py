"""Payloads that Slack delivers: parsed once, leniently, into frozen models."""
