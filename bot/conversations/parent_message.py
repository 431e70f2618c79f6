"""The message that begins a customer's thread in a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversations.controls import (
    CREATE_LEAD,
    ConversationButton,
    render_conversation_controls,
)
from bot.conversations.conversation import Conversation, ConversationState
from bot.conversations.names import format_bold_name, format_customer_address, format_customer_name
from bot.customers.customer import KnownCustomer
from bot.customers.opt_out import OptOut, OptOutScope
from bot.privacy import mask_text
from bot.processes.directory import LEAD
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import NO_MARKUP, Markup, lines, markup, mention
from bot.slack.commands.reply import Block, Message
from bot.slack.commands.run_button import RUN_ACTION

NO_MESSAGES = ":no_entry: Wants no more messages. See /chakra optouts."
NO_MARKETING = ":no_entry: Wants no more marketing messages. See /chakra optouts."
RENEWED = (
    "The earlier thread with this customer was deleted or closed in Slack. Press Previous messages "
    "to read it."
)


@dataclass(frozen=True, slots=True)
class ParentFacts:
    """What the message shows in addition to the conversation itself.

    ``words`` are the customer's latest in this channel, ``number`` the name of our number if we
    have several, ``lead`` the key of their lead, ``window_ends_at`` in seconds since 1970, 0 if
    they haven't written to any of our numbers. ``opt_outs`` are the active ones.
    """

    customer: KnownCustomer
    words: Markup = NO_MARKUP
    number: str = ""
    lead: str = ""
    window_ends_at: float = 0.0
    opt_outs: Sequence[OptOut] = ()


def render_parent(conversation: Conversation, facts: ParentFacts) -> Message:
    """Return the message, with the buttons for what members can do with the conversation."""
    customer = facts.customer
    name, address = format_customer_name(customer), format_customer_address(customer)
    heading = markup(
        ":speech_balloon: ", format_bold_name(name), f" · {address}" if address else ""
    )
    rows = [heading]
    if facts.words:
        rows.append(Markup(f"> {facts.words}"))
    notes = [render_state(conversation)]
    if facts.number:
        notes.append(markup("to ", facts.number))
    if conversation.last_message_at:
        notes.append(markup("last message ", format_date_token(conversation.last_message_at)))
    if facts.lead:
        notes.append(markup("lead ", mask_text(facts.lead)))
    content: list[Block] = [
        blocks.section(lines(rows), accessory=_render_lead_button(conversation, facts)),
        blocks.context(Markup(" · ".join(notes)), _describe_window(facts)),
        render_conversation_controls(conversation),
    ]
    if facts.opt_outs:
        is_all = any(each.scope is OptOutScope.ALL for each in facts.opt_outs)
        content.insert(2, blocks.context(NO_MESSAGES if is_all else NO_MARKETING))
    if conversation.is_renewed:
        content.insert(2, blocks.context(RENEWED))
    said = markup(": ", facts.words) if facts.words else markup()
    return Message(markup(name, said), tuple(content))


def _render_lead_button(conversation: Conversation, facts: ParentFacts) -> Block | None:
    """Return the button that shows the lead to one reader; none for a key that is a number.

    If no lead is known, return the button that opens the form for one.
    """
    key = facts.lead
    if not key:
        value = ConversationButton(conversation=conversation.id).to_value()
        return blocks.button("Create lead", CREATE_LEAD, value)
    if mask_text(key) != key:
        return None
    return blocks.button("Show lead", f"{RUN_ACTION}:lead", f"process show {LEAD} {key}")


def render_state(conversation: Conversation) -> Markup:
    """Return the state, and who has the conversation."""
    has_it = markup(mention(conversation.assignee), " has it") if conversation.assignee else None
    match conversation.state:
        case ConversationState.RESOLVED:
            return markup(":white_check_mark: Resolved")
        case ConversationState.SNOOZED:
            until = markup(":zzz: Snoozed until ", format_date_token(conversation.snoozed_until))
            return markup(until, " · ", has_it) if has_it else until
        case ConversationState.OPEN:
            return has_it or markup("Unassigned")


def _describe_window(facts: ParentFacts) -> Markup:
    if not facts.customer.phone:
        return markup("WhatsApp doesn't show their number: answer in Chakra.")
    return render_window(facts.window_ends_at)


def render_window(ends_at: float) -> Markup:
    """Return until when free text can be sent, in words that stay true as time passes."""
    if not ends_at:
        return markup("Only a template can be sent.")
    return markup(
        "Can be answered until ", format_date_token(ends_at), "; after that with a template."
    )
