"""Read an Excel workbook through ``workbook.py``, which runs in a separate process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.chakra.text import sanitize_line
from bot.sheets import workbook
from bot.sheets.header import RawRow
from bot.sheets.sheet import CellIssue, InvalidSheet, ReadOptions, Sheet, Source
from bot.sheets.table import SheetBuilder
from bot.sheets.workers import SheetWorkers

TIMEOUT_SECONDS = 45.0
"""100,000 rows take two. A handler may take 60, so the person gets the reason."""
MEGABYTE = 1 << 20
MAX_LINE_BYTES = 8 * MEGABYTE
"""Bytes of one row. A row with an address in each of 200 columns takes a hundredth of this."""
FORWARDED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
"""Environment variables that the process gets: others may be tokens."""
MAX_SHEET_NAME_LENGTH = 40

ERROR_MESSAGES = {
    workbook.DAMAGED: (
        "This Excel file is damaged. Open it in Excel, save it again, and choose it again."
    ),
    workbook.PASSWORD: (
        "This file is protected with a password. Save it without one and choose it again, or save "
        "the table as CSV."
    ),
    workbook.EMPTY: "All sheets of this Excel file are empty. Choose another one.",
    workbook.EMPTY_SHEET: "This sheet is empty. Choose another one.",
    workbook.TOO_LARGE: (
        "This Excel file is too large to be read; perhaps a cell far away from the table is "
        "filled. Copy the table into a new file, or save it as CSV, and choose that."
    ),
    workbook.LONG_CELL: (
        f"A cell of this Excel file has more than {workbook.MAX_CELL_LENGTH:,} characters. "
        "Shorten it, and choose the file again."
    ),
    workbook.TOO_MUCH_TEXT: (
        "This Excel file has too much text in it to be read. Delete columns you don't need, "
        "or split it into several files."
    ),
}


async def parse_workbook(
    data: bytes,
    options: ReadOptions,
    workers: SheetWorkers,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Sheet:
    """Return the chosen sheet, or the first with a table. Raise ``InvalidSheet``.

    No thread waits for the process, and it is killed if the caller is cancelled.
    """
    messages = ParserOutputReader()
    try:
        async with asyncio.timeout(timeout_seconds):
            async for chunk in _run_reader(data, options):
                await workers.run(messages.feed, chunk)
            return await workers.run(messages.finish)
    except TimeoutError:
        raise InvalidSheet(
            ERROR_MESSAGES[workbook.TOO_LARGE], sheets=messages.source.sheets
        ) from None


async def _run_reader(data: bytes, options: ReadOptions) -> AsyncIterator[bytes]:
    """Yield what the other process writes, about a megabyte at a time.

    A process that ends early was out of memory.
    """
    place = [] if options.sheet is None else [str(options.sheet)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        str(Path(workbook.__file__)),
        *place,
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env=_build_child_environment(),
        limit=MEGABYTE,
    )
    try:
        await _write_input(process, data)
        async for chunk in _read_output(process):
            yield chunk
        if ended := await process.wait():
            reason = workbook.DAMAGED if ended == 1 else workbook.TOO_LARGE
            yield json.dumps({"refused": reason}).encode() + b"\n"
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _build_child_environment() -> dict[str, str]:
    known = {name: os.environ[name] for name in FORWARDED_VARIABLES if name in os.environ}
    return known | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


async def _write_input(process: Process, data: bytes) -> None:
    assert process.stdin  # noqa: S101 - it was asked for
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def _read_output(process: Process) -> AsyncIterator[bytes]:
    assert process.stdout  # noqa: S101 - it was asked for
    chunks: list[bytes] = []
    size = 0
    while chunk := await process.stdout.read(MEGABYTE):
        chunks.append(chunk)
        size += len(chunk)
        if size >= MEGABYTE:
            yield b"".join(chunks)
            chunks, size = [], 0
    if chunks:
        yield b"".join(chunks)


class ParserOutputReader:
    """Builds the sheet from the lines of the other process. Each method may run in a thread."""

    def __init__(self) -> None:
        self.source = Source()
        self._builder = SheetBuilder()
        self._rest = b""
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Raise ``InvalidSheet`` for a refusal, or for too much text."""
        *lines, rest = chunk.split(b"\n")
        if lines:
            lines[0] = self._rest + lines[0]
            self._rest = rest
        else:
            self._rest += rest
        self._size += len(chunk)
        if self._size > workbook.MAX_OUTPUT_BYTES + MEGABYTE or len(self._rest) > MAX_LINE_BYTES:
            raise self._refuse(workbook.TOO_MUCH_TEXT)
        try:
            for line in lines:
                self._take(json.loads(line))
        except InvalidSheet as error:
            raise InvalidSheet(error.message, sheets=self.source.sheets) from None

    def finish(self) -> Sheet:
        try:
            return self._builder.finish(self.source)
        except InvalidSheet as error:
            raise InvalidSheet(error.message, sheets=self.source.sheets) from None

    def _take(self, message: Any) -> None:
        if isinstance(message, list):
            number, cells, issues, is_hidden, plain = message
            self._builder.add(
                RawRow(
                    number,
                    cells,
                    [(place, CellIssue(issue)) for place, issue in issues],
                    is_hidden,
                    [(int(place), plain_number) for place, plain_number in plain.items()],
                )
            )
        elif "refused" in message:
            raise self._refuse(message["refused"])
        elif "sheet" in message:
            self._start(message)

    def _start(self, head: dict[str, Any]) -> None:
        sheets = tuple((place, name) for place, name in head["sheets"])
        name = sanitize_line(head["sheet"], MAX_SHEET_NAME_LENGTH)
        several = f" of {head['total']}" if head["total"] > 1 else ""
        self.source = Source(f"Excel, sheet “{name}”{several}", sheet=head["place"], sheets=sheets)
        self._builder = SheetBuilder(first_column_index=head["first"])

    def _refuse(self, reason: str) -> InvalidSheet:
        return InvalidSheet(ERROR_MESSAGES[reason], sheets=self.source.sheets)
