"""One vocabulary for the events of Chakra and Meta, whichever format they arrive in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

Json = Mapping[str, Any]

UNREADABLE = "unreadable"
"""Kind of an `UnknownEvent` whose own object does not have the documented shape."""


@dataclass(frozen=True, slots=True)
class Customer:
    """The person on WhatsApp that an event is about; each field is "" if the event omits it.

    ``user_id`` is Meta's business-scoped user ID and the key to use: it changes only with the
    number. ``phone`` (Meta's ``wa_id``, digits only) is missing for people with a private number.
    ``username`` may pass to someone else and ``name`` is free text: show them, never match by them.
    """

    user_id: str = ""
    parent_user_id: str = ""
    phone: str = ""
    username: str = ""
    name: str = ""


NO_CUSTOMER = Customer()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """What every event has.

    ``occurred_at`` is in seconds since 1970 by the sender's clock, 0 if not given.
    ``phone_number_id`` is Meta's ID of our number, ``waba_id`` that of the WhatsApp Business
    Account. ``raw`` is the event's own object as it arrived, with every field not named here.
    """

    label: ClassVar[str]
    """A word from a short list, for the metrics."""

    kind: str
    occurred_at: float = 0.0
    waba_id: str = ""
    phone_number_id: str = ""
    customer: Customer = field(default=NO_CUSTOMER, repr=False)
    raw: Json = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEvent(WebhookEvent):
    """The delivery status of a message that was sent; ``kind`` is one of `STATUS_KINDS`.

    ``wamid`` is Meta's ID of the message and ``message_id`` Chakra's; one of them may be "".
    ``error`` holds the reason for a failure in the vendor's shape.
    """

    label: ClassVar[str] = "status"

    wamid: str = ""
    message_id: str = ""
    error: object = field(default=None, repr=False)


STATUS_KINDS = frozenset({"sent", "delivered", "read", "played", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent(WebhookEvent):
    """A message from a customer, or an echo of one to them; ``kind`` is Meta's message type.

    Echoes (``is_echo``) are messages that the business sent by hand from the phone app. With
    ``is_standby`` Meta's own agent holds the conversation. A ``system`` message reports that the
    customer's number or ID changed, ``previous`` being the old one.
    """

    label: ClassVar[str] = "message"

    wamid: str = ""
    message_id: str = ""
    is_echo: bool = False
    is_standby: bool = False
    previous: Customer = field(default=NO_CUSTOMER, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEvent(WebhookEvent):
    """A change to a template; ``kind`` is ``status``, ``quality``, ``category``, ``components``."""

    label: ClassVar[str] = "template"

    template_id: str = ""
    name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent(WebhookEvent):
    """A change to the account, one of its numbers or a customer's preferences.

    ``kind`` is Meta's field name, such as ``account_update`` or ``user_preferences``; the other
    fields that Meta documents (``calls``, ``history`` …) are here too.
    """

    label: ClassVar[str] = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(WebhookEvent):
    """An event of a kind that this release does not know, or an `UNREADABLE` one."""

    label: ClassVar[str] = "other"


def choose_metric_label(event: WebhookEvent) -> str:
    """Return a word from a short list for the metrics."""
    return "echo" if isinstance(event, MessageEvent) and event.is_echo else event.label
