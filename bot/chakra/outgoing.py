"""Messages to send on WhatsApp, as request bodies (API.md, Messages).

``TemplateMessage`` is in Chakra's format; the others are in Meta's, which Chakra passes on.
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


def explain_invalid_value(value: str) -> str | None:
    """Return why Meta rejects a value of a variable, or ``None`` if it is valid.

    The reason is "empty", "line break", "tab" or "spaces" (more than four in a row).
    """
    if not value.strip():
        return "empty"
    if re.search(r"[\n\r\v\f\x85\u2028\u2029]", value):
        return "line break"
    if "\t" in value:
        return "tab"
    return "spaces" if _SPACE_RUN.search(value) else None


# --- Chakra's format ----------------------------------------------------------------------------


class TemplateParameter(BaseModel):
    """A variable and its value.

    The name is "1" for ``{{1}}``; that a named variable has its own name here is INFERRED.
    """

    model_config = ConfigDict(
        frozen=True,
        defer_build=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
    )

    schema_property_name: str
    schema_property_value: str = Field(repr=False)


class TemplateMessage(BaseModel):
    """A template with its values, for a phone number or a process (the latter INFERRED).

    ``whatsapp_phone_number_id`` is Meta's ID of the sender number. ``language`` is required if the
    name exists in several. At most one of the three URLs is set; ``filename`` is for a document.
    """

    model_config = ConfigDict(
        frozen=True,
        defer_build=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
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

    def to_body(self) -> JsonObject:
        """Return the JSON body."""
        dumped = self.model_dump(by_alias=True, exclude_none=True)
        return {name: value for name, value in dumped.items() if value != ()}


def build_parameters(values: Mapping[str, str]) -> tuple[TemplateParameter, ...]:
    """Return the values by variable in the form of the mappings of ``TemplateMessage``."""
    return tuple(
        TemplateParameter(schema_property_name=name, schema_property_value=value)
        for name, value in values.items()
    )


# --- Meta's format ------------------------------------------------------------------------------


class MetaPayload(Protocol):
    """A message in Meta's format. ``to`` is digits only, with the country code."""

    def to_body(self) -> JsonObject:
        """Return the JSON body."""
        ...


@dataclass(frozen=True)
class TextParameter:
    """A text value. ``name`` is required if the template's variables have names."""

    text: str
    name: str = ""

    def to_body(self) -> JsonObject:
        named = {"parameter_name": self.name} if self.name else {}
        return {"type": "text", "text": self.text, **named}


@dataclass(frozen=True)
class MediaParameter:
    """A file of a header. ``kind`` is "image", "video" or "document"; only documents are named."""

    kind: str
    link: str
    filename: str = ""

    def to_body(self) -> JsonObject:
        named = {"filename": self.filename} if self.filename else {}
        return {"type": self.kind, self.kind: {"link": self.link, **named}}


@dataclass(frozen=True)
class LocationParameter:
    """The location of a header."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""

    def to_body(self) -> JsonObject:
        coordinates = {"latitude": self.latitude, "longitude": self.longitude}
        texts = {"name": self.name, "address": self.address}
        return {
            "type": "location",
            "location": coordinates | {name: text for name, text in texts.items() if text},
        }


@dataclass(frozen=True)
class ActionParameter:
    """The value of a button that opens something in WhatsApp.

    ``sub_type`` is "CATALOG", whose value is the ID of the product that is shown, or "flow", whose
    value is the token that Meta returns with the answers. A catalog button without a value shows
    the first product.
    """

    sub_type: str
    index: int
    value: str = ""

    def to_body(self) -> JsonObject:
        name = ACTION_VALUE_NAMES[self.sub_type]
        action = {"type": "action", "action": {name: self.value}}
        return {
            "type": "button",
            "sub_type": self.sub_type,
            "index": str(self.index),
            **({"parameters": [action]} if self.value else {}),
        }


ACTION_VALUE_NAMES: Mapping[str, str] = {
    "CATALOG": "thumbnail_product_retailer_id",
    "flow": "flow_token",
}
"""The name of the value, by ``sub_type``. Meta's pages on catalog templates and on flows."""

BUTTON_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "url": ("text", "text"),
    "quick_reply": ("payload", "payload"),
    "copy_code": ("coupon_code", "coupon_code"),
}
"""The type of the parameter and the field of its value, by ``sub_type``."""


@dataclass(frozen=True)
class ButtonParameter:
    """A button's value. ``sub_type`` is a key of ``BUTTON_PARAMETERS``; ``index`` is from 0."""

    sub_type: str
    index: int
    value: str

    def to_body(self) -> JsonObject:
        parameter_type, field = BUTTON_PARAMETERS[self.sub_type]
        return {
            "type": "button",
            "sub_type": self.sub_type,
            "index": str(self.index),
            "parameters": [{"type": parameter_type, field: self.value}],
        }


HeaderParameter = TextParameter | MediaParameter | LocationParameter


@dataclass(frozen=True)
class MetaCard:
    """The values of one card of a carousel."""

    header: HeaderParameter | None = None
    text: tuple[TextParameter, ...] = ()
    buttons: tuple[ButtonParameter | ActionParameter, ...] = ()

    def to_body(self, index: int) -> JsonObject:
        """Return the card, whose text has no component if it has no variables."""
        header, text = _build_header_component(self.header), _build_text_component(self.text)
        components = [*header, *([text] if self.text else [])]
        buttons = [button.to_body() for button in self.buttons]
        return {"card_index": index, "components": [*components, *buttons]}


@dataclass(frozen=True)
class MetaTemplate:
    """A template with its values. ``expires_at`` is the end of its offer, in epoch seconds."""

    to: str
    name: str
    language: str
    header: HeaderParameter | None = None
    text: tuple[TextParameter, ...] = ()
    buttons: tuple[ButtonParameter | ActionParameter, ...] = ()
    cards: tuple[MetaCard, ...] = ()
    expires_at: int | None = None

    def to_body(self) -> JsonObject:
        components = [*_build_header_component(self.header), _build_text_component(self.text)]
        if self.expires_at is not None:
            offer = {"expiration_time_ms": self.expires_at * 1000}
            parameter = {"type": "limited_time_offer", "limited_time_offer": offer}
            components.append({"type": "limited_time_offer", "parameters": [parameter]})
        if self.cards:
            cards = [card.to_body(index) for index, card in enumerate(self.cards)]
            components.append({"type": "carousel", "cards": cards})
        return {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": self.to,
            "type": "template",
            "template": {
                "name": self.name,
                "language": {"policy": "deterministic", "code": self.language},
                "components": [*components, *(button.to_body() for button in self.buttons)],
            },
        }


def _build_header_component(header: HeaderParameter | None) -> list[JsonObject]:
    return [{"type": "header", "parameters": [header.to_body()]}] if header else []


def _build_text_component(text: tuple[TextParameter, ...]) -> JsonObject:
    return {"type": "body", "parameters": [parameter.to_body() for parameter in text]}


@dataclass(frozen=True)
class SessionText:
    """A free text, accepted only within 24 hours after the recipient's last message.

    ``quoted_wamid`` is the message that WhatsApp shows above it, if any.
    """

    to: str
    text: str
    quoted_wamid: str = ""

    def to_body(self) -> JsonObject:
        return {
            "messaging_product": "whatsapp",
            "to": self.to,
            "type": "text",
            "text": {"body": self.text},
            **_build_quote(self.quoted_wamid),
        }


@dataclass(frozen=True)
class SessionMedia:
    """A file, accepted only within 24 hours after the recipient's last message.

    ``kind`` is "image", "video", "audio" or "document"; audio takes no caption. ``quoted_wamid`` is
    the message that WhatsApp shows above it, if any.
    """

    to: str
    kind: str
    link: str
    caption: str = ""
    filename: str = ""
    quoted_wamid: str = ""

    def to_body(self) -> JsonObject:
        optional = {"caption": self.caption, "filename": self.filename}
        given_fields = {name: text for name, text in optional.items() if text}
        return {
            "messaging_product": "whatsapp",
            "to": self.to,
            "type": self.kind,
            self.kind: {"link": self.link, **given_fields},
            **_build_quote(self.quoted_wamid),
        }


def _build_quote(wamid: str) -> JsonObject:
    return {"context": {"message_id": wamid}} if wamid else {}
