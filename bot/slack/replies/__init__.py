"""How the bot speaks: what a reply looks like, where it goes, and how it goes away again."""
