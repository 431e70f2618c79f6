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
"""Seconds: no person is asked to wait longer."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """``summary``: what happened, in one sentence; ``remedy``: what to do about it. Both mrkdwn.

    ``is_service_error`` marks a failure of the bot or of a service: the person is shown a reference
    that is in the log.
    """

    summary: Markup
    remedy: Markup
    is_service_error: bool = False


Explain = Callable[[Any], Explanation]
ErrorTable = Mapping[type[BaseException], Explain]
"""The explanation of each class of errors, for its subclasses too."""


@dataclass(frozen=True, slots=True)
class ErrorCopy:
    """Two sentences with blanks: ``{wait}`` for the time ("6 seconds"), ``{admin}`` for whom to
    contact, ``{code}`` for the error's code."""

    summary: str
    remedy: str
    is_service_error: bool = False

    def explain(self, error: Any) -> Explanation:
        blanks = {
            "wait": format_wait(getattr(error, "retry_after", None)),
            "admin": ADMIN,
            "code": str(getattr(error, "code", "")),
        }
        return Explanation(
            markup(self.summary.format(**blanks)),
            markup(self.remedy.format(**blanks)),
            self.is_service_error,
        )


def format_wait(wait: float | None) -> str:
    """Return "30 seconds" or "2 minutes": "a minute" if it is unknown, a day at the most."""
    if wait is None or math.isnan(wait):
        return "a minute"
    bounded = max(1, round(min(wait, MAX_DISPLAYED_WAIT_SECONDS)))
    return humanize.precisedelta(bounded, minimum_unit="seconds", format="%d")
