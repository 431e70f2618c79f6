"""Chakra's own format of a template send, parsed and translated into Meta's components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictFloat, StrictInt, StrictStr, ValidationError
from pydantic.alias_generators import to_camel

from bot.sandbox.chakra.envelope import Refused
from bot.sandbox.chakra.template import MEDIA, Template, variables_in

SHAPE = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)
"""Undocumented fields are refused: what the real API does with them is UNKNOWN, so clients should
not send them."""

Degrees = StrictFloat | StrictInt


class Mapped(BaseModel):
    model_config = SHAPE

    schema_property_name: StrictStr
    schema_property_value: StrictStr


class Order(BaseModel):
    """A send's documented fields; the vendor's SDK is their source."""

    model_config = SHAPE

    whatsapp_phone_number_id: StrictStr
    template_name: StrictStr
    language: StrictStr | None = None
    mapping: tuple[Mapped, ...] = ()
    header_mapping: tuple[Mapped, ...] = ()
    button_mapping: tuple[Mapped, ...] = ()
    image_url: StrictStr | None = None
    video_url: StrictStr | None = None
    document_url: StrictStr | None = None
    filename: StrictStr | None = None
    location_latitude: Degrees | None = None
    location_longitude: Degrees | None = None
    location_name: StrictStr | None = None
    location_address: StrictStr | None = None
    otp_code: StrictStr | None = None

    @property
    def links(self) -> dict[str, str]:
        """The media links by header format; an empty link counts as not given.

        The vendor's own n8n node sends empty links, and 0 for both degrees, by default.
        """
        given = zip(MEDIA, (self.image_url, self.video_url, self.document_url), strict=True)
        return {kind: link for kind, link in given if link}

    @property
    def has_location(self) -> bool:
        """Whether a place is given; 0 for both degrees counts as not given."""
        return bool(self.location_latitude or self.location_longitude)

    def with_sample(self, template: Template) -> Order:
        """Return the send with the template's sample, if its media header has no link.

        INFERRED for sends for a process: the documented one has no image for a template that needs
        one.
        """
        kind = template.header_format
        if kind not in MEDIA or self.links:
            return self
        return self.model_copy(update={f"{kind.lower()}_url": template.sample})


def read_order(body: Mapping[str, Any]) -> Order:
    """Parse the body. Raise ``Refused`` (400; the messages are INFERRED)."""
    try:
        return Order.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    raise Refused(400, f"{place}: {first['msg']}")


def components_of(order: Order, template: Template) -> list[dict[str, Any]]:
    """Return Meta's components, unchecked against the template."""
    made = [*_header(order, template), *_body(order, template), *_buttons(order, template)]
    return [one for one in made if one["parameters"]]


def _header(order: Order, template: Template) -> Iterator[dict[str, Any]]:
    """Yield the header.

    A mapping beside a media header is ignored: the documented full request has both.
    """
    parameters = [_media(kind, link, order.filename) for kind, link in order.links.items()]
    if order.has_location:
        parameters.append(_location(order))
    if template.header_format not in MEDIA:
        parameters += [_text(one, template) for one in order.header_mapping]
    yield {"type": "header", "parameters": parameters}


def _body(order: Order, template: Template) -> Iterator[dict[str, Any]]:
    mapped = order.mapping
    if template.parameter_format == "POSITIONAL":
        mapped = tuple(
            sorted(
                mapped, key=lambda one: (len(one.schema_property_name), one.schema_property_name)
            )
        )
    parameters = [_text(one, template) for one in mapped]
    if order.otp_code is not None:
        parameters.append({"type": "text", "text": order.otp_code})
    yield {"type": "body", "parameters": parameters}


def _buttons(order: Order, template: Template) -> Iterator[dict[str, Any]]:
    """Yield the buttons. That ``"1"`` names the first one that takes a value is INFERRED."""
    values = {one.schema_property_name: one.schema_property_value for one in order.button_mapping}
    taking = [place for place, button in enumerate(template.buttons) if takes_value(button)]
    for number, place in enumerate(taking, 1):
        kind = template.buttons[place]["type"].upper()
        value = order.otp_code if kind == "OTP" else values.pop(str(number), None)
        if value is not None:
            yield _button(place, kind, value)
    for number, value in enumerate(values.values(), len(template.buttons)):
        yield _button(number, "URL", value)


def takes_value(button: Mapping[str, Any]) -> bool:
    """Return whether a send must fill in this button."""
    kind = button["type"].upper()
    return kind in ("COPY_CODE", "OTP") or (kind == "URL" and bool(variables_in(button["url"])))


def _button(place: int, kind: str, value: str) -> dict[str, Any]:
    if kind == "COPY_CODE":
        sub_type, parameter = "copy_code", {"type": "coupon_code", "coupon_code": value}
    else:
        sub_type, parameter = "url", {"type": "text", "text": value}
    return {"type": "button", "sub_type": sub_type, "index": str(place), "parameters": [parameter]}


def _text(one: Mapped, template: Template) -> dict[str, Any]:
    parameter = {"type": "text", "text": one.schema_property_value}
    if template.parameter_format == "NAMED":
        parameter["parameter_name"] = one.schema_property_name
    return parameter


def _media(kind: str, link: str, filename: str | None) -> dict[str, Any]:
    media = {"link": link}
    if kind == "DOCUMENT" and filename is not None:
        media["filename"] = filename
    return {"type": kind.lower(), kind.lower(): media}


def _location(order: Order) -> dict[str, Any]:
    given = {
        "latitude": order.location_latitude,
        "longitude": order.location_longitude,
        "name": order.location_name,
        "address": order.location_address,
    }
    location = {key: value for key, value in given.items() if value is not None}
    return {"type": "location", "location": location}
