"""A button's value as a typed and validated model."""

from __future__ import annotations

import json
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict

from bot.errors import UsageError

MAX_VALUE_LENGTH = 2_000
"""Characters. docs.slack.dev/reference/block-kit/block-elements/button-element"""
MAX_ROW_ID_DIGITS = 15


class OutdatedButton(UsageError):
    """The button comes from an older version of the app, or its value is not one of ours."""

    def __init__(self, example: str) -> None:
        super().__init__("This button is out of date.", example=example)


class ValueTooLong(ValueError):
    """The state does not fit into a button's value."""


class ButtonState(BaseModel):
    """The base of every typed button value.

    The value is a compact JSON array of the fields, in the order of their declaration. Buttons that
    are already posted stay valid if a field with a default is added at the end.
    """

    model_config = ConfigDict(frozen=True, strict=True, defer_build=True, extra="forbid")

    command: ClassVar[str]
    """The line that the person can type instead, such as ``/chakra users``."""

    def to_value(self) -> str:
        """Return the button's value. Raise ``ValueTooLong``."""
        items = list(self.model_dump(mode="json").values())
        value = json.dumps(items, ensure_ascii=False, separators=(",", ":"))
        if len(value) > MAX_VALUE_LENGTH:
            raise ValueTooLong(f"{type(self).__name__} takes {len(value)} characters")
        return value

    @classmethod
    def from_value(cls, value: str) -> Self:
        """Return the state of a pressed button. Raise ``OutdatedButton``."""
        try:
            items = json.loads(value)
            if not isinstance(items, list) or len(items) > len(cls.model_fields):
                raise OutdatedButton(cls.command)
            named = dict(zip(cls.model_fields, items, strict=False))
            # In JSON mode, strings may become enums and arrays tuples even though it is strict.
            return cls.model_validate_json(json.dumps(named))
        except (ValueError, RecursionError):
            raise OutdatedButton(cls.command) from None


def parse_row_id(value: str, command: str) -> int:
    """Return the database ID in a button's value. Raise ``OutdatedButton``."""
    if not (value.isascii() and value.isdigit()) or len(value) > MAX_ROW_ID_DIGITS:
        raise OutdatedButton(command)
    return int(value)
