"""Checked rows as the items of a bulk request, each built when it is needed.

Of 100,000 rows only the values are in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import overload

from bot.sheets.columns import ColumnMatch, ColumnRole, Purpose
from bot.sheets.values import Value

Item = Mapping[str, object]
RowValues = tuple[Value | None, ...]
"""One for each matched column; ``None`` if the cell is empty."""


class Items(Sequence[Item]):
    """The items of the JSON body (bot/chakra/API.md, Processes).

    For example::

        {"lead_id": "LEAD-7", "data": {"city": "Goa"}, "state": "NEW"}               to create
        {"lead_id": "LEAD-7", "update": {"data": {"city": "Goa"}, "state": "NEW"}}   to update

    An empty cell isn't included: the attribute is omitted on create, and unchanged on update.
    """

    def __init__(
        self, purpose: Purpose, columns: Sequence[ColumnMatch], values: Sequence[RowValues]
    ) -> None:
        self._purpose = purpose
        self._columns = columns
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> Items: ...
    def __getitem__(self, place: int | slice) -> Item | Items:
        if isinstance(place, slice):
            return Items(self._purpose, self._columns, self._values[place])
        return self._build_item(self._values[place])

    def _build_item(self, values: RowValues) -> Item:
        parts: dict[ColumnRole, dict[str, Value]] = {role: {} for role in ColumnRole}
        for column, value in zip(self._columns, values, strict=True):
            if value is not None:
                parts[column.role][column.key] = value
        data, beside = parts[ColumnRole.ATTRIBUTE], parts[ColumnRole.ROOT]
        if self._purpose is Purpose.CREATE:
            return {**parts[ColumnRole.IDENTIFIER], "data": data, **beside}
        changes = {"data": data, **beside} if data else beside
        return {**parts[ColumnRole.IDENTIFIER], "update": changes}
