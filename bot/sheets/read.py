"""Read an uploaded file as a sheet."""

from __future__ import annotations

import asyncio

import humanize

from bot.sheets import delimited, kinds
from bot.sheets.header import EMPTY_MESSAGE
from bot.sheets.kinds import FileKind
from bot.sheets.sheet import MAX_FILE_BYTES, InvalidSheet, ReadOptions, Sheet
from bot.sheets.workers import SheetWorkers


async def read_sheet(
    data: bytes, options: ReadOptions | None = None, *, workers: SheetWorkers | None = None
) -> Sheet:
    """Return the sheet; 100,000 rows take about a second, off the event loop.

    The file's name does not matter. Without ``workers`` the threads live for this read only.
    Raise ``InvalidSheet``.
    """
    if workers is None:
        workers = SheetWorkers()
        try:
            return await read_sheet(data, options, workers=workers)
        finally:
            workers.close()
    options = options or ReadOptions()
    async with workers.reading:
        if await workers.run(_detect_kind, data) is FileKind.WORKBOOK:
            from bot.sheets import excel  # its reader takes a megabyte

            return await excel.parse_workbook(data, options, workers)
        return await workers.run(delimited.parse_csv, data, options)


def parse_sheet(data: bytes, options: ReadOptions | None = None) -> Sheet:
    """Return the sheet without a running event loop. Raise ``InvalidSheet``."""
    if _detect_kind(data) is FileKind.WORKBOOK:
        return asyncio.run(read_sheet(data, options))
    return delimited.parse_csv(data, options or ReadOptions())


def _detect_kind(data: bytes) -> FileKind:
    if not data.strip():
        raise InvalidSheet(EMPTY_MESSAGE)
    if len(data) > MAX_FILE_BYTES:
        size = humanize.naturalsize(MAX_FILE_BYTES, binary=True, format="%.0f").replace("iB", "B")
        raise InvalidSheet(
            f"This file is larger than {size}, the limit. Split it into several files."
        )
    return kinds.detect_file_kind(data)
