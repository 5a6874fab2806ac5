"""A look-alike of DashScope's speech recognition, as strict as the real service or stricter.

It shares no code with the bot's own client, so a mistake there is seen here.
"""
