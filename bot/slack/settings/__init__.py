"""Settings of channels (greeting, modal, home tab), and of a person (home tab)."""
