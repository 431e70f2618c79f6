"""What was measured beside what is wanted, line by line as it comes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Table:
    """What was measured, and whether it is what the project promises."""

    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def add(self, what: str, measured: str, wanted: str, *, well: bool) -> None:
        self.rows.append((what, measured, wanted, well))
        print(
            f"{'ok  ' if well else 'MISS'}  {what:<58} {measured:>16}   wanted {wanted}", flush=True
        )

    @property
    def well(self) -> bool:
        return all(well for *_, well in self.rows)
