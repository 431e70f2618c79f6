"""A submission: the message that one interaction requests, and its hashes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.messages.details import SendDetails, seal_details
from bot.privacy import mask_phone

_HASH_KEY_CONTEXT = b"chakra-for-slack: recipients and contents of sends"


@dataclass(frozen=True, slots=True)
class Submission:
    """The message to send, and the interaction that requests it.

    ``key`` identifies the interaction: the ID of the view, or message and action; with
    ``has_content_in_key`` only together with content and recipient. ``recipient`` is a number in
    digits or another identifier ("lead LEAD-004038"); ``values`` are what else distinguishes two
    messages of one template. Neither is stored. ``display_recipient`` names the recipient where
    others can read it; a masked number if empty. ``details`` are stored encrypted.
    """

    key: str
    member: str
    template: str
    language: str
    recipient: str = field(repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    display_recipient: str = ""
    followable: bool = True
    has_content_in_key: bool = False
    details: SendDetails | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A submission as the database stores it: recipient masked, and hashed with its content.

    ``details`` are encrypted.
    """

    key: str
    member: str
    template: str
    language: str
    recipient: str
    recipient_hash: str
    content_hash: str
    followable: bool = True
    details: bytes | None = field(default=None, repr=False)


def derive_hash_key(secret: str) -> bytes:
    """Return the key of all hashes and details, derived from a secret that is not in the database.

    Without the secret, a stolen copy can't be searched by trying all phone numbers. With a new
    secret, recent sends are no longer recognized as duplicates, and details can't be read.
    """
    return hmac.digest(secret.encode(), _HASH_KEY_CONTEXT, "sha256")


def build_claim(submission: Submission, key: bytes) -> Claim:
    """Return the submission as it is stored, hashed and encrypted with ``key``."""
    digits = submission.recipient.removeprefix("+")
    content = [submission.template, submission.language, sorted(submission.values.items())]
    recipient_hash, content_hash = _hash(key, digits), _hash(key, json.dumps(content))
    this = f" {_hash(key, recipient_hash + content_hash)}" if submission.has_content_in_key else ""
    return Claim(
        key=submission.key + this,
        member=submission.member,
        template=submission.template,
        language=submission.language,
        recipient=submission.display_recipient or mask_phone(f"+{digits}"),
        recipient_hash=recipient_hash,
        content_hash=content_hash,
        followable=submission.followable,
        details=seal_details(submission.details, key),
    )


def _hash(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
