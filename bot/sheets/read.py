"""An uploaded file -> a sheet. The one way in."""

from __future__ import annotations

import asyncio

import humanize

from bot.sheets import delimited, excel, kinds
from bot.sheets.kinds import Kind
from bot.sheets.sheet import MOST_BYTES, Sheet, SheetRefused
from bot.sheets.table import EMPTY


async def read_sheet(data: bytes) -> Sheet:
    """Off the event loop: 100,000 rows take about a second. Raises ``SheetRefused``."""
    return await asyncio.to_thread(read, data)


def read(data: bytes) -> Sheet:
    """Blocks. What the file is called does not matter. Raises ``SheetRefused``."""
    if not data.strip():
        raise SheetRefused(EMPTY)
    if len(data) > MOST_BYTES:
        size = humanize.naturalsize(MOST_BYTES, binary=True, format="%.0f").replace("iB", "B")
        raise SheetRefused(
            f"This file is larger than {size}, the most that is taken. Cut it into several files."
        )
    return excel.read(data) if kinds.of(data) is Kind.WORKBOOK else delimited.read(data)
