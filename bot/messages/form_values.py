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
FOUND = "found"
"""Fields of the form beside those that the template asks for. ``FOUND`` is there where a message
names several people: one of them, or ``OTHER`` for somebody who is typed."""
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Order:
    """``template`` is Meta's id of it, ``to`` the recipient as it was typed, ``sender`` Meta's id
    of the number; ``values`` by the keys of ``bot.templates.variables``. ``asked`` is the send
    about which the person was asked, and wants the same once more; ``tested`` is that of a test to
    oneself. ``found`` are the recipients to choose among, ``picked`` the one that was chosen, or
    ``OTHER``. Of ``files``, those that were chosen in the form, the name of the first stands among
    the values; no button carries them."""

    template: str = ""
    to: str = field(default="", repr=False)
    sender: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    asked: str = ""
    files: tuple[UploadedFile, ...] = ()
    found: tuple[str, ...] = field(default=(), repr=False)
    picked: str = field(default="", repr=False)
    tested: str = ""

    @classmethod
    def read(
        cls,
        entered: Mapping[str, str],
        state: Mapping[str, str] | None = None,
        uploads: UploadedFiles | None = None,
    ) -> Order:
        """Of a form's fields, which may be missing, and of what the form carries with it."""
        kept = state or {}
        own = (TEMPLATE, PHONE, FOUND, SENDER, FILE)
        picked = entered.get(FOUND, "")
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
            asked=kept.get("asked", ""),
            files=files,
            found=tuple(kept.get("found", "").split()),
            picked=picked,
            tested=kept.get("tested", ""),
        )

    @classmethod
    def to_one_of(cls, found: tuple[str, ...]) -> Order:
        """To the first, or nobody; several are a choice."""
        first = next(iter(found), "")
        return cls(to=first, found=found, picked=first) if len(found) > 1 else cls(to=first)

    def state(self) -> dict[str, str]:
        """What a form carries with it."""
        return {"asked": self.asked, "found": " ".join(self.found), "tested": self.tested}

    def written(self) -> str:
        """For a button's value; "" where it takes more than a button holds."""
        kept = {key: value for key, value in self.values.items() if key != FILE}
        parts = [self.template, self.to, self.sender, kept, self.asked]
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        return text if len(text) <= MAX_BUTTON_VALUE_LENGTH else ""

    @classmethod
    def restored(cls, value: str) -> Order:
        """Raises ``UsageError`` for what no button of today holds."""
        try:
            template, to, sender, values, asked = json.loads(value)
        except (ValueError, TypeError, RecursionError):
            raise _outdated() from None
        texts = (template, to, sender, asked)
        if not isinstance(values, dict) or not all(isinstance(one, str) for one in texts):
            raise _outdated()
        given = {str(key): str(item) for key, item in values.items() if key != FILE}
        return cls(template, to, sender, given, asked)

    def asked_about(self, send_id: int) -> Order:
        return replace(self, asked=str(send_id))


def _outdated() -> UsageError:
    return UsageError("That button belongs to an older message.", example="/chakra send")
