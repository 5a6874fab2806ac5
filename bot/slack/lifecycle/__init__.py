"""Lifecycle events: recordings deleted, people or the bot leaving channels, the app uninstalled."""
