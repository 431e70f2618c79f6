"""The records in Chakra of the customer that an event is about."""

from __future__ import annotations

from collections.abc import Iterator

from bot.chakra.fields import to_text
from bot.notifications.facts import FindRecords
from bot.processes.directory import Record, RecordDirectory
from bot.webhooks.events import Customer


def record_finder(directory: RecordDirectory) -> FindRecords:
    """Return a function that finds a customer's records by number."""

    async def find(customer: Customer) -> frozenset[str]:
        if not customer.phone:
            return frozenset()
        found = await directory.find_by_phone(f"+{customer.phone}")
        return frozenset(fact for record in found for fact in _iter_facts(record))

    return find


def _iter_facts(record: Record) -> Iterator[str]:
    """Yield ``lead``, and ``lead.city=pune`` of each attribute that has a value."""
    kind = record.procedure.casefold()
    yield kind
    process = record.process
    attributes = {**process.record_data, **process.data}
    attributes |= {"state": process.state, "status": process.status}
    for name, value in attributes.items():
        for item in value if isinstance(value, list) else [value]:
            if text := to_text(item):
                yield f"{kind}.{str(name).casefold()}={text.casefold()}"
