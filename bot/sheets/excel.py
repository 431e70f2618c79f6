"""Excel workbooks -> a sheet, read by ``workbook.py`` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import IO, Any

from bot.chakra.text import sanitize_line
from bot.sheets import workbook
from bot.sheets.sheet import CellIssue, InvalidSheet, Sheet
from bot.sheets.table import RawRow, build_sheet

TIMEOUT_SECONDS = 60.0
"""Seconds; 100,000 rows take two."""
MEGABYTE = 1 << 20
FORWARDED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
"""Of the environment, in which tokens stand too."""

ERROR_MESSAGES = {
    workbook.DAMAGED: (
        "This Excel file is damaged. Open it in Excel, save it once more, and choose it again."
    ),
    workbook.PASSWORD: (
        "This file is protected with a password. Save it without one and choose it again, or save "
        "the table as CSV."
    ),
    workbook.EMPTY: "No sheet of this Excel file has anything in it. Choose another one.",
    workbook.TOO_LARGE: (
        "This Excel file is too large to be read; perhaps a cell far away from the table is "
        "filled. Copy the table into a new file, or save it as CSV, and choose that."
    ),
}


def parse_workbook(data: bytes, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Sheet:
    """Blocks for as long as it takes, up to ``patience`` seconds. Raises ``InvalidSheet``."""
    with subprocess.Popen(  # noqa: S603 - our own file
        [sys.executable, "-P", str(Path(workbook.__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_child_environment(),
    ) as process:
        timer = Timer(timeout_seconds, process.kill)
        timer.start()
        try:
            return _build_sheet(_read_messages(process, data))
        finally:
            timer.cancel()
            process.kill()


def _child_environment() -> dict[str, str]:
    known = {name: os.environ[name] for name in FORWARDED_VARIABLES if name in os.environ}
    return known | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _read_messages(process: subprocess.Popen[bytes], data: bytes) -> Iterator[Any]:
    """What the other process writes. One that ends without a word was out of memory or time."""
    assert process.stdin  # noqa: S101 - both were asked for
    assert process.stdout  # noqa: S101
    with suppress(BrokenPipeError), process.stdin as whole:
        whole.write(data)
    for line in _iter_lines(process.stdout):
        yield json.loads(line)
    ended = process.wait()
    if ended:
        yield {"refused": workbook.DAMAGED if ended == 1 else workbook.TOO_LARGE}


def _iter_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Each that is whole. Read by the megabyte: a thread that lets go of the interpreter for every
    few rows, and takes it again at once, starves the event loop."""
    rest = b""
    while chunk := stream.read(MEGABYTE):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _build_sheet(messages: Iterator[Any]) -> Sheet:
    head = _raise_if_refused(next(messages))
    name = sanitize_line(head["sheet"], 40)
    several = f" of {head['sheets']}" if head["sheets"] > 1 else ""
    return build_sheet(
        _iter_rows(messages), f"Excel, sheet “{name}”{several}", first_column_index=head["first"]
    )


def _iter_rows(messages: Iterator[Any]) -> Iterator[RawRow]:
    for line in messages:
        if isinstance(line, list):
            number, cells, flaws = line
            yield RawRow(number, cells, [(place, CellIssue(flaw)) for place, flaw in flaws])
        else:
            _raise_if_refused(line)


def _raise_if_refused(message: dict[str, Any]) -> dict[str, Any]:
    """Raises ``InvalidSheet`` in the place of a line that says why."""
    if "refused" in message:
        raise InvalidSheet(ERROR_MESSAGES[message["refused"]])
    return message
