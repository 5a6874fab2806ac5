"""Ports: the protocols that jobs and handlers need, by the side that implements them."""
