"""Lenient readers for the fields that both webhook formats share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from math import isfinite

import structlog

from bot.chakra.fields import to_text
from bot.text.phones import normalize_number
from bot.webhooks.events import (
    STATUS_KINDS,
    UNREADABLE,
    Customer,
    Json,
    MessageEvent,
    UnknownEvent,
    WebhookEvent,
)

EPOCH_SCALES: Sequence[tuple[int, int]] = (
    (10**17, 10**9),
    (10**14, 10**6),
    (10**11, 10**3),
)
"""The value from which a time is in nano-, micro- or milliseconds, and how many make a second.

Meta's timestamps are in seconds and Chakra's in milliseconds. As seconds the smallest of these are
the year 5138.
"""
MAX_EPOCH_DIGITS = 19
MAX_KIND_LENGTH = 60
MAX_PHONE_DIGITS = 15
"""E.164 allows these. The ID of a group has more digits."""
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.{0,30}\Z", re.ASCII)
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,128}")
"""A business-scoped user ID: the person's country, a point, letters and digits."""


def iter_objects(value: object) -> Iterator[Json]:
    """Yield the objects of an array; nothing if ``value`` isn't one."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def as_object(value: object) -> Json:
    """Return ``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def find_first_text(source: Json, *names: str) -> str:
    """Return the first of the named fields that holds text; "" if none does."""
    for name in names:
        if text := to_text(source.get(name)):
            return text
    return ""


def to_kind(value: object) -> str:
    """Return a short word for an event's kind; "" if there is none."""
    return to_text(value)[:MAX_KIND_LENGTH]


def to_epoch_seconds(value: object) -> float:
    """Return seconds since 1970 for a time in (milli-, micro-, nano-) seconds or ISO 8601.

    Return 0 for anything else.
    """
    text = to_text(int(value) if isinstance(value, float) and isfinite(value) else value)
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_EPOCH_DIGITS):
        return _from_iso(text)
    number = int(text)
    return number / next((scale for least, scale in EPOCH_SCALES if number >= least), 1)


def _from_iso(text: str) -> float:
    """Return the time of an ISO 8601 text, which is in UTC if it has no time zone; else 0."""
    if not _ISO_TIME.match(text):
        return 0.0
    try:
        moment = datetime.fromisoformat(text)
        return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return 0.0


def build_customer(
    *identifiers: object, contact: Json | None = None, parent_user_id: object = None
) -> Customer:
    """Return the customer with these identifiers, numbers and user IDs in any order.

    The form decides which is which: a user ID must never be taken for a number, and Chakra may put
    one where it used to put the number.
    """
    profile = as_object((contact or {}).get("profile"))
    wa_id, contact_user_id = (contact or {}).get("wa_id"), (contact or {}).get("user_id")
    texts = [text for value in (*identifiers, wa_id, contact_user_id) if (text := to_text(value))]
    return Customer(
        user_id=next((text for text in texts if _USER_ID.fullmatch(text)), ""),
        parent_user_id=to_text(parent_user_id) or find_first_text(contact or {}, "parent_user_id"),
        phone=next((digits for text in texts if (digits := _to_digits(text))), ""),
        username=find_first_text(profile, "username").removeprefix("@"),
        name=find_first_text(profile, "name"),
    )


class Contacts:
    """The contacts of a delivery, each found by its number or its user ID."""

    def __init__(self, contacts: object) -> None:
        self._contacts = list(iter_objects(contacts))
        self._by_identity: dict[Identity, Json] = {}
        for contact in self._contacts:
            for identity in _build_identities(contact.get("wa_id"), contact.get("user_id")):
                self._by_identity.setdefault(identity, contact)

    def find(self, *identifiers: object) -> Json:
        """Return the contact with one of these identifiers, or the only one if it may be theirs.

        Another number or another user ID is someone else's.
        """
        if not self._contacts:
            return {}
        wanted = _build_identities(*identifiers)
        for identity in wanted:
            if identity in self._by_identity:
                return self._by_identity[identity]
        if len(self._contacts) != 1:
            return {}
        known = {kind for kind, _ in self._by_identity}
        return {} if known & {kind for kind, _ in wanted} else self._contacts[0]


Identity = tuple[str, str]
"""A kind, and a phone number in normalized form or a user ID."""
NO_CONTACTS = Contacts(())


def _build_identities(*identifiers: object) -> list[Identity]:
    """Return the user ID and the number among these."""
    found = build_customer(*identifiers)
    identities = [("user_id", found.user_id)] if found.user_id else []
    return [*identities, ("phone", normalize_number(found.phone))] if found.phone else identities


def read_message(
    message: Json,
    contacts: Contacts = NO_CONTACTS,
    *,
    fallback_wamid: str = "",
    message_id: str = "",
    fallback_time: object = None,
    is_echo: bool = False,
    is_standby: bool = False,
    waba_id: str = "",
    phone_number_id: str = "",
) -> WebhookEvent:
    """Return the event of a message in Meta's shape, which Chakra's own format carries too."""
    body = as_object(message.get("message")) or message  # an echo in `standby` is nested
    kind = to_kind(body.get("type")) or "unknown"
    wamid = find_first_text(message, "id") or fallback_wamid
    if not (wamid or message_id):
        return UnknownEvent(kind=UNREADABLE, raw=message)
    names = ("to", "to_user_id") if is_echo else ("from", "from_user_id")
    identifiers = tuple(body.get(name) or message.get(name) for name in names)
    changed = _read_change(as_object(message.get("system")), identifiers)
    customer, previous = changed or (
        build_customer(
            *identifiers,
            contact=contacts.find(*identifiers),
            parent_user_id=message.get("to_parent_user_id" if is_echo else "from_parent_user_id"),
        ),
        Customer(),
    )
    return MessageEvent(
        kind=kind,
        occurred_at=to_epoch_seconds(message.get("timestamp")) or to_epoch_seconds(fallback_time),
        waba_id=waba_id,
        phone_number_id=phone_number_id,
        customer=customer,
        raw=message,
        wamid=wamid,
        message_id=message_id,
        is_echo=is_echo,
        is_standby=is_standby,
        previous=previous,
    )


def _read_change(system: Json, old: Sequence[object]) -> tuple[Customer, Customer] | None:
    """Return a customer after a change of number or ID, and before it; None if nothing changed.

    ``old`` is what the message itself calls the customer.
    """
    new_number = find_first_text(system, "wa_id", "new_wa_id")
    is_changed = is_change(system) or bool(system.get("previous_user_id"))
    if not is_changed or not (system.get("user_id") or new_number):
        return None
    previous = build_customer(
        system.get("previous_user_id"),
        *old,
        system.get("customer"),  # the older name of the old number
        parent_user_id=system.get("previous_parent_user_id"),
    )
    current = build_customer(
        system.get("user_id"), new_number, parent_user_id=system.get("parent_user_id")
    )
    return current, previous


def is_change(system: Json) -> bool:
    """Return whether a system message reports a new number or user ID.

    Before August 2026 ``user_changed_number`` had fewer fields; ``customer_changed_number`` is its
    older name.
    """
    return "_changed_" in to_kind(system.get("type"))


def read_each(
    read: Callable[[Json], WebhookEvent], objects: Iterator[Json]
) -> Iterator[WebhookEvent]:
    """Yield the event of each object; if one can't be parsed, only that one is lost."""
    for item in objects:
        try:
            yield read(item)
        except Exception:  # noqa: BLE001 - the other events of this delivery can still be read
            structlog.get_logger("events").exception("event_parse_failed")
            yield UnknownEvent(kind=UNREADABLE, raw=item)


def is_status_kind(kind: str) -> bool:
    """Return whether ``kind`` is a delivery status that this release knows."""
    return kind in STATUS_KINDS


def _to_digits(text: str) -> str:
    digits = text.removeprefix("+")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= MAX_PHONE_DIGITS
    return digits if is_number else ""
