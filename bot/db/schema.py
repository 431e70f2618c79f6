"""All tables of this release, to iterate over and to compare a database with."""

from __future__ import annotations

from bot.db import customer_tables, record_tables, tables
from bot.db.columns import METADATA

__all__ = ["METADATA", "customer_tables", "record_tables", "tables"]
