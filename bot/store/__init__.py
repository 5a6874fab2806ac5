"""Persistence in SQLite: requests, the queue of jobs, removals, settings and usage."""
