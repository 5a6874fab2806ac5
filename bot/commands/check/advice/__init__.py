"""Sentences of ``python -m bot check`` for the operator: of each thing that is wrong, what to do. Pure."""
