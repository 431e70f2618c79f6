"""A message template as Meta stores it, its variables, and the seed (``template_seed/*.json``)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

SEED_DIRECTORY = Path(__file__).with_name("template_seed")
MODEL_CONFIG = ConfigDict(frozen=True, extra="forbid")
FIRST_ID = 1667192013751005
"""The ID of the first documented template; the rest of the seed is numbered from it."""

VARIABLE_PATTERN = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")

TemplateStatus = Literal[
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
TemplateCategory = Literal["MARKETING", "UTILITY", "AUTHENTICATION"]
QualityScore = Literal["GREEN", "YELLOW", "RED", "UNKNOWN"]
ComponentJson = Mapping[str, Any]

MEDIA_FORMATS = ("IMAGE", "VIDEO", "DOCUMENT")
"""Header formats with a media link."""


class EmbeddedTemplate(BaseModel):
    """A template. Field names are Meta's; ``components`` are its definitions, unchanged.

    ``edited_at`` is in epoch seconds, None if it was never edited.
    """

    model_config = MODEL_CONFIG

    id: str
    name: str
    language: str
    category: TemplateCategory
    components: tuple[ComponentJson, ...]
    status: TemplateStatus = "APPROVED"
    parameter_format: Literal["POSITIONAL", "NAMED"] = "POSITIONAL"
    rejected_reason: str = "NONE"
    quality: QualityScore = "UNKNOWN"
    previous_category: str = ""
    correct_category: str = ""
    sub_category: str = ""
    edited_at: float | None = None

    def find_component(self, kind: str) -> ComponentJson | None:
        return next(
            (component for component in self.components if component["type"].upper() == kind), None
        )

    @property
    def buttons(self) -> tuple[ComponentJson, ...]:
        buttons = self.find_component("BUTTONS")
        return tuple(buttons["buttons"]) if buttons else ()

    @property
    def header_format(self) -> str:
        """``TEXT``, ``IMAGE``, …; "" without a header."""
        header = self.find_component("HEADER")
        return str(header["format"]).upper() if header else ""

    @property
    def header_text(self) -> str:
        header = self.find_component("HEADER")
        return str(header.get("text", "")) if header else ""

    @property
    def sample_link(self) -> str:
        """The sample link of a media header, or ""."""
        header = self.find_component("HEADER") or {}
        handles = header.get("example", {}).get("header_handle", [])
        return str(handles[0]) if handles else ""

    @property
    def body_text(self) -> str:
        """ "" for authentication templates, whose text is Meta's own."""
        body = self.find_component("BODY")
        return str(body.get("text", "")) if body else ""

    def with_changes(self, **changes: Any) -> EmbeddedTemplate:
        """Return a validated copy with ``changes``. Raise pydantic's ``ValidationError``."""
        return EmbeddedTemplate.model_validate({**self.model_dump(), **changes})


def list_variable_names(text: str) -> tuple[str, ...]:
    """Return the distinct names in ``{{...}}``, in the order of their first use."""
    return tuple(dict.fromkeys(VARIABLE_PATTERN.findall(text)))


def fill_variables(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its values; a variable without one is left as it is."""
    return VARIABLE_PATTERN.sub(lambda found: values.get(found[1], found[0]), text)


@cache
def load_templates() -> tuple[EmbeddedTemplate, ...]:
    """Return the seed: the documented templates first, then file by file."""
    return tuple(
        EmbeddedTemplate.model_validate({"id": str(FIRST_ID + number), **row})
        for number, row in enumerate(_seed_rows())
    )


def _seed_rows() -> Iterator[dict[str, Any]]:
    for file in sorted(SEED_DIRECTORY.glob("*.json")):
        yield from json.loads(file.read_bytes())
