"""A payload's findings, and checks that every limit uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.slack.limits.rules import BOUNDS, RULES

Surface = Literal["message", "modal"]
Json = Mapping[str, Any]

SURFACE_CODES: Mapping[str, str] = {"message": "invalid_blocks", "modal": "invalid_arguments"}
"""Slack's error code, by surface, for an invalid payload without a code of its own."""


@dataclass(frozen=True)
class Finding:
    """One finding; ``pointer`` is a JSON pointer into the payload ("/blocks/0/text")."""

    rule: str
    pointer: str
    text: str

    @property
    def refused(self) -> bool:
        return RULES[self.rule].level == "error"

    def __str__(self) -> str:
        return f"[ERROR] {self.text} [json-pointer:{self.pointer}]"


class Report:
    """Collects the findings of one payload; its methods never raise."""

    def __init__(self, surface: Surface) -> None:
        self.surface = surface
        self.findings: list[Finding] = []

    def add(self, rule: str, at: str, text: str) -> None:
        self.findings.append(Finding(rule, at, text))

    def missing(self, rule: str, at: str, field: str) -> None:
        self.add(rule, at, f"missing required field: {field}")

    def mapping(self, value: object, at: str) -> Json | None:
        if isinstance(value, Mapping):
            return value
        self.add("shape", at, "must provide an object")
        return None

    def array(self, value: object, at: str) -> Sequence[Any] | None:
        if isinstance(value, list | tuple):
            return value
        self.add("shape", at, "must provide an array")
        return None

    def length(self, bounds: str, value: object, at: str) -> None:
        """Check that ``value`` is a string within the named bounds."""
        rule, low, high = BOUNDS[bounds]
        if not isinstance(value, str):
            self.add("shape", at, "must provide a string")
        elif len(value) > high:
            self.add(rule, at, f"must be less than {high + 1} characters")
        elif len(value) < low:
            self.add(rule, at, f"must be more than {low - 1} characters")

    def count(self, bounds: str, number: int, at: str) -> None:
        rule, low, high = BOUNDS[bounds]
        if number > high:
            self.add(rule, at, f"no more than {high} items allowed")
        elif number < low:
            self.add(rule, at, f"no less than {low} items allowed")

    def number(self, bounds: str, value: object, at: str) -> None:
        rule, low, high = BOUNDS[bounds]
        if not isinstance(value, int) or isinstance(value, bool):
            self.add("shape", at, "must provide an integer")
        elif not low <= value <= high:
            self.add(rule, at, f"must be between {low} and {high}")

    def characters(self, bounds: str, number: int, at: str) -> None:
        """Check the characters of several strings together against the upper bound."""
        rule, _, high = BOUNDS[bounds]
        if number > high:
            self.add(rule, at, f"must be less than {high + 1} characters together")

    def one_of(self, rule: str, value: object, allowed: Sequence[str], at: str) -> None:
        if value not in allowed:
            self.add(rule, at, f"must be one of {', '.join(allowed)}")


def error_code(findings: Sequence[Finding], surface: Surface) -> str:
    """Return Slack's error code for the findings; "" if none is a refusal."""
    refused = [finding for finding in findings if finding.refused]
    named = (RULES[finding.rule].code for finding in refused if RULES[finding.rule].code)
    return next(named, SURFACE_CODES[surface] if refused else "")
