"""The playground's web page: a workspace to look at and work in, and the traffic between it and the app."""
