"""An error as a person reads it: what happened, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import humanize

from bot.slack.blocks import Markup, markup

ADMIN = "your admin"
MAX_DISPLAYED_WAIT_SECONDS = 86_400.0
"""The longest wait, in seconds, that a sentence asks for."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened and what to do.

    ``is_service_error`` marks a failure of the bot or of a service: a person who can be shown a
    reference that is in the log reads ``remedy_with_reference``, if there is one.
    """

    summary: Markup
    remedy: Markup
    is_service_error: bool = False
    remedy_with_reference: Markup | None = None


Explain = Callable[[Any], Explanation]
ErrorTable = Mapping[type[BaseException], Explain]
"""The explanation of each class of errors, for its subclasses too."""


@dataclass(frozen=True, slots=True)
class ErrorCopy:
    """Two sentences with placeholders.

    ``{wait}`` is the time ("6 seconds"), ``{admin}`` the person to contact, ``{code}`` the error's
    code, and ``{report}`` what to do if nothing else helps: it names the reference only where one
    is shown.
    """

    summary: str
    remedy: str
    is_service_error: bool = False

    def explain(self, error: Any) -> Explanation:
        blanks = {
            "wait": format_wait(getattr(error, "retry_after", None)),
            "admin": ADMIN,
            "code": str(getattr(error, "code", "")),
        }
        has_report = "{report}" in self.remedy
        return Explanation(
            markup(self.summary.format(**blanks)),
            markup(self.remedy.format(**blanks, report=f"contact {ADMIN}")),
            self.is_service_error,
            markup(self.remedy.format(**blanks, report=f"send {ADMIN} the reference below"))
            if has_report
            else None,
        )


def format_wait(wait: float | None) -> str:
    """Return "30 seconds" or "2 minutes"; "a minute" if it is unknown, a day at most."""
    if wait is None or math.isnan(wait):
        return "a minute"
    bounded = max(1, round(min(wait, MAX_DISPLAYED_WAIT_SECONDS)))
    return humanize.precisedelta(bounded, minimum_unit="seconds", format="%d")
