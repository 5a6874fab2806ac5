"""How people ask for a transcript: each way has a file, and all go through ``request``."""
