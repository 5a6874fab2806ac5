"""What ends: recordings are deleted, people and the bot leave channels, a workspace removes the app."""
