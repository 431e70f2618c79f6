"""What a thread shows of a message that asks, or may ask, for no more messages."""

from __future__ import annotations

from bot.conversations.conversation import Conversation, build_message_key
from bot.conversations.names import format_bold_name
from bot.customers.opt_out_words import Intent
from bot.customers.opt_outs import read_intent
from bot.outbox.message import OutboxMessage
from bot.slack import blocks
from bot.slack.blocks import Markup, markup
from bot.slack.commands.reply import Message
from bot.webhooks.events import MessageEvent

# IDs of the buttons; the command `optouts` handles them.
CONFIRM, DISMISS = "optouts.confirm", "optouts.dismiss"
NOTICES = {
    Intent.STOP: (
        ":no_entry:",
        " asked for no more messages. Nothing is sent to them from Slack now.",
    ),
    Intent.STOP_MARKETING: (
        ":no_entry:",
        " asked for no more marketing messages. Marketing templates aren't sent to them now.",
    ),
    Intent.START: (":white_check_mark:", " wants to receive messages again."),
}
MORE = " See /chakra optouts."


def render_opt_out_notice(
    conversation: Conversation, event_id: int, event: MessageEvent, name: str, member: str
) -> OutboxMessage | None:
    """Return the message after the customer's own; None if theirs asks for nothing of the kind.

    ``name`` is what the channel calls the customer.
    """
    intent, _ = read_intent(event)
    if intent is None:
        return None
    return OutboxMessage(
        key=f"{build_message_key(conversation.id, event_id)}:optout",
        channel=conversation.channel,
        message=_render(intent, name, conversation.customer_id),
        member=member,
        thread_key=conversation.post_key,
        announces=True,
    )


def _render(intent: Intent, name: str, customer_id: int) -> Message:
    if intent in NOTICES:
        emoji, sentence = NOTICES[intent]
        line = markup(Markup(f"{emoji} "), format_bold_name(name), sentence, MORE)
        return Message(line, (blocks.context(line),))
    question = markup("Does ", format_bold_name(name), " want no more messages?")
    buttons = blocks.actions(
        blocks.button("Yes, send no more", CONFIRM, str(customer_id)),
        blocks.button("No", DISMISS, str(customer_id)),
    )
    return Message(question, (blocks.section(question), buttons))
