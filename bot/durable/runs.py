"""What a run of a chain receives and returns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

RunState = Mapping[str, Any]
"""What a run passes to the next one: a small JSON object, stored in DBOS's own row."""


@dataclass(frozen=True, slots=True)
class Reschedule:
    """The chain continues after ``seconds``. A handler that returns ``None`` ends its chain."""

    seconds: float
    state: RunState = field(default_factory=dict)


Run = Callable[[str, RunState], Awaitable[Reschedule | None]]
ListKeys = Callable[[], Awaitable[Iterable[str]]]


@dataclass(frozen=True, slots=True)
class Handler:
    """Runs the chains of one kind and one workspace.

    ``list_active_keys`` returns the keys whose chains must be alive, as the feature's own rows say;
    both know keys without the workspace.
    """

    kind: str
    workspace: str
    run: Run
    list_active_keys: ListKeys
