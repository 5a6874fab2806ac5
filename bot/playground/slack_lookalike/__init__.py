"""A Slack look-alike over HTTP and Socket Mode: the playground's workspace, and the tests' fake.

The workspace (``state``) stands apart from the wire (``server``), so that a test reads what happened as
plain records while the official clients talk to it as they talk to Slack. It knows nothing of the bot that
it judges.
"""
