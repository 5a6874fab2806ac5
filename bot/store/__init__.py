"""What is kept: jobs and their keys."""
