"""A payload's findings, and checks that every limit uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.slack.limits.rules import BOUNDS, RULES

PayloadSurface = Literal["message", "modal", "home"]
Json = Mapping[str, Any]

ERROR_CODES_BY_SURFACE: Mapping[str, str] = {
    "message": "invalid_blocks",
    "modal": "invalid_arguments",
    "home": "invalid_arguments",
}
"""Slack's error code, by surface, for an invalid payload without a code of its own."""


@dataclass(frozen=True)
class PayloadFinding:
    """One finding; ``pointer`` is a JSON pointer into the payload ("/blocks/0/text")."""

    rule: str
    pointer: str
    message: str

    @property
    def is_error(self) -> bool:
        return RULES[self.rule].level == "error"

    def __str__(self) -> str:
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


class ValidationReport:
    """Collects the findings of one payload; its methods never raise."""

    def __init__(self, surface: PayloadSurface) -> None:
        self.surface = surface
        self.findings: list[PayloadFinding] = []

    def add(self, rule: str, pointer: str, message: str) -> None:
        self.findings.append(PayloadFinding(rule, pointer, message))

    def add_missing(self, rule: str, pointer: str, field: str) -> None:
        self.add(rule, pointer, f"missing required field: {field}")

    def require_object(self, value: object, pointer: str) -> Json | None:
        if isinstance(value, Mapping):
            return value
        self.add("shape", pointer, "must provide an object")
        return None

    def require_array(self, value: object, pointer: str) -> Sequence[Any] | None:
        if isinstance(value, list | tuple):
            return value
        self.add("shape", pointer, "must provide an array")
        return None

    def check_length(self, bounds: str, value: object, pointer: str) -> None:
        """Check that ``value`` is a string within the named bounds."""
        rule, low, high = BOUNDS[bounds]
        if not isinstance(value, str):
            self.add("shape", pointer, "must provide a string")
        elif len(value) > high:
            self.add(rule, pointer, f"must be less than {high + 1} characters")
        elif len(value) < low:
            self.add(rule, pointer, f"must be more than {low - 1} characters")

    def check_count(self, bounds: str, number: int, pointer: str) -> None:
        rule, low, high = BOUNDS[bounds]
        if number > high:
            self.add(rule, pointer, f"no more than {high} items allowed")
        elif number < low:
            self.add(rule, pointer, f"no less than {low} items allowed")

    def check_integer(self, bounds: str, value: object, pointer: str) -> None:
        rule, low, high = BOUNDS[bounds]
        if not isinstance(value, int) or isinstance(value, bool):
            self.add("shape", pointer, "must provide an integer")
        elif not low <= value <= high:
            self.add(rule, pointer, f"must be between {low} and {high}")

    def check_total_length(self, bounds: str, number: int, pointer: str) -> None:
        """Check the characters of several strings together against the upper bound."""
        rule, _, high = BOUNDS[bounds]
        if number > high:
            self.add(rule, pointer, f"must be less than {high + 1} characters together")

    def check_one_of(self, rule: str, value: object, allowed: Sequence[str], pointer: str) -> None:
        if value not in allowed:
            self.add(rule, pointer, f"must be one of {', '.join(allowed)}")


def choose_error_code(findings: Sequence[PayloadFinding], surface: PayloadSurface) -> str:
    """Return Slack's error code for the findings; "" if none is a refusal."""
    refused = [finding for finding in findings if finding.is_error]
    named = (RULES[finding.rule].code for finding in refused if RULES[finding.rule].code)
    return next(named, ERROR_CODES_BY_SURFACE[surface] if refused else "")
