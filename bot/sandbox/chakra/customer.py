"""A customer on WhatsApp: their identity at Meta, their phone, and everything they can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bot.sandbox.chakra import customer_messages
from bot.sandbox.chakra.customer_identity import CustomerIdentity
from bot.sandbox.chakra.phone_message import PhoneMessage

if TYPE_CHECKING:
    from bot.sandbox.chakra.customers import Customers


class EmbeddedCustomer:
    """A person with WhatsApp. Every action is pushed to the webhooks, and returns its wamid.

    ``to`` is Meta's ID of the business's number, the first one by default; ``at`` an event's time
    in epoch seconds, now by default; ``replies_to`` the wamid of an earlier message.
    """

    def __init__(self, identity: CustomerIdentity, customers: Customers) -> None:
        self.identity = identity
        self.phone: list[PhoneMessage] = []
        """Everything on their phone, oldest first."""
        self.has_stopped_marketing = False
        self.held_by_agent: set[str] = set()
        """IDs of the numbers whose conversation Meta's own agent has."""
        self.typing_until: dict[str, float] = {}
        """When the typing mark of each of the business's numbers ends, in epoch seconds."""
        self._customers = customers

    @property
    def last_at(self) -> float:
        """The time of the last message in epoch seconds, 0 without any."""
        return self.phone[-1].sent_at if self.phone else 0.0

    def list_messages(self, with_number: str | None = None) -> tuple[PhoneMessage, ...]:
        """Return the messages that reached the phone, of all numbers or one; oldest first."""
        return tuple(
            message
            for message in self.phone
            if message.status != "failed" and with_number in (None, message.sender_id)
        )

    @property
    def received(self) -> tuple[PhoneMessage, ...]:
        """The messages that reached them from the business, oldest first."""
        return tuple(message for message in self.list_messages() if not message.is_inbound)

    def write(
        self, body: str, *, to: str | None = None, replies_to: str = "", at: float | None = None
    ) -> str:
        return self.send(customer_messages.build_text(body), to=to, replies_to=replies_to, at=at)

    def send(
        self,
        message: Mapping[str, Any],
        *,
        to: str | None = None,
        replies_to: str = "",
        at: float | None = None,
    ) -> str:
        """Send any of Meta's message objects; ID, time, sender and context are added."""
        return self._customers.receive(self, message, to, replies_to=replies_to, at=at)

    def send_picture(self, caption: str = "", **where: Any) -> str:
        """Send a small picture that differs from the last one."""
        picture = self._customers.draw_picture()
        return self.send_media("image", picture, "image/png", caption=caption, **where)

    def send_media(
        self,
        kind: str,
        content: bytes,
        media_type: str,
        *,
        caption: str = "",
        filename: str = "",
        **where: Any,
    ) -> str:
        """Send an ``image``, ``video``, ``audio``, ``document`` or ``sticker``."""
        media_id = self._customers.add_media(content, media_type)
        message = customer_messages.build_media(
            kind, media_id, content, media_type, caption=caption, filename=filename
        )
        return self.send(message, **where)

    def send_location(
        self, latitude: float, longitude: float, name: str = "", address: str = "", **where: Any
    ) -> str:
        message = customer_messages.build_location(latitude, longitude, name=name, address=address)
        return self.send(message, **where)

    def send_contact(self, name: str, phone: str, **where: Any) -> str:
        """Share someone's contact card; it may be anyone's."""
        return self.send(customer_messages.build_contact_card(name, phone, origin="other"), **where)

    def send_order(
        self, *items: tuple[str, int, float], note: str = "", currency: str = "INR", **where: Any
    ) -> str:
        """Order products: ID, quantity and price of each."""
        return self.send(
            customer_messages.build_order(*items, note=note, currency=currency), **where
        )

    def send_unsupported(self, kind: str = "poll", **where: Any) -> str:
        return self.send(customer_messages.build_unsupported(kind), **where)

    def react(self, wamid: str, emoji: str = "👍", **where: Any) -> str:
        return self.send(customer_messages.build_reaction(wamid, emoji), **where)

    def unreact(self, wamid: str, **where: Any) -> str:
        return self.send(customer_messages.build_reaction(wamid, ""), **where)

    def edit(self, wamid: str, body: str, **where: Any) -> str:
        return self.send(
            customer_messages.build_edit(wamid, customer_messages.build_text(body)), **where
        )

    def revoke(self, wamid: str, **where: Any) -> str:
        """Delete a message for everyone."""
        return self.send(customer_messages.revoke(wamid), **where)

    def press(self, title: str, wamid: str = "", **where: Any) -> str:
        """Press a button or choose a list row, by default under the last message with it.

        Raise ``LookupError`` if no message on the phone has it.
        """
        pressed = self._customers.find_message(self, wamid) if wamid else self._find_button(title)
        kind, reply_id = pressed.find_reply(title)
        message = (
            customer_messages.build_template_button(title)
            if kind == "button"
            else customer_messages.build_interactive_reply(kind, reply_id, title)
        )
        return self.send(message, **{"to": pressed.sender_id, "replies_to": pressed.wamid, **where})

    def answer_flow(self, wamid: str, answers: Mapping[str, Any], **where: Any) -> str:
        return self.send(customer_messages.build_flow_reply(answers), replies_to=wamid, **where)

    def share_number(self, *, replies_to: str = "", **where: Any) -> str:
        """Answer the request for the number, which is visible in every later event."""
        identity = self.identity
        card = customer_messages.build_contact_card(
            identity.name, identity.phone, origin="contact_request"
        )
        wamid = self.send(card, replies_to=replies_to, **where)
        self.update(hides_number=False)
        return wamid

    def stop_marketing(self, **where: Any) -> None:
        """Stop marketing messages in WhatsApp's own menu: later ones fail with 131050."""
        self._customers.change_preference(self, "stop", **where)

    def resume_marketing(self, **where: Any) -> None:
        self._customers.change_preference(self, "resume", **where)

    def update(self, **changes: Any) -> None:
        """Change their data in later events, such as the name; no event reports it."""
        self._customers.update_identity(self, **changes)

    def change_number(self, phone: str, *, names_previous: bool = True, **where: Any) -> str:
        """Move to another number, which makes a new user ID as well.

        If the new number is hidden, the event has the user ID alone. Without ``names_previous`` it
        is as before August 2026: only its text has the former identifier.
        """
        return self._customers.change_number(self, phone, names_previous=names_previous, **where)

    def change_device(self, **where: Any) -> str:
        return self._customers.change_device(self, **where)

    def hear_by_hand(self, body: str, *, by: str | None = None, at: float | None = None) -> str:
        """Get a message that the business typed in its phone app; ``by`` is its number's ID."""
        return self._customers.echo(self, customer_messages.build_text(body), by, at=at)

    def hear_edit_by_hand(self, wamid: str, body: str, *, by: str | None = None) -> str:
        change = customer_messages.build_edit(wamid, customer_messages.build_text(body))
        return self._customers.echo(self, change, by)

    def hear_revoke_by_hand(self, wamid: str, *, by: str | None = None) -> str:
        return self._customers.echo(self, customer_messages.revoke(wamid), by)

    def pass_to_agent(self, *, to: str | None = None) -> None:
        """Let Meta's agent have the conversation: messages then come as ``standby``."""
        self._customers.hand_over(self, to, to_agent=True)

    def take_from_agent(self, *, to: str | None = None) -> None:
        self._customers.hand_over(self, to, to_agent=False)

    def hear_from_agent(self, body: str, *, by: str | None = None) -> str:
        """Receive an answer from Meta's agent."""
        return self._customers.echo_from_agent(self, customer_messages.build_text(body), by)

    def _find_button(self, title: str) -> PhoneMessage:
        for message in reversed(self.received):
            if title in message.buttons:
                return message
        raise LookupError(f"no message has the button {title!r}: {self.list_buttons()}")

    def list_buttons(self) -> Sequence[str]:
        """Return the titles of all buttons on the phone."""
        return [title for message in self.received for title in message.buttons]
