"""A WhatsApp template as Meta describes it, and the variables a send must fill (contract 9.1).

Whatever Meta adds, a component of a new sort or a new field, stays readable: each part keeps its
own definition as it came, so that an update can send it back unharmed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.chakra.fields import Flag, Text, to_text
from bot.chakra.models import Id
from bot.chakra.text import sanitize_text

VARIABLE_PATTERN = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
MEDIA_FORMATS = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})
"""Formats of a header that are sent as a link to a file. GIF cannot be expressed by Chakra."""

_MAX_TEXT_LENGTH = 4096  # characters; a body has 1,024 at the most


def _to_multiline_text(value: object) -> str:
    return sanitize_text(value[:_MAX_TEXT_LENGTH]) if isinstance(value, str) else ""


def _to_upper(value: object) -> str:
    return to_text(value).upper()


def _to_score(value: object) -> str:
    """`{"score": "GREEN", "date": …}`, or the word alone."""
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
    """A blank that the sender fills. `component` is "header", "body" or "button"; `name` is "1" or
    "first_name"; `button` is the place of the button among all, from 0; `example` is Meta's, or
    ""."""

    component: str
    name: str
    button_index: int = 0
    example: str = ""


class TemplatePart(BaseModel):
    """Of a template, from Meta: snake case, fields come and go. `definition` is how it came."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    type: UpperText = ""
    definition: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _store_definition(cls, value: object) -> object:
        return {**value, "definition": value} if isinstance(value, dict) else value


class Button(TemplatePart):
    """`type` is QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, OTP, FLOW, CATALOG, MPM or a newer one.
    `otp_type` is COPY_CODE, ONE_TAP or ZERO_TAP."""

    text: MultilineText = ""
    url: Text = ""
    phone_number: Text = ""
    otp_type: UpperText = ""
    example: Strings = ()

    @property
    def variable_names(self) -> tuple[str, ...]:
        """Of a URL at most one by Meta's rule, the end of the address; a coupon code is one, called
        "1"."""
        return ("1",) if self.type == "COPY_CODE" else find_variable_names(self.url)

    @property
    def example_value(self) -> str:
        """What would be filled in: Meta's example of a URL is the whole address."""
        first_example = next(iter(self.example), "")
        if self.type != "URL":
            return first_example
        return first_example.removeprefix(VARIABLE_PATTERN.split(self.url, maxsplit=1)[0])


class Component(TemplatePart):
    """Of any sort. `type` is HEADER, BODY, FOOTER, BUTTONS, CAROUSEL, LIMITED_TIME_OFFER,
    CALL_PERMISSION_REQUEST or a newer one, of which `definition` alone tells more."""

    example: Annotated[Mapping[str, Any], BeforeValidator(_to_mapping)] = Field(
        default_factory=dict
    )

    def variables(self) -> Iterator[Variable]:
        yield from ()


class Header(Component):
    """`format` is TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION, GIF, PRODUCT or a newer one."""

    format: UpperText = ""
    text: MultilineText = ""

    def variables(self) -> Iterator[Variable]:
        examples = _parse_examples(self.example, "header_text")
        for name in find_variable_names(self.text):
            yield Variable("header", name, example=examples.get(name, ""))


class Body(Component):
    text: MultilineText = ""
    add_security_recommendation: Flag = None

    def variables(self) -> Iterator[Variable]:
        examples = _parse_examples(self.example, "body_text")
        for name in find_variable_names(self.text):
            yield Variable("body", name, example=examples.get(name, ""))


class Footer(Component):
    text: MultilineText = ""
    code_expiration_minutes: Annotated[int | None, BeforeValidator(_to_minutes)] = None


def _parse_buttons(value: object) -> tuple[object, ...]:
    found = value if isinstance(value, list | tuple) else ()
    return tuple(item for item in found if isinstance(item, dict | Button))


class Buttons(Component):
    buttons: Annotated[tuple[Button, ...], BeforeValidator(_parse_buttons)] = ()

    def variables(self) -> Iterator[Variable]:
        for index, button in enumerate(self.buttons):
            for name in button.variable_names:
                yield Variable("button", name, index, button.example_value)


COMPONENT_CLASSES: Mapping[str, type[Component]] = {
    "HEADER": Header,
    "BODY": Body,
    "FOOTER": Footer,
    "BUTTONS": Buttons,
}
"""By `type`. Any other is a plain `ComponentJson`."""


def _parse_components(value: object) -> tuple[Component, ...]:
    found = value if isinstance(value, list | tuple) else ()
    return tuple(_parse_component(item) for item in found if isinstance(item, dict | Component))


def _parse_component(value: dict[str, Any] | Component) -> Component:
    if isinstance(value, Component):
        return value
    return COMPONENT_CLASSES.get(_to_upper(value.get("type")), Component).model_validate(value)


class Template(BaseModel):
    """A name in one language. `status` is APPROVED, PENDING, REJECTED, PAUSED, DISABLED, IN_APPEAL
    or a newer one, `quality` GREEN, YELLOW, RED or UNKNOWN; "" where Meta says nothing.
    `rejected_reason` is "" for Meta's NONE. `language` is as Meta writes it: "en_US"."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    id: Id
    name: Id
    language: Text = ""
    status: UpperText = ""
    category: UpperText = ""
    previous_category: UpperText = ""
    sub_category: UpperText = ""
    parameter_format: UpperText = ""
    quality: Annotated[str, BeforeValidator(_to_score)] = Field(default="", alias="quality_score")
    rejected_reason: Annotated[str, BeforeValidator(_to_reason)] = ""
    components: Annotated[tuple[Component, ...], BeforeValidator(_parse_components)] = ()

    @property
    def is_sendable(self) -> bool:
        return self.status == "APPROVED"

    @property
    def header(self) -> Header | None:
        return next((part for part in self.components if isinstance(part, Header)), None)

    @property
    def body(self) -> Body | None:
        return next((part for part in self.components if isinstance(part, Body)), None)

    @property
    def footer(self) -> Footer | None:
        return next((part for part in self.components if isinstance(part, Footer)), None)

    @property
    def buttons(self) -> tuple[Button, ...]:
        found = next((part for part in self.components if isinstance(part, Buttons)), None)
        return found.buttons if found else ()

    @property
    def other_components(self) -> tuple[Component, ...]:
        """Components of sorts that have no class here, such as CAROUSEL."""
        return tuple(part for part in self.components if type(part) is Component)

    @property
    def has_named_variables(self) -> bool:
        """Whether its variables have names. Without `parameter_format` the variables tell."""
        if self.parameter_format:
            return self.parameter_format == "NAMED"
        return any(not variable.name.isdigit() for variable in self._text_variables())

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All blanks, in the order header, body, buttons. Of a one-time code there are none here:
        see `one_time_code`."""
        if self.is_one_time_code:
            return ()
        return tuple(one for part in self.components for one in part.variables())

    @property
    def is_one_time_code(self) -> bool:
        """Whether Meta writes its words, and a code is all that a send fills in."""
        return self.category == "AUTHENTICATION" or any(one.type == "OTP" for one in self.buttons)

    @property
    def media_format(self) -> str:
        """ "IMAGE", "VIDEO" or "DOCUMENT" where the header wants a file, else ""."""
        header = self.header
        return header.format if header is not None and header.format in MEDIA_FORMATS else ""

    @property
    def has_location_header(self) -> bool:
        return self.header is not None and self.header.format == "LOCATION"

    def _text_variables(self) -> Iterator[Variable]:
        for part in (self.header, self.body):
            if part is not None:
                yield from part.variables()


def find_variable_names(text: str) -> tuple[str, ...]:
    """The variables of one text, each once: numbers by their size, names as they come."""
    names = tuple(dict.fromkeys(VARIABLE_PATTERN.findall(text)))
    return tuple(sorted(names, key=int)) if all(map(_is_number, names)) else names


def fill_variables(text: str, values: Mapping[str, str]) -> str:
    """A text as the recipient will see it; a variable without a value stays as it is written."""
    return VARIABLE_PATTERN.sub(lambda found: values.get(found[1]) or found[0], text)


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()


def _parse_examples(example: Mapping[str, Any], name: str) -> dict[str, str]:
    """Variable -> example. `body_text` is a list in a list, `header_text` a list; named ones are
    objects in either."""
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
    return {str(place): value for place, value in enumerate(_to_strings(values), start=1)}
