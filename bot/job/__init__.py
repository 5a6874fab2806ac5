"""One file's way from a request to its reply, in order; knows neither Slack nor a wire."""
