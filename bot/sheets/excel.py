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

from bot.chakra.text import plain
from bot.sheets import workbook
from bot.sheets.sheet import Flaw, Sheet, SheetRefused
from bot.sheets.table import Raw, table

PATIENCE = 60.0
"""Seconds; 100,000 rows take two."""
MEGABYTE = 1 << 20
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
"""Of the environment, in which tokens stand too."""

REFUSED = {
    workbook.DAMAGED: (
        "This Excel file is damaged. Open it in Excel, save it once more, and choose it again."
    ),
    workbook.PASSWORD: (
        "This file is protected with a password. Save it without one and choose it again, or save "
        "the table as CSV."
    ),
    workbook.EMPTY: "No sheet of this Excel file has anything in it. Choose another one.",
    workbook.LARGE: (
        "This Excel file is too large to be read; perhaps a cell far away from the table is "
        "filled. Copy the table into a new file, or save it as CSV, and choose that."
    ),
}


def read(data: bytes, *, patience: float = PATIENCE) -> Sheet:
    """Blocks for as long as it takes, up to ``patience`` seconds. Raises ``SheetRefused``."""
    with subprocess.Popen(  # noqa: S603 - our own file
        [sys.executable, "-P", str(Path(workbook.__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    ) as process:
        timer = Timer(patience, process.kill)
        timer.start()
        try:
            return _sheet(_said(process, data))
        finally:
            timer.cancel()
            process.kill()


def _environment() -> dict[str, str]:
    known = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return known | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _said(process: subprocess.Popen[bytes], data: bytes) -> Iterator[Any]:
    """What the other process writes. One that ends without a word was out of memory or time."""
    assert process.stdin  # noqa: S101 - both were asked for
    assert process.stdout  # noqa: S101
    with suppress(BrokenPipeError), process.stdin as whole:
        whole.write(data)
    for line in _lines(process.stdout):
        yield json.loads(line)
    ended = process.wait()
    if ended:
        yield {"refused": workbook.DAMAGED if ended == 1 else workbook.LARGE}


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Each that is whole. Read by the megabyte: a thread that lets go of the interpreter for every
    few rows, and takes it again at once, starves the event loop."""
    rest = b""
    while chunk := stream.read(MEGABYTE):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _sheet(said: Iterator[Any]) -> Sheet:
    head = _checked(next(said))
    name = plain(head["sheet"], 40)
    several = f" of {head['sheets']}" if head["sheets"] > 1 else ""
    return table(_rows(said), f"Excel, sheet “{name}”{several}", first=head["first"])


def _rows(said: Iterator[Any]) -> Iterator[Raw]:
    for line in said:
        if isinstance(line, list):
            number, cells, flaws = line
            yield Raw(number, cells, [(place, Flaw(flaw)) for place, flaw in flaws])
        else:
            _checked(line)


def _checked(line: dict[str, Any]) -> dict[str, Any]:
    """Raises ``SheetRefused`` in the place of a line that says why."""
    if "refused" in line:
        raise SheetRefused(REFUSED[line["refused"]])
    return line
