"""``python -m bot check``: each prerequisite by name, with a tick or what to do."""
