"""One message on a customer's phone, from them or from the business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

MessageOrigin = Literal["customer", "api", "phone_app", "agent"]
"""The author: the customer, the business by the API or by its phone app, or Meta's agent."""


def to_chakra_id(wamid: str) -> str:
    """Return Chakra's ID of a message that it did not send."""
    return str(uuid5(NAMESPACE_URL, wamid))


@dataclass(slots=True)
class PhoneMessage:
    """A message in a chat, as the customer's phone shows it.

    ``sender_id`` is Meta's ID of the business's number, ``message`` Meta's message object and
    ``text`` what is read. ``status`` is "" before anything is known of a delivery; a business
    message that failed never reached the phone.
    """

    wamid: str
    origin: MessageOrigin
    sender_id: str
    sent_at: float
    text: str
    message: Mapping[str, Any] = field(repr=False)
    replies_to: str = ""
    status: str = ""
    reactions: dict[MessageOrigin, str] = field(default_factory=dict)
    is_edited: bool = False
    is_revoked: bool = False

    @property
    def chakra_id(self) -> str:
        """Chakra's own ID of the message, the ``messageId`` of its event."""
        return to_chakra_id(self.wamid)

    @property
    def is_inbound(self) -> bool:
        return self.origin == "customer"

    @property
    def buttons(self) -> tuple[str, ...]:
        """The titles of the buttons under it."""
        content = self.message.get("interactive")
        action = content.get("action", {}) if isinstance(content, dict) else {}
        rows = [row for part in action.get("sections", []) for row in part.get("rows", [])]
        replies = [button.get("reply", {}) for button in action.get("buttons", [])]
        quick = [{"title": title} for title in self.message.get("quick_replies", ())]
        return tuple(str(reply["title"]) for reply in (*quick, *replies, *rows) if "title" in reply)

    def find_reply(self, title: str) -> tuple[str, str]:
        """Return the kind of the choice with this title and its ID; "button" in a template."""
        content = self.message.get("interactive")
        action = content.get("action", {}) if isinstance(content, dict) else {}
        for button in action.get("buttons", []):
            if button.get("reply", {}).get("title") == title:
                return "button_reply", str(button["reply"].get("id", title))
        for part in action.get("sections", []):
            for row in part.get("rows", []):
                if row.get("title") == title:
                    return "list_reply", str(row.get("id", title))
        return "button", title
