"""What a customer is called in a channel."""

from __future__ import annotations

from bot.chakra.text import has_visible_text
from bot.customers.customer import KnownCustomer
from bot.privacy import mask_phone
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup
from bot.text.normalize import normalize

UNKNOWN_NAME = "A customer"
MAX_NAME_LENGTH = 80


def format_customer_name(customer: KnownCustomer) -> str:
    """Return what to call the customer in a channel; never empty."""
    name = customer.name if has_visible_text(customer.name) else ""
    return blocks.clip(name or _format_address(customer) or UNKNOWN_NAME, MAX_NAME_LENGTH)


def format_bold_name(name: str) -> Markup:
    """Return a name in bold; a username isn't, as "*@" looks like an email address to the masks."""
    return markup(name) if name.startswith("@") else bold(name)


def format_customer_address(customer: KnownCustomer) -> str:
    """Return the masked number or the username; "" if that is the name already, or unknown."""
    address = _format_address(customer)
    return "" if address == format_customer_name(customer) else address


def _format_address(customer: KnownCustomer) -> str:
    if customer.phone:
        return mask_phone(f"+{customer.phone}")
    return f"@{customer.username}" if customer.username else ""


def is_called(name: str, typed: str) -> bool:
    """Return whether each word that was typed begins a word of the name."""
    words, parts = normalize(name).split(), normalize(typed).split()
    return bool(words) and all(any(word.startswith(part) for word in words) for part in parts)
