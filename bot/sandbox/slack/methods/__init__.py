"""The Web API methods of the embedded Slack, each with its scope and rate limit."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.slack.methods import chat, conversations, files, link_previews, meta, users, views
from bot.sandbox.slack.methods.call import Method, MethodCall

METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        *meta.METHODS,
        *users.METHODS,
        *conversations.METHODS,
        *chat.METHODS,
        *files.METHODS,
        *link_previews.METHODS,
        *views.METHODS,
    )
}

__all__ = ["METHODS", "Method", "MethodCall"]
