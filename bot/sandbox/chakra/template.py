"""A message template as Meta stores it, its variables, and the seed (``template_seed/*.json``)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

SEED = Path(__file__).with_name("template_seed")
SHAPE = ConfigDict(frozen=True, extra="forbid")
FIRST_ID = 1667192013751005
"""The ID of the first documented template; the rest of the seed is numbered from it."""

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")

Status = Literal[
    "APPROVED",
    "IN_APPEAL",
    "PENDING",
    "REJECTED",
    "PENDING_DELETION",
    "DELETED",
    "DISABLED",
    "PAUSED",
    "LIMIT_EXCEEDED",
    "ARCHIVED",
]
Category = Literal["MARKETING", "UTILITY", "AUTHENTICATION"]
Score = Literal["GREEN", "YELLOW", "RED", "UNKNOWN"]
Component = Mapping[str, Any]

MEDIA = ("IMAGE", "VIDEO", "DOCUMENT")
"""Header formats with a media link."""


class Template(BaseModel):
    """A template. Field names are Meta's; ``components`` are its definitions, unchanged.

    ``edited_at`` is in epoch seconds, None if it was never edited.
    """

    model_config = SHAPE

    id: str
    name: str
    language: str
    category: Category
    components: tuple[Component, ...]
    status: Status = "APPROVED"
    parameter_format: Literal["POSITIONAL", "NAMED"] = "POSITIONAL"
    rejected_reason: str = "NONE"
    quality: Score = "UNKNOWN"
    previous_category: str = ""
    sub_category: str = ""
    edited_at: float | None = None

    def component(self, kind: str) -> Component | None:
        return next((one for one in self.components if one["type"].upper() == kind), None)

    @property
    def buttons(self) -> tuple[Component, ...]:
        buttons = self.component("BUTTONS")
        return tuple(buttons["buttons"]) if buttons else ()

    @property
    def header_format(self) -> str:
        """``TEXT``, ``IMAGE``, …; "" without a header."""
        header = self.component("HEADER")
        return str(header["format"]).upper() if header else ""

    @property
    def header_text(self) -> str:
        header = self.component("HEADER")
        return str(header.get("text", "")) if header else ""

    @property
    def sample(self) -> str:
        """The sample link of a media header, or ""."""
        header = self.component("HEADER") or {}
        handles = header.get("example", {}).get("header_handle", [])
        return str(handles[0]) if handles else ""

    @property
    def body_text(self) -> str:
        """ "" for authentication templates, whose text is Meta's own."""
        body = self.component("BODY")
        return str(body.get("text", "")) if body else ""

    def changed(self, **changes: Any) -> Template:
        """Return a validated copy with ``changes``. Raise pydantic's ``ValidationError``."""
        return Template.model_validate({**self.model_dump(), **changes})


def variables_in(text: str) -> tuple[str, ...]:
    """Return the distinct names in ``{{...}}``, in the order of their first use."""
    return tuple(dict.fromkeys(VARIABLE.findall(text)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its values; a variable without one is left as it is."""
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def read_templates() -> tuple[Template, ...]:
    """Return the seed: the documented templates first, then file by file."""
    return tuple(
        Template.model_validate({"id": str(FIRST_ID + number), **row})
        for number, row in enumerate(_rows())
    )


def _rows() -> Iterator[dict[str, Any]]:
    for file in sorted(SEED.glob("*.json")):
        yield from json.loads(file.read_bytes())
