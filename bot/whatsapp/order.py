"""What a person wants sent, as far as it is known: read from a form, carried by a button."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.errors import UsageError
from bot.slack.blocks import BUTTON_VALUE
from bot.slack.command import UploadedFile, Uploads
from bot.whatsapp.variables import FILE

TEMPLATE, PHONE, SENDER = "template", "phone", "sender"
"""Fields of the form beside those that the template asks for."""


@dataclass(frozen=True, slots=True)
class Order:
    """``template`` is Meta's id of it, ``to`` the recipient as it was typed, ``sender`` Meta's id
    of the number; ``values`` by the keys of ``bot.whatsapp.variables``. ``asked`` is the send about
    which the person was asked, and wants the same once more. Of ``files``, those that were chosen
    in the form, the name of the first stands among the values; no button carries them."""

    template: str = ""
    to: str = field(default="", repr=False)
    sender: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    asked: str = ""
    files: tuple[UploadedFile, ...] = ()

    @classmethod
    def read(
        cls, entered: Mapping[str, str], asked: str = "", uploads: Uploads | None = None
    ) -> Order:
        """Of a form's fields, which may be missing."""
        own = (TEMPLATE, PHONE, SENDER, FILE)
        files = (uploads or {}).get(FILE, ())
        values = {key: value for key, value in entered.items() if key not in own and value}
        if files:
            values[FILE] = files[0].name.strip() or files[0].id
        return cls(
            template=entered.get(TEMPLATE, ""),
            to=entered.get(PHONE, "").strip(),
            sender=entered.get(SENDER, ""),
            values=values,
            asked=asked,
            files=files,
        )

    def written(self) -> str:
        """For a button's value; "" where it takes more than a button holds."""
        kept = {key: value for key, value in self.values.items() if key != FILE}
        parts = [self.template, self.to, self.sender, kept, self.asked]
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        return text if len(text) <= BUTTON_VALUE else ""

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
