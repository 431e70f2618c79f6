"""Decide which person each event is about, in memory for a batch of events.

Sources: Meta's pages "Business-scoped user IDs" and "System messages". A person has one user ID,
which changes with their number; a number may belong to another person later. Two people are one
only if an event says so: a change of number or ID, or a number that only one of them has an ID for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.customers.customer import KnownCustomer
from bot.text.phones import normalize_number
from bot.webhooks.events import NO_CUSTOMER, Customer, MessageEvent, WebhookEvent
from bot.webhooks.fields import as_object, find_first_text, iter_objects

PHONE, USER_ID = "phone", "user_id"
MAX_FORMER = 20
USER_ID_UPDATE = "user_id_update"
"""A field that Meta announced and withdrew."""
CONTACT_REQUEST = "contact_request"
"""The prefix of a shared number's ``origin``, if the business asked for it."""

Key = tuple[str, str]
"""A kind, and a phone number in normalized form or a user ID."""
Details = tuple[str, str, str, str, str]
"""A person's user ID, their parent user ID, number, username and name."""


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """The person found by a key, and the time of the latest event that confirms it."""

    customer_id: int
    noted_at: float


@dataclass
class Identities:
    """The known people and keys of a batch, and the changes from its events.

    IDs of new people are negative until they are stored.
    """

    people: dict[int, KnownCustomer] = field(default_factory=dict)
    owners: dict[Key, KeyOwner] = field(default_factory=dict)
    changed_people: set[int] = field(default_factory=set)
    changed_keys: set[Key] = field(default_factory=set)
    merged: dict[int, int] = field(default_factory=dict)
    """The ID of each person who was found to be someone else -> the ID that remains."""
    _last_new_id: int = 0

    def __post_init__(self) -> None:
        for owner in self.owners.values():  # recorded with each event; the details only if new
            person_id = self.resolve(owner.customer_id)
            person = self.people.get(person_id)
            if person is not None and person.seen_at < owner.noted_at:
                self.people[person_id] = replace(person, seen_at=owner.noted_at)

    def identify(self, event: WebhookEvent, now: float) -> int:
        """Return the ID of the person that an event is about; 0 if it is about none."""
        if event.raw.get("group_id"):
            return 0
        at = min(event.occurred_at or now, now)
        seen, is_message = add_shared_number(event), isinstance(event, MessageEvent)
        if is_change(event):
            return self._follow_change(read_previous(event), seen, at)
        return self._find_or_add(seen, at, is_message=is_message) if list_keys(seen) else 0

    def resolve(self, customer_id: int) -> int:
        """Return the ID of the person that this one was merged into."""
        while customer_id in self.merged:
            customer_id = self.merged[customer_id]
        return customer_id

    # --- finding ----------------------------------------------------------------------------------

    def _find_or_add(self, seen: Customer, at: float, *, is_message: bool) -> int:
        person_id = self._find(seen, at, is_message=is_message) or self._add()
        if seen.user_id:
            self._merge_without_id(person_id, seen, at)
            person_id = self.resolve(person_id)
        elif not is_message and seen.phone and not self._has(person_id, seen.phone, at):
            return person_id  # of a message that was sent to a number that they had
        own = self._remove_others_number(person_id, seen, at)
        self._note_details(person_id, own, at)
        self._note_keys(person_id, own, at)
        return person_id

    def _find(self, seen: Customer, at: float, *, is_message: bool = True) -> int:
        """Return the person of a user ID, else of a number that has no other user ID; else 0.

        Someone who writes from a number after its owner gave it up is a different person.
        """
        for key in list_keys(seen):
            owner_id = self._find_owner_id(key)
            if not owner_id:
                continue
            if key[0] == PHONE:
                if seen.user_id and self.people[owner_id].user_id not in ("", seen.user_id):
                    continue
                if (seen.user_id or is_message) and not self._has(owner_id, seen.phone, at):
                    continue
            return owner_id
        return 0

    def _find_before(self, before: Customer, at: float) -> int:
        """Return who had these before a change; a number may belong to someone else by now."""
        found = self._find(replace(before, phone=""), at)
        if found or not before.phone:
            return found
        owner = self.owners.get((PHONE, normalize_number(before.phone)))
        return self._find(before, at) if owner and owner.noted_at <= at else 0

    def _has(self, owner_id: int, phone: str, at: float) -> bool:
        """Return whether a number is the person's, or was at that time."""
        known = self.people[owner_id]
        if known.id < 0 and not known.seen_at:
            return True  # just added
        key = (PHONE, normalize_number(phone))
        owner = self.owners.get(key)
        is_now = bool(known.phone) and normalize_number(known.phone) == key[1]
        return is_now or (owner is not None and at < owner.noted_at)

    def _remove_others_number(self, person_id: int, seen: Customer, at: float) -> Customer:
        """Omit a number that now belongs to someone else."""
        key = (PHONE, normalize_number(seen.phone))
        owner = self.owners.get(key)
        if owner and owner.noted_at > at and self._find_owner_id(key) != person_id:
            return replace(seen, phone="")
        return seen

    def _merge_without_id(self, person_id: int, seen: Customer, at: float) -> None:
        """Merge a person who was known by this number alone, before the user ID was seen."""
        other_id = self._find_owner_id((PHONE, normalize_number(seen.phone))) if seen.phone else 0
        if not other_id or other_id == person_id or self.people[other_id].user_id:
            return
        if self._has(other_id, seen.phone, at):
            self._merge(other_id, person_id)

    def _follow_change(self, before: Customer, after: Customer, at: float) -> int:
        """Merge the keys of a person from before and after a change of number or ID."""
        if not list_keys(before) or not list_keys(after):
            seen = after if list_keys(after) else before
            return self._find_or_add(seen, at, is_message=True) if list_keys(seen) else 0
        person_id = self._find_before(before, at) or self._add()
        self._merge_without_id(person_id, before, at)
        person_id = self.resolve(person_id)
        self._note_keys(person_id, before, at)
        earlier = self.people[person_id]
        for key in list_keys(after):
            later_id = self._find_owner_id(key)
            if later_id and later_id != person_id and self._is_same(key, later_id, after, at):
                self._merge(later_id, person_id)
                person_id = self.resolve(person_id)
        after = self._remove_others_number(person_id, after, at)
        gone = before
        if at >= earlier.seen_at and (not after.user_id or earlier.user_id != after.user_id):
            gone = Customer(user_id=earlier.user_id, phone=earlier.phone)
            self.people[person_id] = _remove_gone(self.people[person_id], gone)
        self._note_details(person_id, after, at, gone=gone)
        self._note_keys(person_id, after, at)
        return person_id

    def _is_same(self, key: Key, later_id: int, after: Customer, at: float) -> bool:
        """Return whether the person known by a new number or ID is the one who changed to it.

        A new ID is theirs. A new number is, unless it belonged to someone else before the change.
        """
        if key[0] == USER_ID:
            return True
        is_later = self.owners[key].noted_at >= at
        return is_later and self.people[later_id].user_id in ("", after.user_id)

    # --- noting -----------------------------------------------------------------------------------

    def _find_owner_id(self, key: Key) -> int:
        owner = self.owners.get(key)
        return self.resolve(owner.customer_id) if owner else 0

    def _add(self) -> int:
        self._last_new_id -= 1
        person_id = self._last_new_id
        self.people[person_id] = KnownCustomer(person_id)
        self.changed_people.add(person_id)
        return person_id

    def _merge(self, one_id: int, other_id: int) -> None:
        """Merge two rows into one person: the older one remains."""
        into, gone = sorted((one_id, other_id), key=lambda each: (each < 0, abs(each)))
        remaining, former = self.people[into], self.people.pop(gone)
        newer, older = (
            (remaining, former) if remaining.seen_at >= former.seen_at else (former, remaining)
        )
        values = (older.user_id, older.phone, *newer.former, *older.former)
        details = _fill(_read_details(newer), _read_details(older))
        earlier = _list_former(details, values)
        self.people[into] = KnownCustomer(into, *details, earlier, newer.seen_at)
        self.merged[gone] = into
        self.changed_people.add(into)

    def _note_details(
        self, person_id: int, seen: Customer, at: float, *, gone: Customer = NO_CUSTOMER
    ) -> None:
        """Record what an event says about a person; an older one only fills in what is unknown."""
        person = self.people[person_id]
        known, said = _read_details(person), _read_details(seen)
        newer, older = (said, known) if at >= person.seen_at else (known, said)
        details = _fill(newer, older)
        values = (person.user_id, person.phone, gone.user_id, gone.phone, seen.user_id, seen.phone)
        former = _list_former(details, (*values, *person.former))
        if (details, former) != (known, person.former):
            self.changed_people.add(person_id)
        seen_at = max(at, person.seen_at)
        self.people[person_id] = KnownCustomer(person_id, *details, former, seen_at)

    def _note_keys(self, person_id: int, seen: Customer, at: float) -> None:
        """Map the event's keys to the person, unless a later event says otherwise."""
        for key in list_keys(seen):
            owner_id, owner = self._find_owner_id(key), self.owners.get(key)
            if owner and owner.noted_at > at:
                continue
            if owner and owner_id == person_id and at == owner.noted_at:
                continue
            if owner_id and owner_id != person_id:
                self._lose_number(owner_id, key)
            self.owners[key] = KeyOwner(person_id, at)
            self.changed_keys.add(key)

    def _lose_number(self, owner_id: int, key: Key) -> None:
        """Record that a number belongs to someone else now: nothing may be sent to it for them."""
        owner = self.people[owner_id]
        if key[0] == PHONE and owner.phone and normalize_number(owner.phone) == key[1]:
            left = replace(owner, phone="")
            former = _list_former(_read_details(left), (owner.phone, *owner.former))
            self.people[owner_id] = replace(left, former=former)
            self.changed_people.add(owner_id)


def list_keys(seen: Customer) -> list[Key]:
    """Return the keys of a person, the most certain first."""
    ids = ((USER_ID, seen.user_id), (USER_ID, seen.parent_user_id))
    found = [(kind, value) for kind, value in ids if value]
    return [*found, (PHONE, normalize_number(seen.phone))] if seen.phone else found


def collect_keys(events: Sequence[WebhookEvent]) -> set[Key]:
    """Return every key that is needed to identify these events."""
    found: set[Key] = set()
    for event in events:
        found.update(list_keys(add_shared_number(event)))
        found.update(list_keys(read_previous(event)))
    return found


def is_change(event: WebhookEvent) -> bool:
    """Return whether an event reports a new number or user ID of a person."""
    if isinstance(event, MessageEvent):
        return event.kind == "system"
    return event.kind == USER_ID_UPDATE


def read_previous(event: WebhookEvent) -> Customer:
    """Return the keys of a person from before a change."""
    if isinstance(event, MessageEvent):
        return event.previous
    if event.kind == USER_ID_UPDATE:
        return Customer(user_id=find_first_text(as_object(event.raw.get("user_id")), "previous"))
    return NO_CUSTOMER


def add_shared_number(event: WebhookEvent) -> Customer:
    """Return the customer with the number that they share in answer to a request for it.

    A card that they pass on by hand may be anyone's.
    """
    seen = event.customer
    if not isinstance(event, MessageEvent) or event.kind != "contacts" or seen.phone:
        return seen
    raw: Mapping[str, Any] = event.raw
    origin = find_first_text(raw, "origin") or find_first_text(
        as_object(raw.get("contacts")), "origin"
    )
    if not origin.startswith(CONTACT_REQUEST):
        return seen
    for contact in iter_objects(raw.get("contacts")):
        for phone in iter_objects(contact.get("phones")):
            digits = "".join(filter(str.isdecimal, find_first_text(phone, "wa_id", "phone")))
            if digits:
                return replace(seen, phone=digits)
    return seen


def _read_details(seen: Customer | KnownCustomer) -> Details:
    return seen.user_id, seen.parent_user_id, seen.phone, seen.username, seen.name


def _remove_gone(person: KnownCustomer, gone: Customer) -> KnownCustomer:
    """Return the person without the ID and the number that they no longer have."""
    return replace(
        person,
        user_id="" if person.user_id == gone.user_id else person.user_id,
        phone="" if person.phone == gone.phone else person.phone,
    )


def _fill(newer: Details, older: Details) -> Details:
    """Return the newer details, completed from the older ones."""
    user_id, parent_user_id, phone, username, name = (
        new or old for new, old in zip(newer, older, strict=True)
    )
    return user_id, parent_user_id, phone, username, name


def _list_former(details: Details, values: Sequence[str]) -> tuple[str, ...]:
    user_id, _, phone, _, _ = details
    current = {"", user_id, phone}
    return tuple(value for value in dict.fromkeys(values) if value not in current)[:MAX_FORMER]
