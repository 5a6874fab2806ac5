"""The pipeline of a job, from its request to its reply; knows neither Slack nor a wire format."""
