"""What a file may ask of the app: memory, time and threads."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from bot.sheets import excel, workbook
from bot.sheets.excel import MAX_LINE_BYTES, ParserOutputReader
from bot.sheets.header import HEAD_ROWS, RawRow
from bot.sheets.read import read_sheet
from bot.sheets.sheet import MAX_ISSUES, CellIssue, InvalidSheet, ReadOptions
from bot.sheets.table import SheetBuilder
from bot.sheets.workers import SheetWorkers
from tests.sheets.builders import (
    build_cells_workbook,
    build_raw_row,
    build_raw_workbook,
    build_workbook,
    parse_workbook,
)

MEBIBYTE = 1024 * 1024
MEASURED_READ = """
import asyncio, re, resource, sys
from pathlib import Path
from bot.sheets.read import read_sheet
from bot.sheets.sheet import InvalidSheet

try:
    found = asyncio.run(read_sheet(Path(sys.argv[1]).read_bytes()))
    print(f"{len(found.rows)} rows")
except InvalidSheet as refusal:
    print(refusal.message)
status = Path("/proc/self/status")  # getrusage counts the process that started this one, too
own = re.search(r"VmHWM:\\s+(\\d+)", status.read_text()) if status.exists() else None
print(own[1] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_long_cell_is_refused() -> None:
    rows = build_raw_row(1, "name", "note") + build_raw_row(2, "Asha", "x" * 32_768)
    with pytest.raises(InvalidSheet, match="has more than 32,767 characters"):
        parse_workbook(build_raw_workbook(rows))


def test_long_column_name_is_refused() -> None:
    with pytest.raises(InvalidSheet, match="The name of column B has more than 1,000 characters"):
        parse_workbook(
            build_raw_workbook(build_raw_row(1, "name", "x" * 1001) + build_raw_row(2, "Asha", "y"))
        )


def feed_often(messages: ParserOutputReader, chunk: bytes, count: int) -> None:
    for _ in range(count):
        messages.feed(chunk)


def test_line_without_an_end_is_refused() -> None:
    messages = ParserOutputReader()
    with pytest.raises(InvalidSheet, match="too much text"):
        feed_often(messages, b"x" * MEBIBYTE, MAX_LINE_BYTES // MEBIBYTE + 2)


def test_more_text_than_a_table_may_have_is_refused() -> None:
    messages = ParserOutputReader()
    messages.feed(b'{"sheet": "A", "place": 0, "first": 0, "sheets": [[0, "A"]], "total": 1}\n')
    messages.feed(b'[1, ["name"], [], false, {}]\n')
    line = b'[2, ["' + b"x" * MEBIBYTE + b'"], [], false, {}]\n'
    with pytest.raises(InvalidSheet, match="too much text") as refusal:
        feed_often(messages, line, workbook.MAX_OUTPUT_BYTES // MEBIBYTE + 2)
    assert refusal.value.sheets == ((0, "A"),)


def test_merged_cells_outside_the_table_cost_nothing() -> None:
    rows = build_raw_row(1, "name") + build_raw_row(2, "Asha") + build_raw_row(3, "Ravi")
    merged = '<mergeCells><mergeCell ref="B2:XFD1048576"/></mergeCells>'
    assert len(parse_workbook(build_raw_workbook(rows, after=merged)).rows) == 2


def test_errors_in_most_cells_are_refused_together() -> None:
    builder = SheetBuilder()
    builder.add(RawRow(1, list("abcdefghij")))
    row = RawRow(2, ["x"], [(place, CellIssue.FORMULA_ERROR) for place in range(10)])
    for _ in range(MAX_ISSUES // 10):
        builder.add(row)
    with pytest.raises(InvalidSheet, match="More than 50,000 cells have errors"):
        add_head(builder, row)


def add_head(builder: SheetBuilder, row: RawRow) -> None:
    for _ in range(HEAD_ROWS):
        builder.add(row)


async def test_cancelled_read_leaves_no_process() -> None:
    workers = SheetWorkers()
    task = asyncio.create_task(
        excel.parse_workbook(build_cells_workbook(["name"], ["Asha"]), ReadOptions(), workers)
    )
    while not list_children():  # noqa: ASYNC110 - the system has no event for it
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not list_children()
    workers.close()


def list_children() -> list[str]:
    """Return this process's children that run the reader."""
    found = []
    for path in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        for child in path.read_text().split():
            line = Path(f"/proc/{child}/cmdline")
            if line.exists() and b"workbook.py" in line.read_bytes():
                found.append(child)
    return found


async def test_files_are_read_by_threads_of_their_own_and_few_together() -> None:
    workers = SheetWorkers(1)
    release = threading.Event()
    blocked = asyncio.create_task(workers.run(release.wait))
    waiting = asyncio.create_task(read_sheet(b"name\nAsha", workers=workers))
    assert await asyncio.to_thread(lambda: threading.current_thread().name) != "sheets_0"
    assert not waiting.done()
    release.set()
    await blocked
    assert (await waiting).rows == (("Asha",),)
    assert await workers.run(lambda: threading.current_thread().name) == "sheets_0"
    workers.close()


@pytest.mark.process
@pytest.mark.parametrize(
    ("build", "expected"),
    [
        ("one text in many cells", "too large to be read"),
        ("one text in some cells", "too much text"),
        ("emoji", "too much text"),
    ],
)
def test_small_workbook_never_takes_the_memory_of_the_app(
    build: str, expected: str, tmp_path: Path
) -> None:
    """Measured as the memory of the process that the app would be."""
    count, text = {
        "one text in many cells": (60_000, "x" * 32_000),
        "one text in some cells": (4_000, "x" * 32_000),
        "emoji": (1_500, "🎉" * 16_000),
    }[build]

    def fill(_: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["a", "b", "c"])
        for row in range(1, count // 3):
            sheet.write_row(row, 0, [text, text, text])

    file = tmp_path / "table.xlsx"
    file.write_bytes(build_workbook(fill))
    assert file.stat().st_size < MEBIBYTE
    ended = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", MEASURED_READ, str(file)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    message, kibibytes = ended.stdout.rstrip().rsplit("\n", 1)
    assert expected in message
    assert int(kibibytes) < 300 * 1024
