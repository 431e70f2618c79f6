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

from bot.chakra.fields import Flag, Text, text
from bot.chakra.models import Id
from bot.chakra.text import written

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
MEDIA = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})
"""Formats of a header that are sent as a link to a file. GIF cannot be expressed by Chakra."""

_LONGEST = 4096  # characters; a body has 1,024 at the most


def _written(value: object) -> str:
    return written(value[:_LONGEST]) if isinstance(value, str) else ""


def _upper(value: object) -> str:
    return text(value).upper()


def _score(value: object) -> str:
    """`{"score": "GREEN", "date": …}`, or the word alone."""
    return _upper(value.get("score") if isinstance(value, Mapping) else value)


def _reason(value: object) -> str:
    reason = _upper(value)
    return "" if reason == "NONE" else reason


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(_written(item) for item in value)
    return (_written(value),) if isinstance(value, str) else ()


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _minutes(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


Written = Annotated[str, BeforeValidator(_written)]
Upper = Annotated[str, BeforeValidator(_upper)]
Strings = Annotated[tuple[str, ...], BeforeValidator(_strings)]


@dataclass(frozen=True)
class Variable:
    """A blank that the sender fills. `component` is "header", "body" or "button"; `name` is "1" or
    "first_name"; `button` is the place of the button among all, from 0; `example` is Meta's, or
    ""."""

    component: str
    name: str
    button: int = 0
    example: str = ""


class Part(BaseModel):
    """Of a template, from Meta: snake case, fields come and go. `definition` is how it came."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    type: Upper = ""
    definition: Mapping[str, Any] = Field(default_factory=dict, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _kept(cls, value: object) -> object:
        return {**value, "definition": value} if isinstance(value, dict) else value


class Button(Part):
    """`type` is QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, OTP, FLOW, CATALOG, MPM or a newer one.
    `otp_type` is COPY_CODE, ONE_TAP or ZERO_TAP."""

    text: Written = ""
    url: Text = ""
    phone_number: Text = ""
    otp_type: Upper = ""
    example: Strings = ()

    @property
    def blanks(self) -> tuple[str, ...]:
        """Of a URL at most one by Meta's rule, the end of the address; a coupon code is one, called
        "1"."""
        return ("1",) if self.type == "COPY_CODE" else names_in(self.url)

    @property
    def sample(self) -> str:
        """What would be filled in: Meta's example of a URL is the whole address."""
        sample = next(iter(self.example), "")
        if self.type != "URL":
            return sample
        return sample.removeprefix(VARIABLE.split(self.url, maxsplit=1)[0])


class Component(Part):
    """Of any sort. `type` is HEADER, BODY, FOOTER, BUTTONS, CAROUSEL, LIMITED_TIME_OFFER,
    CALL_PERMISSION_REQUEST or a newer one, of which `definition` alone tells more."""

    example: Annotated[Mapping[str, Any], BeforeValidator(_mapping)] = Field(default_factory=dict)

    def variables(self) -> Iterator[Variable]:
        yield from ()


class Header(Component):
    """`format` is TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION, GIF, PRODUCT or a newer one."""

    format: Upper = ""
    text: Written = ""

    def variables(self) -> Iterator[Variable]:
        examples = _examples(self.example, "header_text")
        for name in names_in(self.text):
            yield Variable("header", name, example=examples.get(name, ""))


class Body(Component):
    text: Written = ""
    add_security_recommendation: Flag = None

    def variables(self) -> Iterator[Variable]:
        examples = _examples(self.example, "body_text")
        for name in names_in(self.text):
            yield Variable("body", name, example=examples.get(name, ""))


class Footer(Component):
    text: Written = ""
    code_expiration_minutes: Annotated[int | None, BeforeValidator(_minutes)] = None


def _buttons(value: object) -> tuple[object, ...]:
    found = value if isinstance(value, list | tuple) else ()
    return tuple(item for item in found if isinstance(item, dict | Button))


class Buttons(Component):
    buttons: Annotated[tuple[Button, ...], BeforeValidator(_buttons)] = ()

    def variables(self) -> Iterator[Variable]:
        for place, button in enumerate(self.buttons):
            for name in button.blanks:
                yield Variable("button", name, place, button.sample)


KINDS: Mapping[str, type[Component]] = {
    "HEADER": Header,
    "BODY": Body,
    "FOOTER": Footer,
    "BUTTONS": Buttons,
}
"""By `type`. Any other is a plain `Component`."""


def _components(value: object) -> tuple[Component, ...]:
    found = value if isinstance(value, list | tuple) else ()
    return tuple(_component(item) for item in found if isinstance(item, dict | Component))


def _component(value: dict[str, Any] | Component) -> Component:
    if isinstance(value, Component):
        return value
    return KINDS.get(_upper(value.get("type")), Component).model_validate(value)


class Template(BaseModel):
    """A name in one language. `status` is APPROVED, PENDING, REJECTED, PAUSED, DISABLED, IN_APPEAL
    or a newer one, `quality` GREEN, YELLOW, RED or UNKNOWN; "" where Meta says nothing.
    `rejected_reason` is "" for Meta's NONE. `language` is as Meta writes it: "en_US"."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    id: Id
    name: Id
    language: Text = ""
    status: Upper = ""
    category: Upper = ""
    previous_category: Upper = ""
    sub_category: Upper = ""
    parameter_format: Upper = ""
    quality: Annotated[str, BeforeValidator(_score)] = Field(default="", alias="quality_score")
    rejected_reason: Annotated[str, BeforeValidator(_reason)] = ""
    components: Annotated[tuple[Component, ...], BeforeValidator(_components)] = ()

    @property
    def sendable(self) -> bool:
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
    def others(self) -> tuple[Component, ...]:
        """Components of sorts that have no class here, such as CAROUSEL."""
        return tuple(part for part in self.components if type(part) is Component)

    @property
    def named(self) -> bool:
        """Whether its variables have names. Without `parameter_format` the variables tell."""
        if self.parameter_format:
            return self.parameter_format == "NAMED"
        return any(not variable.name.isdigit() for variable in self._in_texts())

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All blanks, in the order header, body, buttons. Of a one-time code there are none here:
        see `one_time_code`."""
        if self.one_time_code:
            return ()
        return tuple(one for part in self.components for one in part.variables())

    @property
    def one_time_code(self) -> bool:
        """Whether Meta writes its words, and a code is all that a send fills in."""
        return self.category == "AUTHENTICATION" or any(one.type == "OTP" for one in self.buttons)

    @property
    def media(self) -> str:
        """ "IMAGE", "VIDEO" or "DOCUMENT" where the header wants a file, else ""."""
        header = self.header
        return header.format if header is not None and header.format in MEDIA else ""

    @property
    def location(self) -> bool:
        return self.header is not None and self.header.format == "LOCATION"

    def _in_texts(self) -> Iterator[Variable]:
        for part in (self.header, self.body):
            if part is not None:
                yield from part.variables()


def names_in(words: str) -> tuple[str, ...]:
    """The variables of one text, each once: numbers by their size, names as they come."""
    names = tuple(dict.fromkeys(VARIABLE.findall(words)))
    return tuple(sorted(names, key=int)) if all(map(_is_number, names)) else names


def filled(words: str, values: Mapping[str, str]) -> str:
    """A text as the recipient will see it; a variable without a value stays as it is written."""
    return VARIABLE.sub(lambda found: values.get(found[1]) or found[0], words)


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()


def _examples(example: Mapping[str, Any], name: str) -> dict[str, str]:
    """Variable -> example. `body_text` is a list in a list, `header_text` a list; named ones are
    objects in either."""
    named = example.get(f"{name}_named_params")
    if isinstance(named, list):
        pairs = [item for item in named if isinstance(item, Mapping)]
        return {text(item.get("param_name")): _written(item.get("example")) for item in pairs}
    values = example.get(name)
    if isinstance(values, list) and values and isinstance(values[0], list):
        values = values[0]
    return {str(place): value for place, value in enumerate(_strings(values), start=1)}
