"""Notify a sender if Chakra's answer names another number than the one that was shown."""

from __future__ import annotations

from bot.privacy import MIN_PHONE_DIGITS
from bot.slack.blocks import bold, lines, markup, text_message
from bot.slack.commands.reply import Message
from bot.text.phones import format_international, normalize_number
from bot.webhooks.fields import MAX_PHONE_DIGITS


def is_other_number(answered: str, shown: str) -> bool:
    """Return whether ``answered`` is a number, and another one than ``shown``, which is in digits.

    Spellings of one number count as equal, as do those of former numbering plans. Without a shown
    number (a record whose number only Chakra knows) there is nothing to compare.
    """
    digits = answered.removeprefix("+")
    is_number = (
        digits.isascii()
        and digits.isdigit()
        and MIN_PHONE_DIGITS <= len(digits) <= MAX_PHONE_DIGITS
    )
    return bool(shown) and is_number and normalize_number(digits) != normalize_number(shown)


def render_other_recipient(template: str, shown: str, answered: str) -> Message:
    """Return the direct message to the sender."""
    meant, reached = map(format_international, (shown, answered.removeprefix("+")))
    return text_message(
        lines(
            [
                markup(":warning: ", bold(template), " may have gone to another number."),
                markup(f"It was sent to {meant}, and Chakra says that it went to {reached}."),
                markup("Check both chats in Chakra before you write again."),
            ]
        )
    )
