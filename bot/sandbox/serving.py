"""Where the stand-ins are served from: the same server as the bot's own."""

from __future__ import annotations

from bot.serving import serve

__all__ = ["serve"]
