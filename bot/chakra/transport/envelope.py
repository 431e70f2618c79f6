"""Parse the body of a 2xx: ``_data``, ``_meta``, ``_errors``.

Most endpoints respond with this envelope; those that pass a call on to Meta respond in Meta's
shape at the top level. A non-empty ``_errors`` is a failure regardless of the status, as in the
vendor's SDK (API.md, Response envelope).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.chakra.transport.error_mapping import build_invalid_response, find_body_error
from bot.chakra.transport.exchange import ChakraResponse
from bot.errors import ChakraError

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Envelope:
    """The parsed body of a response."""

    response: ChakraResponse
    body: Mapping[str, Any] = field(repr=False)

    @property
    def data(self) -> Any:
        """The value of ``_data``, which may be null. Raise an error if it is missing."""
        if "_data" not in self.body:
            raise self.build_error("_data", "It is missing.")
        return self.body["_data"]

    @property
    def unwrapped(self) -> Any:
        """The value of ``_data``, else the whole body: Meta's responses come in both forms."""
        return self.body.get("_data", self.body)

    @property
    def meta(self) -> Mapping[str, Any]:
        """The object ``_meta``; empty if there is none."""
        meta = self.body.get("_meta")
        return meta if isinstance(meta, Mapping) else {}

    def parse_data(self, model: type[Model]) -> Model:
        """Return ``_data`` as a model."""
        return self.parse(model, self.data, "_data")

    def parse_resource(self, model: type[Model], resource_id: str) -> Model:
        """Return ``_data`` as a model. Another record than the requested one is invalid."""
        found = self.parse_data(model)
        if str(getattr(found, "id", "")).lower() != resource_id.lower():
            raise self.build_error("_data.id", "It isn't the requested record.")
        return found

    def parse_unwrapped(self, model: type[Model]) -> Model:
        """Return Meta's response as a model, wrapped in ``_data`` or not."""
        return self.parse(model, self.unwrapped, "_data" if "_data" in self.body else "body")

    def parse_list(self, model: type[Model]) -> tuple[Model, ...]:
        """Return the array ``_data`` as models."""
        data = self.data
        if not isinstance(data, list):
            raise self.build_error("_data", f"An array was expected, not {_name_json_type(data)}.")
        return tuple(self.parse(model, item, f"_data[{i}]") for i, item in enumerate(data))

    def parse(self, model: type[Model], value: object, location: str) -> Model:
        """Return a value as a model. Raise what ``build_error`` returns for ``location``."""
        if not isinstance(value, Mapping):
            raise self.build_error(
                location, f"An object was expected, not {_name_json_type(value)}."
            )
        try:
            return model.model_validate(value)
        except ValidationError as error:
            field_path = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        # Outside the handler: pydantic's error quotes the value, which is personal data.
        raise self.build_error(f"{location}.{field_path}", "It is missing or of the wrong type.")

    def build_error(self, location: str, reason: str) -> ChakraError:
        """Return the error for a body that cannot be parsed at ``location``."""
        return build_invalid_response(self.response, reason, location)


def parse_envelope(response: ChakraResponse) -> Envelope:
    """Return the envelope of a 2xx.

    Raise ``Rejected``, or the class of Meta's code, if the body has ``_errors`` or Meta's
    ``error``. If it is not a JSON object, raise ``InvalidResponse``, or ``OutcomeUnknown`` after a
    write.
    """
    if not response.is_complete:
        raise build_invalid_response(response, "The body is too large or damaged.")
    try:
        body = response.parse_json()
    except ValueError:
        media_type = response.media_type or "no media type"
        raise build_invalid_response(response, f"The body is not JSON ({media_type}).") from None
    if not isinstance(body, dict):
        raise build_invalid_response(
            response, f"An object was expected, not {_name_json_type(body)}."
        )
    if refusal := find_body_error(response, body):
        raise refusal
    return Envelope(response, body)


def _name_json_type(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string"}
    return names.get(type(value), "an array" if isinstance(value, list) else "an object")
