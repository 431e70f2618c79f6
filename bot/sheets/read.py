"""An uploaded file -> a sheet. The one way in."""

from __future__ import annotations

import asyncio

import humanize

from bot.sheets import delimited, kinds
from bot.sheets.kinds import FileKind
from bot.sheets.sheet import MAX_FILE_BYTES, InvalidSheet, Sheet
from bot.sheets.table import EMPTY_MESSAGE


async def read_sheet(data: bytes) -> Sheet:
    """Off the event loop: 100,000 rows take about a second. Raises ``InvalidSheet``."""
    return await asyncio.to_thread(parse_sheet, data)


def parse_sheet(data: bytes) -> Sheet:
    """Blocks. What the file is called does not matter. Raises ``InvalidSheet``."""
    if not data.strip():
        raise InvalidSheet(EMPTY_MESSAGE)
    if len(data) > MAX_FILE_BYTES:
        size = humanize.naturalsize(MAX_FILE_BYTES, binary=True, format="%.0f").replace("iB", "B")
        raise InvalidSheet(
            f"This file is larger than {size}, the most that is taken. Cut it into several files."
        )
    if kinds.detect_file_kind(data) is FileKind.WORKBOOK:
        from bot.sheets import excel  # its reader takes a megabyte

        return excel.parse_workbook(data)
    return delimited.parse_csv(data)
