"""``python -m tests.bench.sheets``: a table of 100,000 rows read, checked and cut while the loop
goes on."""

from __future__ import annotations

import asyncio
import csv
import sys
import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import TypeVar

import uvloop
import xlsxwriter

from bot.sheets.check import check_sheet
from bot.sheets.chunks import Chunk, chunks
from bot.sheets.columns import Purpose, Target, match
from bot.sheets.read import read_sheet

ROWS = 100_000
TICK = 0.001
MEMORY_EVERY = 50
"""Ticks between two looks at the memory."""
LONGEST_BLOCK = 50.0
"""Milliseconds for which the loop may stand still."""
REST = 0.5
"""Seconds in which it is seen how still it stands of itself, on this machine and now."""

Made = TypeVar("Made")

COLUMNS = (
    Target("lead_id"),
    Target("firstname"),
    Target("lastname"),
    Target("phone_number", "Phone Number", "phone_number"),
    Target("email", "Email", "email"),
    Target("city"),
    Target("score", "Score", "number"),
    Target("born", "Born", "date"),
    Target("subscribed", "Subscribed", "boolean"),
    Target("remark"),
)
CITIES = ("Pune", "Goa", "Delhi", "Chennai", "Mumbai")


@dataclass(frozen=True, slots=True)
class Figure:
    """``block_ms``: the longest that the loop stood still meanwhile; ``held_mb``: how much more
    this process holds afterwards, ``peak_mb`` at the most meanwhile."""

    what: str
    seconds: float
    block_ms: float
    held_mb: float
    peak_mb: float

    @property
    def well(self) -> bool:
        return self.block_ms <= LONGEST_BLOCK

    def __str__(self) -> str:
        return (
            f"{'ok  ' if self.well else 'MISS'}  {self.what:<40} {self.seconds:6.2f} s   longest "
            f"block {self.block_ms:5.1f} ms   {self.held_mb:+5.0f} MB, at most {self.peak_mb:+5.0f}"
        )


class _Watch:
    """A task that wants to run every millisecond, and notes for how long this process kept it from
    that: while others have the machine, neither it nor what it waits for makes headway."""

    def __init__(self) -> None:
        self.block = 0.0
        self.peak = 0.0
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        ticks = 0
        while True:
            before, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK)
            late = time.perf_counter() - before - TICK
            self.block = max(self.block, min(late, time.process_time() - worked))
            ticks += 1
            if ticks % MEMORY_EVERY == 0:
                self.peak = max(self.peak, _resident_mb())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def measured(what: str, work: Awaitable[Made]) -> tuple[Made, Figure]:
    held = _resident_mb()
    watch = _Watch()
    began = time.perf_counter()
    made = await work
    seconds = time.perf_counter() - began
    await watch.stop()
    after = _resident_mb()
    peak = max(watch.peak, after) - held
    return made, Figure(what, seconds, watch.block * 1000, after - held, peak)


async def figures() -> list[Figure]:
    text, book = _text(), _book()
    _, rest = await measured("nothing at all", asyncio.sleep(REST))
    sheet, read = await measured("100,000 rows of CSV, read", read_sheet(text))
    assert len(sheet.rows) == ROWS
    matching = match(sheet.columns, COLUMNS, Purpose.CREATE, primary_key="lead_id")
    checked, found = await measured("and checked", check_sheet(sheet, matching, region="IN"))
    assert (checked.good, matching.unmatched) == (ROWS, ())
    cutting = asyncio.to_thread(_count, chunks(checked.items, checked.rows))
    count, cut = await measured("and cut into requests", cutting)
    assert count == ROWS // 1000
    del sheet, checked
    sheet, excel = await measured("100,000 rows of Excel, read", read_sheet(book))
    assert len(sheet.rows) == ROWS
    return [rest, read, found, cut, excel]


def _count(cut: Iterator[Chunk]) -> int:
    return sum(1 for _ in cut)


def _rows() -> Iterator[Sequence[str | int]]:
    yield [one.short_id for one in COLUMNS]
    for n in range(1, ROWS + 1):
        name, city = f"Mehta{n}", CITIES[n % len(CITIES)]
        yield [
            *(f"LEAD-{n:06}", "Aarav", name, 919800000000 + n, f"a{n}@example.com", city),
            *(n % 100, "1990-05-06", "yes", f"remark number {n}"),
        ]


def _text() -> bytes:
    made = StringIO(newline="")
    csv.writer(made).writerows(_rows())
    return made.getvalue().encode()


def _book() -> bytes:
    made = BytesIO()
    book = xlsxwriter.Workbook(made, {"constant_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(_rows()):
        sheet.write_row(number, 0, row)
    book.close()
    return made.getvalue()


def _resident_mb() -> float:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def main() -> int:
    found = await figures()
    for one in found:
        print(one, flush=True)
    return 0 if all(one.well for one in found) else 1


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main()))
