"""An embedded Slack on loopback that accepts and refuses what real Slack does."""

from __future__ import annotations

from bot.sandbox.slack.files import Upload
from bot.sandbox.slack.hints import Hint, Sample, Tip
from bot.sandbox.slack.messages import Shown, plain
from bot.sandbox.slack.person import Delivered
from bot.sandbox.slack.refusal import CannotAct
from bot.sandbox.slack.seed import Member
from bot.sandbox.slack.server import EmbeddedSlack

__all__ = [
    "CannotAct",
    "Delivered",
    "EmbeddedSlack",
    "Hint",
    "Member",
    "Sample",
    "Shown",
    "Tip",
    "Upload",
    "plain",
]
