"""The README's table of settings."""

from __future__ import annotations

import json
from pathlib import Path

from bot.settings.settings import Settings


def markdown_table() -> str:
    """One row a setting: its name, its default and its meaning."""
    rows = ["| Setting | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        if field.is_required():
            default = "required"
        elif field.default in (None, ()):
            default = ""
        elif isinstance(field.default, bool):
            default = f"`{json.dumps(field.default)}`"
        else:
            shown = f"./{field.default}" if isinstance(field.default, Path) else field.default
            default = f"`{shown}`"
        rows.append(f"| `{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)
