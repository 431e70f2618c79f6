"""A send: one message to one recipient, its known state, and the result of claiming it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.db.claims import ClaimOutcome
from bot.messages.status import SendStatus
from bot.slack.client.web_api import MessageRef

REPLY_TITLE = "Reply"
CONVERSATION_PREFIX = "reply"


def build_conversation_key(conversation_id: int, interaction: str) -> str:
    """Return the key of a send made in a conversation."""
    return f"{CONVERSATION_PREFIX}:{conversation_id}:{interaction}"


def parse_conversation_key(key: str) -> int:
    """Return the ID of the conversation that a send was made in, 0 if in none."""
    prefix, _, rest = key.partition(":")
    number = rest.partition(":")[0]
    return int(number) if prefix == CONVERSATION_PREFIX and number.isdecimal() else 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a send failed, as the database stores it.

    ``kind`` is that of an error in ``bot.errors``, ``code`` Meta's, ``retry_after`` in seconds.
    The texts are redacted: they contain no phone number.
    """

    kind: str
    code: int | None = None
    text: str = ""
    details: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """One row of ``sends``. ``message_id`` and ``wamid`` are "" until they are known.

    ``recipient`` is masked, ``details`` are encrypted. A reply in a conversation has no
    ``template``; its text is in the details. ``followable`` is false if Chakra may not
    report its delivery. ``sent_at``, ``delivered_at`` and ``read_at`` are 0 until WhatsApp reports
    them. ``has_failure_notice``: it failed after its report was posted, so it has a second message.
    """

    id: int
    key: str
    member: str
    template: str
    language: str
    recipient: str
    followable: bool
    process_id: str
    started_at: float
    status: SendStatus
    status_at: float
    message_id: str = ""
    wamid: str = ""
    sent_at: float = 0.0
    delivered_at: float = 0.0
    read_at: float = 0.0
    has_failure_notice: bool = False
    details: bytes | None = field(default=None, repr=False)
    failure: Failure | None = None

    @property
    def is_reply(self) -> bool:
        return not self.template

    @property
    def conversation_id(self) -> int:
        """The conversation that it was made in, 0 for none."""
        return parse_conversation_key(self.key)

    @property
    def title(self) -> str:
        """Its name in lists: its template, or "Reply"."""
        return self.template or REPLY_TITLE


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """The send that was created, or the one in its way."""

    send: Send
    outcome: ClaimOutcome

    @property
    def is_duplicate(self) -> bool:
        return self.outcome is ClaimOutcome.DUPLICATE


@dataclass(frozen=True, slots=True)
class SendResult:
    """A send that has finished, and its report if that was posted in time."""

    send: Send
    report: MessageRef | None
