"""What can be sent on WhatsApp, as bodies of requests (contract sections 2.4, 3.1, 3.2 and 9.1).

`TemplateMessage` is Chakra's own format; the others are Meta's, which Chakra passes on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

JsonObject = dict[str, object]

_SPACE_RUN = re.compile(r" {5,}")


def invalid_value_reason(value: str) -> str | None:
    """Why Meta refuses a value for a variable: "empty", "line break", "tab" or "spaces" (more than
    four in a row); nothing where it is fit."""
    if not value.strip():
        return "empty"
    if re.search(r"[\n\r\v\f\x85\u2028\u2029]", value):
        return "line break"
    if "\t" in value:
        return "tab"
    return "spaces" if _SPACE_RUN.search(value) else None


# --- Chakra's format ----------------------------------------------------------------------------


class TemplateParameter(BaseModel):
    """The name is "1" for `{{1}}`; that a named variable goes by its name is INFERRED."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    schema_property_name: str
    schema_property_value: str = Field(repr=False)


class TemplateMessage(BaseModel):
    """A template with what fills it: to a phone number or, INFERRED to be the same, for a process.

    `whatsapp_phone_number_id` is Meta's id of the sending number. `language` is needed where a
    name exists in several. At most one of the three URLs; `filename` is for a document.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    whatsapp_phone_number_id: str
    template_name: str
    language: str | None = None
    mapping: tuple[TemplateParameter, ...] = ()
    header_mapping: tuple[TemplateParameter, ...] = ()
    button_mapping: tuple[TemplateParameter, ...] = ()
    image_url: str | None = Field(default=None, repr=False)
    video_url: str | None = Field(default=None, repr=False)
    document_url: str | None = Field(default=None, repr=False)
    filename: str | None = Field(default=None, repr=False)
    location_latitude: float | None = Field(default=None, repr=False)
    location_longitude: float | None = Field(default=None, repr=False)
    location_name: str | None = Field(default=None, repr=False)
    location_address: str | None = Field(default=None, repr=False)
    otp_code: str | None = Field(default=None, repr=False)

    def body(self) -> JsonObject:
        dumped = self.model_dump(by_alias=True, exclude_none=True)
        return {name: value for name, value in dumped.items() if value != ()}


def build_parameters(values: Mapping[str, str]) -> tuple[TemplateParameter, ...]:
    """Variable -> value, as the three mappings of `TemplateMessage` want it."""
    return tuple(
        TemplateParameter(schema_property_name=name, schema_property_value=value)
        for name, value in values.items()
    )


# --- Meta's format ------------------------------------------------------------------------------


class MetaPayload(Protocol):
    """Anything for the pass-through. `to` is digits only, with the country code."""

    def body(self) -> JsonObject: ...


@dataclass(frozen=True)
class TextParameter:
    """`name` is required where the template's variables have names."""

    text: str
    name: str = ""

    def body(self) -> JsonObject:
        named = {"parameter_name": self.name} if self.name else {}
        return {"type": "text", "text": self.text, **named}


@dataclass(frozen=True)
class MediaParameter:
    """`kind` is "image", "video" or "document"; `filename` is for a document."""

    kind: str
    link: str
    filename: str = ""

    def body(self) -> JsonObject:
        named = {"filename": self.filename} if self.filename else {}
        return {"type": self.kind, self.kind: {"link": self.link, **named}}


@dataclass(frozen=True)
class LocationParameter:
    latitude: float
    longitude: float
    name: str = ""
    address: str = ""

    def body(self) -> JsonObject:
        place = {"latitude": self.latitude, "longitude": self.longitude}
        named = {"name": self.name, "address": self.address}
        return {
            "type": "location",
            "location": place | {name: words for name, words in named.items() if words},
        }


BUTTON_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "url": ("text", "text"),
    "quick_reply": ("payload", "payload"),
    "copy_code": ("coupon_code", "coupon_code"),
}
"""`sub_type` -> the type of its parameter, and the field that holds the value."""


@dataclass(frozen=True)
class ButtonParameter:
    """`sub_type` is one of `BUTTON_PARAMETERS`, `index` the button's place among all, from 0."""

    sub_type: str
    index: int
    value: str

    def body(self) -> JsonObject:
        parameter_type, field = BUTTON_PARAMETERS[self.sub_type]
        return {
            "type": "button",
            "sub_type": self.sub_type,
            "index": str(self.index),
            "parameters": [{"type": parameter_type, field: self.value}],
        }


@dataclass(frozen=True)
class MetaTemplate:
    to: str
    name: str
    language: str
    header: TextParameter | MediaParameter | LocationParameter | None = None
    text: tuple[TextParameter, ...] = ()
    buttons: tuple[ButtonParameter, ...] = ()

    def body(self) -> JsonObject:
        header = [{"type": "header", "parameters": [self.header.body()]}] if self.header else []
        text = {"type": "body", "parameters": [one.body() for one in self.text]}
        return {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": self.to,
            "type": "template",
            "template": {
                "name": self.name,
                "language": {"policy": "deterministic", "code": self.language},
                "components": [*header, text, *(one.body() for one in self.buttons)],
            },
        }


@dataclass(frozen=True)
class SessionText:
    """Free words, only within 24 hours after the recipient last wrote."""

    to: str
    text: str

    def body(self) -> JsonObject:
        return {
            "messaging_product": "whatsapp",
            "to": self.to,
            "type": "text",
            "text": {"body": self.text},
        }


@dataclass(frozen=True)
class SessionMedia:
    """`kind` is "image", "video", "audio" or "document"; audio takes no caption. Within 24 hours,
    like `SessionText`."""

    to: str
    kind: str
    link: str
    caption: str = ""
    filename: str = ""

    def body(self) -> JsonObject:
        optional = {"caption": self.caption, "filename": self.filename}
        given_fields = {name: words for name, words in optional.items() if words}
        return {
            "messaging_product": "whatsapp",
            "to": self.to,
            "type": self.kind,
            self.kind: {"link": self.link, **given_fields},
        }
