"""The name of a record in sentences and forms."""

from __future__ import annotations

from bot.processes.directory import Record
from bot.slack.blocks import Markup, bold, markup


def render_record_title(record: Record, separator: str = "  ·  ") -> Markup:
    """Return its name and its key, or whichever exists."""
    name, key = record.process.name, record.shown_key
    if not name:
        return bold(record.key)
    return markup(bold(name), separator, key) if key else bold(name)
