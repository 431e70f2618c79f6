"""A customer: one person on WhatsApp, with the numbers and IDs that Meta has used for them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A person on WhatsApp, as last seen; a field is "" if no event has had it.

    ``id`` is ours and never changes; ``user_id`` is Meta's business-scoped user ID. ``phone``
    (digits) is missing for people with a private number. ``former`` are the numbers and user IDs
    that they had before, latest first. ``seen_at`` is the time of the latest event about them, in
    seconds since 1970.
    """

    id: int
    user_id: str = ""
    parent_user_id: str = ""
    phone: str = field(default="", repr=False)
    username: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    former: tuple[str, ...] = field(default=(), repr=False)
    seen_at: float = 0.0
