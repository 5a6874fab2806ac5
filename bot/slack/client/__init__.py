"""Client of Slack's Web API: calls, errors, look-ups, downloads, uploads, ephemeral messages, Socket Mode."""
