"""What the menu and the buttons under a reply do."""
