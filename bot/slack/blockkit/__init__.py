"""Block Kit: elements, rich text, menus and the ids of what people press. Pure."""
