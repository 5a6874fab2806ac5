"""What people decide: of a channel, in the greeting, its settings and the home tab; and of themselves."""
