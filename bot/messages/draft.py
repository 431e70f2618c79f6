"""A filled-in form in the state of a view, which sends exactly what it shows."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

from bot.errors import UsageError
from bot.messages.form_values import TOO_LONG_MESSAGE, SendForm, pack, unpack, unpack_files
from bot.slack.button_state import OutdatedButton

FORM, DIGEST = "draft", "digest"
MAX_PACKED_LENGTH = 2_300
"""Characters: this leaves room for other things in the 3,000 of a view's metadata."""


@dataclass(frozen=True, slots=True)
class Draft:
    """``digest`` is that of the send that the person was shown, see ``PreparedSend.digest``."""

    form: SendForm
    digest: str = ""

    def to_state(self) -> dict[str, str]:
        """Return the state. Raise ``UsageError`` if it is longer than a view can carry."""
        text = json.dumps(asdict(self.form), ensure_ascii=False, separators=(",", ":"))
        packed = pack(text)
        if len(packed) > MAX_PACKED_LENGTH:
            raise UsageError(TOO_LONG_MESSAGE)
        return {FORM: packed, DIGEST: self.digest}

    @classmethod
    def from_state(cls, state: Mapping[str, str]) -> Self:
        """Return the draft of a view. Raise ``OutdatedButton`` if it has none."""
        try:
            stored = json.loads(unpack(state.get(FORM, "")))
            files, earlier = (unpack_files(stored.pop(name)) for name in ("files", "earlier_files"))
            candidates = tuple(stored.pop("candidates"))
            form = SendForm(**stored, files=files, earlier_files=earlier, candidates=candidates)
        except (ValueError, TypeError, KeyError, AttributeError, zlib.error):
            raise OutdatedButton("/chakra send") from None
        return cls(form, state.get(DIGEST, ""))
