"""A table of 100,000 rows read, checked and cut while the loop keeps running."""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import TypeVar

import xlsxwriter

from bot.cli.serve import freeze_gc
from bot.sheets.check import check_sheet
from bot.sheets.chunks import ItemBatch, iter_batches
from bot.sheets.columns import Purpose, Target, match_columns
from bot.sheets.read import read_sheet
from bot.text.phones import PhoneParser
from tests.bench.loop_monitor import MAX_BLOCK_MS, LoopMonitor, measure_resident_mb
from tests.bench.result_table import ResultTable

ROWS = 100_000
BASELINE_SECONDS = 0.5
"""Seconds for which the idle loop is measured, for comparison."""

Result = TypeVar("Result")

TARGETS = (
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


async def bench_sheets(table: ResultTable) -> None:
    """Measure in this process: its loop is idle, its garbage collector set as in ``serve``."""
    freeze_gc()
    text, book = _build_csv(), _build_workbook()
    bench = _Bench(table)
    await bench.measure("nothing at all, for comparison", asyncio.sleep(BASELINE_SECONDS))
    sheet = await bench.measure("CSV, read", read_sheet(text))
    assert len(sheet.rows) == ROWS
    matching = match_columns(sheet.columns, TARGETS, Purpose.CREATE, primary_key="lead_id")
    checked = await bench.measure(
        "and checked", check_sheet(sheet, matching, phones=PhoneParser("IN"))
    )
    assert (checked.valid_count, matching.unmatched) == (ROWS, ())
    cutting = asyncio.to_thread(_count_chunks, iter_batches(checked.items, checked.row_numbers))
    assert await bench.measure("and cut into requests", cutting) == ROWS // 1000
    del sheet, checked
    sheet = await bench.measure("Excel, read", read_sheet(book))
    assert len(sheet.rows) == ROWS


@dataclass(frozen=True)
class _Bench:
    table: ResultTable

    async def measure(self, what: str, work: Awaitable[Result]) -> Result:
        memory_mb, ticker, began = measure_resident_mb(), LoopMonitor(), time.perf_counter()
        result = await work
        seconds, block = time.perf_counter() - began, ticker.longest_block_seconds * 1000
        await ticker.stop()
        peak = max(ticker.peak_mb, measure_resident_mb()) - memory_mb
        self.table.add(
            f"{ROWS:,} rows: {what}: time, memory, block of the loop",
            f"{seconds:.1f} s {peak:+.0f} MB {block:.0f} ms",
            f"≤ {MAX_BLOCK_MS:.0f} ms",
            is_met=block <= MAX_BLOCK_MS,
        )
        return result


def _count_chunks(chunks: Iterator[ItemBatch]) -> int:
    return sum(1 for _ in chunks)


def _generate_rows() -> Iterator[Sequence[str | int]]:
    yield [target.short_id for target in TARGETS]
    for n in range(1, ROWS + 1):
        name, city = f"Mehta{n}", CITIES[n % len(CITIES)]
        yield [
            *(f"LEAD-{n:06}", "Aarav", name, 919800000000 + n, f"a{n}@example.com", city),
            *(n % 100, "1990-05-06", "yes", f"remark number {n}"),
        ]


def _build_csv() -> bytes:
    buffer = StringIO(newline="")
    csv.writer(buffer).writerows(_generate_rows())
    return buffer.getvalue().encode()


def _build_workbook() -> bytes:
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(_generate_rows()):
        sheet.write_row(number, 0, row)
    book.close()
    return buffer.getvalue()
