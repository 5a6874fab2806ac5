"""The commands of the program, one module each; ``bot/__main__.py`` has their table."""
