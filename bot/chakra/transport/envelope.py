"""Reads the body of a 2xx: `_data`, `_meta`, `_errors`.

Most endpoints answer with this envelope; the pass-through ones answer in Meta's own shape at the
top level, which is why `body` is kept whole. A non-empty `_errors` is a failure whatever the
status: the vendor's SDK treats it so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.chakra.transport.error_mapping import refusal_inside, unreadable
from bot.chakra.transport.exchange import Answer
from bot.errors import ChakraError

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Envelope:
    answer: Answer
    body: Mapping[str, Any] = field(repr=False)

    @property
    def data(self) -> Any:
        """`_data`, which may be null. Raises when there is none."""
        if "_data" not in self.body:
            raise self.unfit("_data", "It is missing.")
        return self.body["_data"]

    @property
    def unwrapped(self) -> Any:
        """`_data` where there is one, else the whole body: Meta's answers come either way."""
        return self.body.get("_data", self.body)

    @property
    def meta(self) -> Mapping[str, Any]:
        meta = self.body.get("_meta")
        return meta if isinstance(meta, Mapping) else {}

    def one(self, model: type[Model]) -> Model:
        """`_data` as one object."""
        return self.fit(model, self.data, "_data")

    def metas(self, model: type[Model]) -> Model:
        """Meta's answer as one object, wrapped in `_data` or not."""
        return self.fit(model, self.unwrapped, "_data" if "_data" in self.body else "body")

    def many(self, model: type[Model]) -> tuple[Model, ...]:
        """`_data` as an array of objects."""
        data = self.data
        if not isinstance(data, list):
            raise self.unfit("_data", f"An array was expected, not {_sort_of(data)}.")
        return tuple(self.fit(model, item, f"_data[{i}]") for i, item in enumerate(data))

    def fit(self, model: type[Model], value: object, place: str) -> Model:
        """`value`, which stands at `place`, as an object. Raises what `unfit` makes."""
        if not isinstance(value, Mapping):
            raise self.unfit(place, f"An object was expected, not {_sort_of(value)}.")
        try:
            return model.model_validate(value)
        except ValidationError as error:
            where = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        # Outside the handler: pydantic's error quotes the value, which is personal data.
        raise self.unfit(f"{place}.{where}", "It is missing or of the wrong sort.")

    def unfit(self, place: str, why: str) -> ChakraError:
        return unreadable(self.answer, why, place)


def read(answer: Answer) -> Envelope:
    """Raises `Rejected`, or what Meta's code stands for, where the body holds `_errors` or Meta's
    `error`; for a body that is no JSON object `Unreadable`, or, after a write, `OutcomeUnknown`."""
    if not answer.whole:
        raise unreadable(answer, "The body is too large or damaged.")
    try:
        body = answer.json()
    except ValueError:
        sort = answer.media_type or "no media type"
        raise unreadable(answer, f"The body is not JSON ({sort}).") from None
    if not isinstance(body, dict):
        raise unreadable(answer, f"An object was expected, not {_sort_of(body)}.")
    if refused := refusal_inside(answer, body):
        raise refused
    return Envelope(answer, body)


def _sort_of(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string"}
    return names.get(type(value), "an array" if isinstance(value, list) else "an object")
