"""Interactions: presses parsed, and answers to one person in time, as a sentence or in a modal."""
