"""The HTTP server: health, readiness, metrics and, in HTTP mode, the Events API endpoint."""
