"""What a person wants sent, as far as it is known: read from a form, carried by a button."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.errors import UsageError
from bot.slack.blocks import MAX_BUTTON_VALUE_LENGTH
from bot.slack.commands.command import UploadedFile, UploadedFiles
from bot.templates.variables import FILE

TEMPLATE, PHONE, SENDER = "template", "phone", "sender"
CANDIDATES = "found"
"""Fields of the form beside those that the template asks for. ``CANDIDATES`` is there where a
message
names several people: one of them, or ``OTHER_EVENT_TYPE`` for somebody who is typed."""
OTHER = "other"


@dataclass(frozen=True, slots=True)
class SendForm:
    """``template`` is Meta's id of it, ``to`` the recipient as it was typed, ``sender`` Meta's id
    of the number; ``values`` by the keys of ``bot.templates.variables``. ``asked`` is the send
    about which the person was asked, and wants the same once more; ``tested`` is that of a test to
    oneself. ``found`` are the recipients to choose among, ``picked`` the one that was chosen, or
    ``OTHER_EVENT_TYPE``. Of ``files``, those that were chosen in the form, the name of the first
    stands among
    the values; no button carries them."""

    template: str = ""
    to: str = field(default="", repr=False)
    sender: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    confirmed_duplicate_of: str = ""
    files: tuple[UploadedFile, ...] = ()
    candidates: tuple[str, ...] = field(default=(), repr=False)
    selected: str = field(default="", repr=False)
    test_send_id: str = ""

    @classmethod
    def from_values(
        cls,
        entered: Mapping[str, str],
        state: Mapping[str, str] | None = None,
        uploads: UploadedFiles | None = None,
    ) -> SendForm:
        """Of a form's fields, which may be missing, and of what the form carries with it."""
        carried = state or {}
        own = (TEMPLATE, PHONE, CANDIDATES, SENDER, FILE)
        picked = entered.get(CANDIDATES, "")
        typed = entered.get(PHONE, "").strip()
        files = (uploads or {}).get(FILE, ())
        values = {key: value for key, value in entered.items() if key not in own and value}
        if files:
            values[FILE] = files[0].name.strip() or files[0].id
        return cls(
            template=entered.get(TEMPLATE, ""),
            to=typed if picked in ("", OTHER) else picked,
            sender=entered.get(SENDER, ""),
            values=values,
            confirmed_duplicate_of=carried.get("asked", ""),
            files=files,
            candidates=tuple(carried.get("found", "").split()),
            selected=picked,
            test_send_id=carried.get("tested", ""),
        )

    @classmethod
    def to_candidates(cls, candidates: tuple[str, ...]) -> SendForm:
        """To the first, or nobody; several are a choice."""
        first = next(iter(candidates), "")
        return (
            cls(to=first, candidates=candidates, selected=first)
            if len(candidates) > 1
            else cls(to=first)
        )

    def to_state(self) -> dict[str, str]:
        """What a form carries with it."""
        return {
            "asked": self.confirmed_duplicate_of,
            "found": " ".join(self.candidates),
            "tested": self.test_send_id,
        }

    def to_value(self) -> str:
        """For a button's value; "" where it takes more than a button holds."""
        text_values = {key: value for key, value in self.values.items() if key != FILE}
        parts = [self.template, self.to, self.sender, text_values, self.confirmed_duplicate_of]
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        return text if len(text) <= MAX_BUTTON_VALUE_LENGTH else ""

    @classmethod
    def from_value(cls, value: str) -> SendForm:
        """Raises ``UsageError`` for what no button of today holds."""
        try:
            template, to, sender, values, asked = json.loads(value)
        except (ValueError, TypeError, RecursionError):
            raise _outdated_error() from None
        texts = (template, to, sender, asked)
        if not isinstance(values, dict) or not all(isinstance(text, str) for text in texts):
            raise _outdated_error()
        given = {str(key): str(item) for key, item in values.items() if key != FILE}
        return cls(template, to, sender, given, asked)

    def with_confirmed_duplicate(self, send_id: int) -> SendForm:
        return replace(self, confirmed_duplicate_of=str(send_id))


def _outdated_error() -> UsageError:
    return UsageError("That button belongs to an older message.", example="/chakra send")
