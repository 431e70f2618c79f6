"""The details of a send: recipient, values and text, stored encrypted for those who may read them.

They are for the sender, and for others who may send. Other readers of the database, or of the send
in a channel, get the masked recipient of its row.
"""

from __future__ import annotations

import base64
import hmac
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_KEY_PURPOSE = b"details of sends"


@dataclass(frozen=True, slots=True)
class SendDetails:
    """``to`` names the recipient as the form takes it: a number, or ``lead LEAD-004038``.

    ``name`` and ``number`` (with spaces) are "" if unknown. ``sender`` is the name of the sending
    number if there are several. ``text`` is what the recipient reads, as WhatsApp formats it.
    """

    to: str = field(repr=False)
    name: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    template_id: str = ""
    sender_id: str = ""
    sender: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)


def seal_details(details: SendDetails | None, key: bytes) -> bytes | None:
    """Return the details encrypted with ``key``, which also hashes recipients."""
    if details is None:
        return None
    text = json.dumps(asdict(details), ensure_ascii=False, separators=(",", ":"))
    return _cipher(key).encrypt(zlib.compress(text.encode()))


def open_details(sealed: bytes | None, key: bytes) -> SendDetails | None:
    """Return the details of a row; None if it has none, was changed, or the key was another one."""
    from cryptography.fernet import InvalidToken

    if not sealed:
        return None
    try:
        text = zlib.decompress(_cipher(key).decrypt(sealed))
    except InvalidToken:
        return None
    known = SendDetails.__dataclass_fields__
    return SendDetails(**{name: item for name, item in json.loads(text).items() if name in known})


def _cipher(key: bytes) -> Fernet:
    from cryptography.fernet import Fernet  # loads OpenSSL, which only sends need

    own_key = hmac.digest(key, _KEY_PURPOSE, "sha256")
    return Fernet(base64.urlsafe_b64encode(own_key))
