"""The customer that an answer goes to, and whether it may go now."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversations.conversation import Conversation
from bot.conversations.windows import WINDOW_SECONDS, Window
from bot.customers.customer import KnownCustomer
from bot.errors import UsageError
from bot.messages.check_view import submit_label
from bot.messages.recipients import Recipient, RecipientKind
from bot.slack.blocks import Markup, bold, markup
from bot.text.phones import format_international

UNNAMED = "this customer"
NO_NUMBER = (
    "WhatsApp doesn't show us this customer's phone number, so they can't be written to from here. "
    "Answer them in Chakra."
)


@dataclass(frozen=True, slots=True)
class ReplyTarget:
    """A customer, and our number that an answer is sent from.

    ``conversation`` is None for a customer who has none in any channel. ``sender`` is the name and
    number of ``sender_id``, "" if they are not known. ``window`` is None if they never wrote.
    """

    customer: KnownCustomer
    conversation: Conversation | None
    window: Window | None
    sender_id: str
    sender: str

    @property
    def conversation_id(self) -> int:
        return self.conversation.id if self.conversation else 0

    @property
    def ends_at(self) -> float:
        """Until when free text may be sent, 0 if it may not."""
        return self.window.ends_at if self.window else 0.0

    @property
    def last_wrote_at(self) -> float:
        """When they last wrote to this number, 0 if they never did."""
        return self.window.ends_at - WINDOW_SECONDS if self.window else 0.0

    @property
    def name(self) -> str:
        """The name for a sentence, for one reader."""
        return format_private_name(self.customer)

    def is_open(self, now: float) -> bool:
        return now < self.ends_at

    def require_number(self) -> None:
        """Raise ``UsageError`` if this customer can't be written to.

        Whether Chakra passes on a business-scoped user ID is UNKNOWN (API.md, Messages).
        """
        if not self.customer.phone:
            raise UsageError(NO_NUMBER)

    def send_label(self, *, is_repeat: bool = False) -> str:
        """Return "Send to Mei Tanaka" in the 24 characters of a view's button."""
        recipient = Recipient(
            RecipientKind.PHONE,
            self.customer.phone,
            self.name,
            "",
            name=format_short_name(self.customer),
        )
        return submit_label(recipient, is_repeat=is_repeat)

    def describe(self) -> Markup:
        """Return name and whole number, for one reader."""
        number = format_international(self.customer.phone) if self.customer.phone else ""
        name = format_short_name(self.customer)
        if not (name and number):
            return bold(name or number or UNNAMED)
        return markup(bold(name), f" ({number})")


def format_short_name(customer: KnownCustomer) -> str:
    """Return the customer's name or username, "" if neither is known."""
    return customer.name or (f"@{customer.username}" if customer.username else "")


def format_private_name(customer: KnownCustomer) -> str:
    """Return name, username or whole number, for one reader."""
    number = format_international(customer.phone) if customer.phone else ""
    return format_short_name(customer) or number or UNNAMED
