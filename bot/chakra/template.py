"""A WhatsApp template in Meta's shape, and the variables that a send fills (API.md, Templates).

Each part keeps its definition unchanged, so that component types and fields added by Meta can be
read and sent back in an update.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.chakra.fields import Flag, Text, to_text
from bot.chakra.models import Id
from bot.chakra.text import sanitize_text

VARIABLE_PATTERN = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
MEDIA_FORMATS = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})
"""Formats of a header that are sent as a link to a file. Chakra has no field for a GIF."""

_MAX_TEXT_LENGTH = 4096  # characters; a body has at most 1,024


def _to_multiline_text(value: object) -> str:
    return sanitize_text(value[:_MAX_TEXT_LENGTH]) if isinstance(value, str) else ""


def _to_upper(value: object) -> str:
    return to_text(value).upper()


def _to_score(value: object) -> str:
    """Return the score of ``{"score": "GREEN", "date": …}`` or of a plain string."""
    return _to_upper(value.get("score") if isinstance(value, Mapping) else value)


def _to_reason(value: object) -> str:
    reason = _to_upper(value)
    return "" if reason == "NONE" else reason


def _to_strings(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(_to_multiline_text(item) for item in value)
    return (_to_multiline_text(value),) if isinstance(value, str) else ()


def _to_mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _to_minutes(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


MultilineText = Annotated[str, BeforeValidator(_to_multiline_text)]
UpperText = Annotated[str, BeforeValidator(_to_upper)]
Strings = Annotated[tuple[str, ...], BeforeValidator(_to_strings)]


@dataclass(frozen=True)
class Variable:
    """A variable that the sender fills.

    ``component`` is "header", "body" or "button"; ``name`` is "1" or "first_name";
    ``button_index`` counts all buttons from 0; ``example`` is Meta's, or "". ``card`` counts the
    cards of a carousel from 0, and is None outside of them.
    """

    component: str
    name: str
    button_index: int = 0
    example: str = ""
    card: int | None = None


class TemplatePart(BaseModel):
    """A part of a template, in Meta's snake case. ``definition`` is the unchanged object."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="ignore", populate_by_name=True)

    type: UpperText = ""
    definition: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _store_definition(cls, value: object) -> object:
        return {**value, "definition": value} if isinstance(value, dict) else value


class Button(TemplatePart):
    """A button of a template.

    ``type`` is QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, OTP, FLOW, CATALOG, MPM or a newer one;
    ``otp_type`` is COPY_CODE, ONE_TAP or ZERO_TAP.
    """

    text: MultilineText = ""
    url: Text = ""
    phone_number: Text = ""
    otp_type: UpperText = ""
    example: Strings = ()

    @property
    def variable_names(self) -> tuple[str, ...]:
        """The names of the variables: by Meta's rule at most one, at the end of a URL.

        A coupon code is a variable named "1", and so is the product that a catalog button shows.
        """
        is_whole = self.type in ("COPY_CODE", "CATALOG")
        return ("1",) if is_whole else find_variable_names(self.url)

    @property
    def example_value(self) -> str:
        """An example of the value. Meta's example of a URL is the whole URL, so it is shortened."""
        first_example = next(iter(self.example), "")
        if self.type != "URL":
            return first_example
        return first_example.removeprefix(VARIABLE_PATTERN.split(self.url, maxsplit=1)[0])


class Component(TemplatePart):
    """A component of a template, of any type.

    ``type`` is HEADER, BODY, FOOTER, BUTTONS, CAROUSEL, LIMITED_TIME_OFFER,
    CALL_PERMISSION_REQUEST or a newer one; of those without a class only ``definition`` has more.
    """

    example: Annotated[Mapping[str, Any], BeforeValidator(_to_mapping)] = Field(
        default_factory=dict
    )

    def iter_variables(self) -> Iterator[Variable]:
        """Yield the variables of this component."""
        yield from ()


class Header(Component):
    """A header. ``format``: TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION, GIF, PRODUCT or a newer one."""

    format: UpperText = ""
    text: MultilineText = ""

    def iter_variables(self) -> Iterator[Variable]:
        examples = _parse_examples(self.example, "header_text")
        for name in find_variable_names(self.text):
            yield Variable("header", name, example=examples.get(name, ""))


class Body(Component):
    """The text of a template."""

    text: MultilineText = ""
    add_security_recommendation: Flag = None

    def iter_variables(self) -> Iterator[Variable]:
        examples = _parse_examples(self.example, "body_text")
        for name in find_variable_names(self.text):
            yield Variable("body", name, example=examples.get(name, ""))


class Footer(Component):
    """The line below the text, which has no variables."""

    text: MultilineText = ""
    code_expiration_minutes: Annotated[int | None, BeforeValidator(_to_minutes)] = None


def _parse_buttons(value: object) -> tuple[object, ...]:
    found = value if isinstance(value, list | tuple) else ()
    return tuple(item for item in found if isinstance(item, dict | Button))


class Buttons(Component):
    """The buttons of a template."""

    buttons: Annotated[tuple[Button, ...], BeforeValidator(_parse_buttons)] = ()

    def iter_variables(self) -> Iterator[Variable]:
        for index, button in enumerate(self.buttons):
            for name in button.variable_names:
                yield Variable("button", name, index, button.example_value)


class OfferDetails(BaseModel):
    """The name of a limited-time offer, and whether a send says when it ends."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="ignore")

    text: MultilineText = ""
    has_expiration: Flag = None


class LimitedTimeOffer(Component):
    """The line about an offer, above the text."""

    details: Annotated[OfferDetails, BeforeValidator(_to_mapping)] = Field(
        default_factory=OfferDetails, alias="limited_time_offer"
    )


def _parse_components(value: object) -> tuple[Component, ...]:
    found = value if isinstance(value, list | tuple) else ()
    return tuple(_parse_component(item) for item in found if isinstance(item, dict | Component))


def _parse_component(value: dict[str, Any] | Component) -> Component:
    if isinstance(value, Component):
        return value
    return COMPONENT_CLASSES.get(_to_upper(value.get("type")), Component).model_validate(value)


class ComponentHolder(BaseModel):
    """What a template and a card of a carousel have in common: a header, a body and buttons."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="ignore", populate_by_name=True)

    components: Annotated[tuple[Component, ...], BeforeValidator(_parse_components)] = ()

    @property
    def header(self) -> Header | None:
        """The header, if any."""
        return next((part for part in self.components if isinstance(part, Header)), None)

    @property
    def body(self) -> Body | None:
        """The body, if any."""
        return next((part for part in self.components if isinstance(part, Body)), None)

    @property
    def buttons(self) -> tuple[Button, ...]:
        """The buttons, in their order."""
        found = next((part for part in self.components if isinstance(part, Buttons)), None)
        return found.buttons if found else ()

    @property
    def media_format(self) -> str:
        """The type of the header's file: "IMAGE", "VIDEO" or "DOCUMENT"; "" without one."""
        header = self.header
        return header.format if header is not None and header.format in MEDIA_FORMATS else ""

    @property
    def other_components(self) -> tuple[Component, ...]:
        """The components of types without a class here, such as CALL_PERMISSION_REQUEST."""
        return tuple(part for part in self.components if type(part) is Component)


class Card(ComponentHolder):
    """A card of a carousel."""


def _parse_cards(value: object) -> tuple[object, ...]:
    found = value if isinstance(value, list | tuple) else ()
    return tuple(item for item in found if isinstance(item, dict | Card))


class Carousel(Component):
    """The cards of a carousel, which a send fills in one by one."""

    cards: Annotated[tuple[Card, ...], BeforeValidator(_parse_cards)] = ()

    def iter_variables(self) -> Iterator[Variable]:
        for index, card in enumerate(self.cards):
            for part in card.components:
                for variable in part.iter_variables():
                    yield replace(variable, card=index)


COMPONENT_CLASSES: Mapping[str, type[Component]] = {
    "HEADER": Header,
    "BODY": Body,
    "FOOTER": Footer,
    "BUTTONS": Buttons,
    "CAROUSEL": Carousel,
    "LIMITED_TIME_OFFER": LimitedTimeOffer,
}
"""The class by ``type``; any other type is a plain ``Component``."""


_RATINGS = {"status", "previous_category", "correct_category", "quality", "rejected_reason"}
"""Fields of a template that change without its content."""


class Template(ComponentHolder):
    """A template in one language.

    ``status`` is APPROVED, PENDING, REJECTED, PAUSED, DISABLED, IN_APPEAL or a newer one;
    ``quality`` is GREEN, YELLOW, RED or UNKNOWN; "" if Meta does not say. ``correct_category`` is
    the one that Meta is going to change ``category`` to. ``rejected_reason`` is "" for Meta's NONE.
    ``language`` is Meta's code, such as "en_US".
    """

    id: Id
    name: Id
    language: Text = ""
    status: UpperText = ""
    category: UpperText = ""
    previous_category: UpperText = ""
    correct_category: UpperText = ""
    sub_category: UpperText = ""
    parameter_format: UpperText = ""
    quality: Annotated[str, BeforeValidator(_to_score)] = Field(default="", alias="quality_score")
    rejected_reason: Annotated[str, BeforeValidator(_to_reason)] = ""

    @property
    def content_json(self) -> str:
        """The JSON of all that a message depends on, so not Meta's rating of the template."""
        return self.model_dump_json(exclude=_RATINGS)

    @property
    def is_sendable(self) -> bool:
        """Whether Meta has approved the template."""
        return self.status == "APPROVED"

    @property
    def footer(self) -> Footer | None:
        """The footer, if any."""
        return next((part for part in self.components if isinstance(part, Footer)), None)

    @property
    def cards(self) -> tuple[Card, ...]:
        """The cards of the carousel, in their order."""
        found = next((part for part in self.components if isinstance(part, Carousel)), None)
        return found.cards if found else ()

    @property
    def offer(self) -> OfferDetails | None:
        """The limited-time offer, if any."""
        found = (part.details for part in self.components if isinstance(part, LimitedTimeOffer))
        return next(found, None)

    @property
    def has_named_variables(self) -> bool:
        """Whether its variables have names, by ``parameter_format`` or else by the variables."""
        if self.parameter_format:
            return self.parameter_format == "NAMED"
        return any(not variable.name.isdigit() for variable in self._iter_text_variables())

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All variables in the order header, body, buttons; none for a one-time code."""
        if self.is_one_time_code:
            return ()
        return tuple(variable for part in self.components for variable in part.iter_variables())

    @property
    def is_one_time_code(self) -> bool:
        """Whether Meta writes the text and a send fills in only a code."""
        has_code_button = any(button.type == "OTP" for button in self.buttons)
        return self.category == "AUTHENTICATION" or has_code_button

    @property
    def has_location_header(self) -> bool:
        """Whether a send fills in a location."""
        return self.header is not None and self.header.format == "LOCATION"

    def _iter_text_variables(self) -> Iterator[Variable]:
        for part in (self.header, self.body):
            if part is not None:
                yield from part.iter_variables()


def find_variable_names(text: str) -> tuple[str, ...]:
    """Return the variables of a text, each once: numbers sorted, names in order of appearance."""
    names = tuple(dict.fromkeys(VARIABLE_PATTERN.findall(text)))
    return tuple(sorted(names, key=int)) if all(map(_is_number, names)) else names


def fill_variables(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its variables replaced; those without a value are left unchanged."""
    return VARIABLE_PATTERN.sub(lambda found: values.get(found[1]) or found[0], text)


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()


def _parse_examples(example: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the examples by variable.

    ``body_text`` is a list of lists, ``header_text`` a list; with named variables, both are lists
    of objects.
    """
    named = example.get(f"{name}_named_params")
    if isinstance(named, list):
        pairs = [item for item in named if isinstance(item, Mapping)]
        return {
            to_text(item.get("param_name")): _to_multiline_text(item.get("example"))
            for item in pairs
        }
    values = example.get(name)
    if isinstance(values, list) and values and isinstance(values[0], list):
        values = values[0]
    return {str(number): value for number, value in enumerate(_to_strings(values), start=1)}
