"""Any number of made-up leads, each built when it is read, so that 250,000 need no memory."""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from bot.sandbox.chakra.query import matches

ProcessJson = Mapping[str, Any]

STATES: Final = ("NEW", "IN_PROGRESS", "CONVERTED", "NOT_INTERESTED")
FIRST_NAMES: Final = ("Asha", "Ravi", "Meera", "Łukasz", "ルカ", "O'Brien", "Fatima", "Chidi")
CITIES: Final = ("Pune", "Mumbai", "Delhi, NCR", 'The "Pink" City', "Kochi")
FIRST_CREATED_MS: Final = 1_690_000_000_000
INTERVAL_MS: Final = 60_000
FIRST_ID: Final = 0x5EED0000_0000_4000_8000_000000000000


class ManyLeads:
    """The leads MANY-1, MANY-2, …; ``usual`` is a lead that they resemble."""

    def __init__(self, count: int, usual: ProcessJson) -> None:
        self.count = count
        self._usual = usual
        self._matching: dict[str, Sequence[int]] = {"{}": range(count)}

    def find(self, where: Any) -> Sequence[int]:
        """Return the numbers of the leads that match; raise ``RequestError`` for a bad query."""
        key = json.dumps(where, sort_keys=True)
        found = self._matching.get(key)
        if found is None:
            numbers = (number for number in range(self.count) if matches(where, self.build(number)))
            found = self._matching[key] = array("L", numbers)
        return found

    def build(self, number: int) -> ProcessJson:
        """Return one lead, the same each time."""
        created = FIRST_CREATED_MS + number * INTERVAL_MS
        return {
            **self._usual,
            "id": str(UUID(int=FIRST_ID + number)),
            "createdAt": created,
            "updatedAt": created,
            "nextActionAt": created,
            "state": STATES[number % len(STATES)],
            "isDeleted": False,
            "data": {
                "lead_id": f"MANY-{number + 1}",
                "firstname": FIRST_NAMES[number % len(FIRST_NAMES)],
                "phone_number": str(919_800_000_000 + number),
                "score": number % 101,
                "city": CITIES[number % len(CITIES)],
            },
            "record": {"data": {"email": f"lead{number + 1}@example.com"}},
        }
