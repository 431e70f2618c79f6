"""A table of measurements beside their targets, printed line by line."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ResultTable:
    """The measurements, and whether each meets its target."""

    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def add(self, name: str, measured: str, target: str, *, is_met: bool) -> None:
        self.rows.append((name, measured, target, is_met))
        print(
            f"{'ok  ' if is_met else 'MISS'}  {name:<58} {measured:>16}   target {target}",
            flush=True,
        )

    @property
    def all_met(self) -> bool:
        return all(well for *_, well in self.rows)
