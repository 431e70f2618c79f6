"""The details of a send: recipient, values and text, stored encrypted for those who may read them.

They are for the sender, and for others who may send. Other readers of the database, or of the send
in a channel, get the masked recipient of its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from bot.sealing import Sealer

_KEY_PURPOSE = "details of sends"


@dataclass(frozen=True, slots=True)
class SendDetails:
    """``to`` is the recipient as the form accepts it: a number, or ``lead LEAD-004038``.

    ``name`` and ``number`` (with spaces) are "" if unknown. ``sender`` is the name of the sending
    number if there are several. ``text`` is what the recipient reads, as WhatsApp formats it.
    ``author`` is the name of the member who wrote it, if others read the report.
    """

    to: str = field(repr=False)
    name: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    template_id: str = ""
    sender_id: str = ""
    sender: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)
    author: str = field(default="", repr=False)


def seal_details(details: SendDetails | None, key: bytes) -> bytes | None:
    """Return the details encrypted with ``key``, which also hashes recipients."""
    return None if details is None else Sealer(key, _KEY_PURPOSE).seal(asdict(details))


def open_details(sealed: bytes | None, key: bytes) -> SendDetails | None:
    """Return the details of a row; None if it has none, was changed, or has a different key."""
    opened = Sealer(key, _KEY_PURPOSE).open(sealed)
    if opened is None:
        return None
    known = SendDetails.__dataclass_fields__
    return SendDetails(**{name: item for name, item in opened.items() if name in known})
