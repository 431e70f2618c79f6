"""An embedded Slack on loopback that accepts and refuses what real Slack does."""

from __future__ import annotations

from bot.sandbox.slack.errors import ActionNotPossible
from bot.sandbox.slack.files import LocalFile
from bot.sandbox.slack.messages import MessageContent, VisibleMessage, collect_text
from bot.sandbox.slack.posted_content import Email
from bot.sandbox.slack.seed import WorkspaceMember
from bot.sandbox.slack.server import EmbeddedSlack
from bot.sandbox.slack.tips import Sample, Tip
from bot.sandbox.slack.user_actions import InteractionResult

__all__ = [
    "ActionNotPossible",
    "Email",
    "EmbeddedSlack",
    "InteractionResult",
    "LocalFile",
    "MessageContent",
    "Sample",
    "Tip",
    "VisibleMessage",
    "WorkspaceMember",
    "collect_text",
]
