"""Ask before a card is shared in a channel that guests or other companies read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bot.errors import MISSING_SCOPE, NotInChannel, SlackError
from bot.slack import blocks, payloads
from bot.slack.blocks import Markup, markup
from bot.slack.channels import Channels
from bot.slack.commands.command import Actor, Payload
from bot.slack.commands.help import NAME
from bot.slack.commands.permissions import AccessDecision, Permission
from bot.slack.commands.reply import Message, OpenForm, Reply
from bot.slack.commands.run_button import RUN_ACTION

FORM = f"{NAME}.share"
"""``callback_id`` of the question."""
ACTION, VALUE, COMMAND, LINE = "action", "value", "command", "line"
"""The question's state: the pressed share button, or the command and its typed line."""
UNKNOWN_AUDIENCE = "We can't see who else reads this conversation"


class CheckAccess(Protocol):
    async def __call__(self, actor: Actor, *, to_act: bool = False) -> AccessDecision:
        """Return what the person may do, from a current answer of Slack if ``to_act``."""


class ShareGuard:
    """Every reply of a handler to a channel passes through `check`."""

    def __init__(self, channels: Channels, check_access: CheckAccess) -> None:
        self._channels = channels
        self._check_access = check_access

    async def check(self, payload: Payload, reply: Reply, repeat: Mapping[str, str]) -> Reply:
        """Return ``reply``, or the question that comes before it.

        ``repeat`` is the state for running the confirmed share again. Raise ``NotAllowed`` if
        the person may not share at this moment, and ``SlackError`` if Slack doesn't answer.
        """
        if not isinstance(reply, Message) or not reply.to_channel:
            return reply
        channel = payloads.read_request_channel(payload).id
        access = await self._check_access(payloads.read_actor(payload), to_act=True)
        access.authorize(Permission.SHARE)
        audience = await self._describe_outsiders(channel)
        if not audience:
            return reply
        question = markup(audience, f". Share {reply.shared_as} with them?")
        if payload.get("type") != "block_actions":
            return _offer(question, repeat[LINE])
        return OpenForm(
            blocks.form_modal(FORM, "Share outside?", "Share", [blocks.section(question)]), repeat
        )

    async def _describe_outsiders(self, channel: str) -> Markup:
        """Return ``#globex-partners has people from Globex``; empty if only colleagues read."""
        try:
            outsiders = await self._channels.find_outsiders(channel)
        except NotInChannel:
            return Markup(UNKNOWN_AUDIENCE)
        except SlackError as error:
            if error.code != MISSING_SCOPE:
                raise
            return Markup(UNKNOWN_AUDIENCE)
        return outsiders.sentence if outsiders else Markup("")


def _offer(question: Markup, line: str) -> Message:
    """Return a button that opens the question: Slack opens no form for a typed line."""
    if len(line) > blocks.MAX_BUTTON_VALUE_LENGTH:
        return Message(question, (blocks.section(question),))
    button = blocks.button("Share…", f"{RUN_ACTION}:share", line)
    return Message(question, (blocks.section(question), blocks.actions(button)))
