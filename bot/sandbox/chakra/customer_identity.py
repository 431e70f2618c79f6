"""Identify customers as Meta's events do: by a number, a user ID, a username, or some of these."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.sandbox.chakra.whatsapp_ids import to_whatsapp_id

_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")


def is_user_id(identifier: str) -> bool:
    """Return whether it has the form of a business-scoped user ID, such as ``IN.1349…``."""
    return _USER_ID.fullmatch(identifier) is not None


@dataclass(frozen=True, slots=True)
class CustomerIdentity:
    """A person's data in Meta's events.

    ``phone`` (digits) is the person's own; with ``hides_number`` events don't have it, and with
    ``blank_fields`` they have "" instead. Without a ``user_id`` they are as before April 2026.
    """

    name: str
    phone: str = ""
    user_id: str = ""
    parent_user_id: str = ""
    username: str = ""
    hides_number: bool = False
    blank_fields: bool = False

    @property
    def visible_phone(self) -> str:
        return "" if self.hides_number else self.phone

    @property
    def key(self) -> str:
        """The address that the business can write to: the number if visible, else the user ID."""
        return self.visible_phone or self.user_id

    def matches(self, identifier: str) -> bool:
        if self.phone and to_whatsapp_id(identifier) == to_whatsapp_id(self.phone):
            return True
        return identifier in {self.user_id, self.parent_user_id} - {""}

    def build_contact(self) -> dict[str, Any]:
        """Return the item of ``contacts``."""
        profile = {"name": self.name} | ({"username": self.username} if self.username else {})
        return {"profile": profile, **self.build_fields("wa_id", "user_id", "parent_user_id")}

    def build_fields(self, phone: str, user_id: str, parent_user_id: str) -> dict[str, str]:
        """Return the identifiers under these names, without those that events don't have."""
        found = {user_id: self.user_id, parent_user_id: self.parent_user_id}
        named = {name: value for name, value in found.items() if value}
        if self.visible_phone or self.blank_fields:
            named = {phone: self.visible_phone, **named}
        return named
