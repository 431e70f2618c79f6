"""The customers on WhatsApp: their phones, their 24-hour windows, and the events about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from secrets import randbelow
from typing import Any

import phonenumbers

from bot.aio.clock import Clock
from bot.sandbox.chakra import customer_events, customer_messages
from bot.sandbox.chakra.accepted_send import AcceptedSend, DeliveryStatus, generate_wamid
from bot.sandbox.chakra.account import SenderNumber, WhatsAppAccount
from bot.sandbox.chakra.customer import EmbeddedCustomer
from bot.sandbox.chakra.customer_events import EventPair
from bot.sandbox.chakra.customer_identity import CustomerIdentity
from bot.sandbox.chakra.phone_message import MessageOrigin, PhoneMessage
from bot.sandbox.chakra.pictures import render_picture
from bot.sandbox.chakra.session_messages import WINDOW_SECONDS
from bot.sandbox.chakra.whatsapp_ids import to_whatsapp_id

USER_ID_DIGITS = 10**20
DEFAULT_COUNTRY = "IN"
MAX_TYPING_SECONDS = 25
"""The typing mark ends with the answer, or after 25 seconds (Meta)."""
TYPES_WITHOUT_WINDOW = frozenset({"reaction", "edit", "revoke", "system"})
"""A reaction doesn't open a 24-hour window: the strict reading, since Meta's page doesn't say."""


class Customers:
    """The people who have a chat with the business; ``add`` makes new ones."""

    def __init__(
        self,
        account: WhatsAppAccount,
        clock: Clock,
        push: Callable[[EventPair], object],
        add_media: Callable[[bytes, str], str],
    ) -> None:
        self.add_media = add_media
        self.on_change: Callable[[], None] = lambda: None
        """Called when a phone has changed."""
        self._account = account
        self._clock = clock
        self._push = push
        self._all: list[EmbeddedCustomer] = []
        self._by_identifier: dict[str, EmbeddedCustomer] = {}
        self._wrote_at: dict[tuple[EmbeddedCustomer, str], float] = {}
        self._picture_numbers = count()

    def __iter__(self) -> Iterator[EmbeddedCustomer]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def add(
        self,
        name: str,
        phone: str = "",
        *,
        username: str = "",
        user_id: str | None = None,
        parent_user_id: str = "",
        hides_number: bool | None = None,
        blank_fields: bool = False,
    ) -> EmbeddedCustomer:
        """Add a person; one without a ``phone`` is known to the business by a user ID only.

        A ``user_id`` is generated unless it is given, also as "": then their events have none.
        """
        identity = CustomerIdentity(
            name=name,
            phone=phone,
            user_id=_generate_user_id(phone) if user_id is None else user_id,
            parent_user_id=parent_user_id,
            username=username,
            hides_number=not phone if hides_number is None else hides_number,
            blank_fields=blank_fields,
        )
        customer = EmbeddedCustomer(identity, self)
        self._all.append(customer)
        self._index(customer)
        return customer

    def find(self, identifier: str) -> EmbeddedCustomer | None:
        """Return the person with this number or user ID."""
        found = self._by_identifier.get(to_whatsapp_id(identifier))
        return found if found is not None and found.identity.matches(identifier) else None

    def find_or_add(self, phone: str, name: str = "") -> EmbeddedCustomer:
        """Return the person with this number; new ones are as before user IDs existed."""
        customer = self.find(phone)
        if customer is None:
            return self.add(name or f"+{phone}", phone, user_id="")
        if name:
            self.update_identity(customer, name=name)
        return customer

    def is_window_open(self, customer: EmbeddedCustomer, sender_id: str) -> bool | None:
        """Return whether they wrote to this number within 24 hours; None if they never did."""
        wrote_at = self._wrote_at.get((customer, sender_id))
        return None if wrote_at is None else self._clock.time() - wrote_at < WINDOW_SECONDS

    def receive(
        self,
        customer: EmbeddedCustomer,
        message: Mapping[str, Any],
        to: str | None,
        *,
        replies_to: str = "",
        at: float | None = None,
    ) -> str:
        """Push the customer's action on their phone, and return its wamid."""
        sender = self._find_sender(to)
        identity = customer.identity
        now = self._clock.time() if at is None else at
        content = dict(message)
        if replies_to:
            content["context"] = {
                "from": self._find_author(customer, replies_to, sender),
                "id": replies_to,
            }
        origin = identity.build_fields("from", "from_user_id", "from_parent_user_id")
        body = {**origin, **_build_identifiers(identity, now), **content}
        self._note(customer, "customer", sender, body, replies_to)
        if body["type"] not in TYPES_WITHOUT_WINDOW:
            self._wrote_at[customer, sender.id] = min(now, self._clock.time())
        build = (
            customer_events.build_standby
            if sender.id in customer.held_by_agent
            else customer_events.build_inbound
        )
        self._push(build(body, identity.build_contact(), self._account, sender))
        return str(body["id"])

    def echo(
        self,
        customer: EmbeddedCustomer,
        message: Mapping[str, Any],
        by: str | None,
        at: float | None = None,
    ) -> str:
        """Push a message that the business wrote in its phone app, and return its wamid."""
        sender, identity = self._find_sender(by), customer.identity
        now = self._clock.time() if at is None else at
        to = identity.build_fields("to", "to_user_id", "to_parent_user_id")
        body = {"from": sender.digits, **to, **_build_identifiers(identity, now), **message}
        self._note(customer, "phone_app", sender, body)
        self._push(customer_events.echo(body, identity.build_contact(), self._account, sender))
        return str(body["id"])

    def echo_from_agent(
        self, customer: EmbeddedCustomer, message: Mapping[str, Any], by: str | None
    ) -> str:
        sender, identity = self._find_sender(by), customer.identity
        body = {**_build_identifiers(identity, self._clock.time()), **message}
        self._note(customer, "agent", sender, body)
        self._push(customer_events.build_agent_echo(body, identity, self._account, sender))
        return str(body["id"])

    def hand_over(self, customer: EmbeddedCustomer, to: str | None, *, to_agent: bool) -> None:
        sender = self._find_sender(to)
        if to_agent:
            customer.held_by_agent.add(sender.id)
        else:
            customer.held_by_agent.discard(sender.id)
        now = self._clock.time()
        self._push(
            customer_events.build_handover(
                customer.identity, now, self._account, sender, to_agent=to_agent
            )
        )

    def change_preference(
        self,
        customer: EmbeddedCustomer,
        value: str,
        *,
        to: str | None = None,
        at: float | None = None,
    ) -> None:
        customer.has_stopped_marketing = value == "stop"
        now = self._clock.time() if at is None else at
        self._push(
            customer_events.build_preference(
                customer.identity, value, now, self._account, self._find_sender(to)
            )
        )

    def change_number(
        self,
        customer: EmbeddedCustomer,
        phone: str,
        *,
        names_previous: bool = True,
        to: str | None = None,
        at: float | None = None,
    ) -> str:
        before = customer.identity
        user_id = _generate_user_id(phone, before.user_id) if before.user_id else ""
        after = replace(before, phone=phone, user_id=user_id)
        message = customer_events.build_number_change(before, after, names_previous=names_previous)
        self.update_identity(customer, phone=phone, user_id=user_id)
        return self._push_system(customer, message, to, at)

    def change_device(
        self, customer: EmbeddedCustomer, *, to: str | None = None, at: float | None = None
    ) -> str:
        now = self._clock.time() if at is None else at
        identity = customer.identity
        message = {
            **identity.build_fields("from", "from_user_id", "from_parent_user_id"),
            **customer_events.build_device_change(identity, now),
        }
        return self._push_system(customer, message, to, at, contact=identity.build_contact())

    def update_identity(self, customer: EmbeddedCustomer, **changes: Any) -> None:
        customer.identity = replace(customer.identity, **changes)
        self._index(customer)

    def note_send(self, send: AcceptedSend, quick_replies: tuple[str, ...] = ()) -> None:
        """Add an accepted send to the customer's phone; Meta's agent loses the conversation."""
        customer = self.find(send.to) or self.find_or_add(send.to)
        message = (
            {"type": "template", "quick_replies": quick_replies} if send.template else send.body
        )
        context = send.body.get("context")
        replies_to = str(context.get("message_id", "")) if isinstance(context, dict) else ""
        held = PhoneMessage(
            send.wamid, "api", send.sender_id, send.accepted_at, send.text, message, replies_to
        )
        if message.get("type") == "reaction":
            _apply_change(customer, held)
        else:
            customer.phone.append(held)
            customer.typing_until.pop(send.sender_id, None)
            customer.held_by_agent.discard(send.sender_id)
        self.on_change()

    def note_status(self, send: AcceptedSend, status: DeliveryStatus) -> None:
        customer = self.find(send.to)
        for message in reversed(customer.phone if customer is not None else ()):
            if message.wamid == send.wamid:
                message.status = status.lower()
                self.on_change()
                return

    def mark_read(self, wamid: str, sender_id: str, *, is_typing: bool) -> bool:
        """Show a customer that their message was read; return whether it is a message to us.

        All earlier messages of the chat are read with it, and the typing mark shows for a while.
        """
        for customer in self._all:
            mine = [
                message
                for message in customer.phone
                if message.is_inbound and message.sender_id == sender_id
            ]
            if not any(message.wamid == wamid for message in mine):
                continue
            for message in mine:
                message.status = "read"
                if message.wamid == wamid:
                    break
            if is_typing:
                customer.typing_until[sender_id] = self._clock.time() + MAX_TYPING_SECONDS
            self.on_change()
            return True
        return False

    def list_last_writes(self, customer: EmbeddedCustomer) -> dict[str, float]:
        """Return when they last wrote to each of the business's numbers, by its ID."""
        return {number: at for (who, number), at in self._wrote_at.items() if who is customer}

    def find_message(self, customer: EmbeddedCustomer, wamid: str) -> PhoneMessage:
        """Return a message of the phone. Raise ``LookupError``."""
        for message in reversed(customer.phone):
            if message.wamid == wamid:
                return message
        raise LookupError(f"{customer.identity.name} has no message {wamid}")

    def draw_picture(self) -> bytes:
        """Return a small PNG that differs from the last one."""
        return render_picture("cap", next(self._picture_numbers))

    def _push_system(
        self,
        customer: EmbeddedCustomer,
        message: Mapping[str, Any],
        to: str | None,
        at: float | None,
        contact: dict[str, Any] | None = None,
    ) -> str:
        now = self._clock.time() if at is None else at
        body = {**_build_identifiers(customer.identity, now), **message}
        self._push(
            customer_events.build_inbound(body, contact, self._account, self._find_sender(to))
        )
        return str(body["id"])

    def _note(
        self,
        customer: EmbeddedCustomer,
        origin: MessageOrigin,
        sender: SenderNumber,
        body: Mapping[str, Any],
        replies_to: str = "",
    ) -> None:
        text = customer_messages.summarize(body)
        sent_at = float(body["timestamp"])
        message = PhoneMessage(body["id"], origin, sender.id, sent_at, text, body, replies_to)
        if not _apply_change(customer, message):
            customer.phone.append(message)
        self.on_change()

    def _find_author(self, customer: EmbeddedCustomer, wamid: str, sender: SenderNumber) -> str:
        """Return who wrote the message that is replied to, our number if it isn't known."""
        mine = any(message.wamid == wamid and message.is_inbound for message in customer.phone)
        return customer.identity.key if mine else sender.digits

    def _find_sender(self, phone_number_id: str | None) -> SenderNumber:
        if phone_number_id is None:
            return self._account.senders[0]
        return self._account.get_sender(phone_number_id)

    def _index(self, customer: EmbeddedCustomer) -> None:
        identity = customer.identity
        for identifier in (identity.phone, identity.user_id, identity.parent_user_id):
            if identifier:
                self._by_identifier[to_whatsapp_id(identifier)] = customer


def _apply_change(customer: EmbeddedCustomer, change: PhoneMessage) -> bool:
    """Apply a reaction, edit or deletion to its message; return whether it is one."""
    kind = str(change.message.get("type"))
    if kind not in ("reaction", "edit", "revoke"):
        return False
    content = change.message[kind]
    target = content.get("message_id") or content.get("original_message_id")
    for message in customer.phone:
        if message.wamid != target:
            continue
        if kind == "reaction":
            message.reactions[change.origin] = content["emoji"]
        elif kind == "edit":
            message.text, message.is_edited = customer_messages.summarize(content["message"]), True
        else:
            message.is_revoked = True
    return True


def _build_identifiers(identity: CustomerIdentity, at: float) -> dict[str, str]:
    return {"id": generate_wamid(identity.key), "timestamp": str(int(at))}


def _generate_user_id(phone: str, like: str = "") -> str:
    """Return a user ID with the country of the number, or of a former user ID."""
    country = like.partition(".")[0] or DEFAULT_COUNTRY
    if phone:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(f"+{phone}"))
        country = region or country
    return f"{country}.{randbelow(USER_ID_DIGITS):020d}"
