"""What people decide: of a channel, in the greeting, the settings and the home tab; and of themselves."""
