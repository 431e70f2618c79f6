"""A typed line that adds an opt-out: the number or the person, and how they asked for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bot.customers.opt_out_query import find_several, split_number
from bot.errors import NotFound, UsageError
from bot.messages.recipients import RecipientResolver
from bot.slack.blocks import Markup, bold, clip, markup
from bot.slack.commands.arguments import Arguments
from bot.text.phones import format_international

MAX_NAME_WORDS: Final = 3
"""Words at the beginning of a line that are looked for as a name."""
MAX_SHOWN_LENGTH: Final = 60


@dataclass(frozen=True, slots=True)
class TypedOptOut:
    """``note`` is a sentence for the form about what the words before the reason mean."""

    phone: str = field(default="", repr=False)
    reason: str = field(default="", repr=False)
    note: Markup = field(default=markup(), repr=False)


async def read_opt_out(
    line: Arguments, recipients: RecipientResolver, *, example: str
) -> TypedOptOut:
    """Return what a line says. A person's number is only for the form, where it is shown first.

    Raise ``UsageError`` for several numbers and several people, and an error of Chakra.
    """
    phone, reason = split_number(line)
    if find_several(line):
        raise UsageError("That's more than one number. Add them one at a time.", example=example)
    if phone or not reason:
        return TypedOptOut(phone, reason)
    words = reason.split()
    for length in range(min(MAX_NAME_WORDS, len(words)), 0, -1):
        try:
            found = await recipients.resolve(" ".join(words[:length]))
        except NotFound:
            continue
        shown = markup("This is ", bold(clip(found.name or found.label, MAX_SHOWN_LENGTH)), ".")
        number = format_international(found.digits) if found.digits else ""
        return TypedOptOut(number, " ".join(words[length:]), shown)
    unknown = markup("Can't find ", bold(clip(reason, MAX_SHOWN_LENGTH)), ". Enter the number.")
    return TypedOptOut(note=unknown)
