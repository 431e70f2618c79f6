"""What was measured beside what is wanted, line by line as it comes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ResultTable:
    """What was measured, and whether it is what the project promises."""

    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def add(self, name: str, measured: str, target: str, *, is_met: bool) -> None:
        self.rows.append((name, measured, target, is_met))
        print(
            f"{'ok  ' if is_met else 'MISS'}  {name:<58} {measured:>16}   wanted {target}",
            flush=True,
        )

    @property
    def all_met(self) -> bool:
        return all(well for *_, well in self.rows)
