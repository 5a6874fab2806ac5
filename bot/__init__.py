"""Threadscribe: a self-hosted Slack app that answers voice clips with their transcript."""
