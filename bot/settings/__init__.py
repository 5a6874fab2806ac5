"""The bot's settings: environment and ``.env`` -> frozen values."""
