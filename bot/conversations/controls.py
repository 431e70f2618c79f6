"""The buttons of a conversation's messages, and their values."""

from __future__ import annotations

from typing import ClassVar, Final

from bot.conversations.conversation import Conversation, ConversationState
from bot.slack import blocks
from bot.slack.button_state import ButtonState
from bot.slack.commands.reply import Block, Choice

COMMAND: Final = "/chakra chat"
REPLY: Final = "chat.reply"
SEND: Final = "chat.send"
CONFIRM: Final = "chat.confirm"
FROM_MESSAGE: Final = "chat.from_message"
CLAIM: Final = "chat.claim"
ASSIGN: Final = "chat.assign"
RESOLVE: Final = "chat.resolve"
NOTE: Final = "chat.note"
SNOOZE: Final = "chat.snooze"
HISTORY: Final = "chat.history"
READ: Final = "chat.read"
SHOW_FILE: Final = "chat.file"
CREATE_LEAD: Final = "lead.chat"

CHAT_PHRASES: Final = dict.fromkeys(
    ("last message from", "last message of", "any message from", "any messages from",
     "did i get a reply from", "any reply from", "any answer from", "… replied", "… reply",
     "… answered", "… answer", "… say", "… said", "… write", "… written", "… wrote", "… text us",
     "… write yesterday", "… write today", "… say yesterday", "… say today", "… reply yet",
     "… replied yet", "… answered yet", "any new messages", "new messages", "who wrote",
     "who is waiting for an answer", "who is waiting for a reply",
     "conversation", "reply", "replies", "reply to", "answer", "chat with", "open conversations",
     "my conversations", "open chats", "my chats", "unread chats", "messages from", "messages with",
     "messages of", "last messages of", "last messages from", "last messages with",
     "previous messages of", "chat history of", "history with", "conversation with", "chats with"),
    "",
)  # fmt: skip
SNOOZE_CHOICES: Final = (("1 hour", "1h"), ("3 hours", "3h"), ("Until 9:00 tomorrow", "9:00"))


class ConversationButton(ButtonState):
    """A conversation, and what its button does with it.

    ``event`` is the recorded event of the message that has the button, 0 for the whole
    conversation. ``choice`` is its new state, or how long it is snoozed.
    ``customer`` is set instead of a conversation for a customer without one in any channel.
    """

    command: ClassVar[str] = COMMAND

    conversation: int
    event: int = 0
    choice: str = ""
    customer: int = 0


class TypedReply(ButtonState):
    """A text that a member typed in the thread, as ``ts`` names it, and may send.

    ``confirmed`` is the send that they were asked about, 0 if they were not. ``seen`` is the latest
    send of the conversation then; ``to`` and ``sender`` are the numbers that they saw.
    ``file`` is Slack's ID of a file with the text. A text with ``is_stored`` is too long for a
    button: it is in the database.
    """

    command: ClassVar[str] = COMMAND

    conversation: int
    ts: str
    text: str
    confirmed: int = 0
    seen: int = 0
    to: str = ""
    sender: str = ""
    file: str = ""
    is_stored: bool = False


def render_reply_button(conversation_id: int, event_id: int = 0, *, customer_id: int = 0) -> Block:
    """Return the button that opens the form for an answer; it sends nothing by itself."""
    value = ConversationButton(
        conversation=conversation_id, event=event_id, customer=customer_id
    ).to_value()
    return blocks.button("Reply", REPLY, value)


def render_entry_button(label: str, action: str, conversation_id: int, event_id: int) -> Block:
    """Return a button that shows one reader the rest of the message (`READ`, `SHOW_FILE`)."""
    value = ConversationButton(conversation=conversation_id, event=event_id).to_value()
    return blocks.button(label, action, value)


def render_history_button(conversation_id: int) -> Block:
    value = ConversationButton(conversation=conversation_id).to_value()
    return blocks.button("Previous messages", HISTORY, value)


def render_conversation_controls(conversation: Conversation) -> Block:
    """Return the row of buttons for the message that begins the thread."""
    this = ConversationButton(conversation=conversation.id)
    row = [render_reply_button(conversation.id)] if conversation.takes_replies else []
    if conversation.state is ConversationState.RESOLVED:
        reopen = this.model_copy(update={"choice": ConversationState.OPEN.value})
        row.append(blocks.button("Reopen", RESOLVE, reopen.to_value()))
        return blocks.actions(*row, render_history_button(conversation.id))
    if not conversation.assignee:
        row.append(blocks.button("Claim", CLAIM, this.to_value()))
    resolve = this.model_copy(update={"choice": ConversationState.RESOLVED.value})
    choices = [
        Choice(label, this.model_copy(update={"choice": choice}).to_value())
        for label, choice in SNOOZE_CHOICES
    ]
    return blocks.actions(
        *row,
        blocks.button("Assign…", ASSIGN, this.to_value()),
        blocks.button("Resolve", RESOLVE, resolve.to_value()),
        blocks.select(SNOOZE, "Snooze", choices),
        blocks.button("Note", NOTE, this.to_value()),
        render_history_button(conversation.id),
    )
