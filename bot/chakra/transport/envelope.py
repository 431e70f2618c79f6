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

from bot.chakra.transport.error_mapping import error_in_body, invalid_response
from bot.chakra.transport.exchange import ChakraResponse
from bot.errors import ChakraError

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Envelope:
    answer: ChakraResponse
    body: Mapping[str, Any] = field(repr=False)

    @property
    def data(self) -> Any:
        """`_data`, which may be null. Raises when there is none."""
        if "_data" not in self.body:
            raise self.invalid("_data", "It is missing.")
        return self.body["_data"]

    @property
    def unwrapped(self) -> Any:
        """`_data` where there is one, else the whole body: Meta's answers come either way."""
        return self.body.get("_data", self.body)

    @property
    def meta(self) -> Mapping[str, Any]:
        meta = self.body.get("_meta")
        return meta if isinstance(meta, Mapping) else {}

    def parse_data(self, model: type[Model]) -> Model:
        """`_data` as one object."""
        return self.parse(model, self.data, "_data")

    def parse_unwrapped(self, model: type[Model]) -> Model:
        """Meta's answer as one object, wrapped in `_data` or not."""
        return self.parse(model, self.unwrapped, "_data" if "_data" in self.body else "body")

    def parse_list(self, model: type[Model]) -> tuple[Model, ...]:
        """`_data` as an array of objects."""
        data = self.data
        if not isinstance(data, list):
            raise self.invalid("_data", f"An array was expected, not {_json_type(data)}.")
        return tuple(self.parse(model, item, f"_data[{i}]") for i, item in enumerate(data))

    def parse(self, model: type[Model], value: object, location: str) -> Model:
        """`value`, which stands at `place`, as an object. Raises what `unfit` makes."""
        if not isinstance(value, Mapping):
            raise self.invalid(location, f"An object was expected, not {_json_type(value)}.")
        try:
            return model.model_validate(value)
        except ValidationError as error:
            field_path = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        # Outside the handler: pydantic's error quotes the value, which is personal data.
        raise self.invalid(f"{location}.{field_path}", "It is missing or of the wrong sort.")

    def invalid(self, location: str, reason: str) -> ChakraError:
        return invalid_response(self.answer, reason, location)


def parse_envelope(response: ChakraResponse) -> Envelope:
    """Raises `Rejected`, or what Meta's code stands for, where the body holds `_errors` or Meta's
    `error`; for a body that is no JSON object `InvalidResponse`, or, after a write,
    `OutcomeUnknown`."""
    if not response.is_complete:
        raise invalid_response(response, "The body is too large or damaged.")
    try:
        body = response.json()
    except ValueError:
        sort = response.media_type or "no media type"
        raise invalid_response(response, f"The body is not JSON ({sort}).") from None
    if not isinstance(body, dict):
        raise invalid_response(response, f"An object was expected, not {_json_type(body)}.")
    if refused := error_in_body(response, body):
        raise refused
    return Envelope(response, body)


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string"}
    return names.get(type(value), "an array" if isinstance(value, list) else "an object")
