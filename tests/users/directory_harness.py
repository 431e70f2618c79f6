"""People for tests, and a directory over an embedded Chakra."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pydantic import SecretStr

from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.chakra.models import User
from bot.sandbox.chakra import EmbeddedChakra
from bot.text.phones import PhoneParser
from bot.users.directory import Directory
from tests.clock import ManualClock
from tests.sandbox.chakra_client import serve_chakra

LIST_V1 = "GET /v1/ext/users"
LIST_V2 = "GET /v2/ext/users"
FETCH_V2 = "GET /v2/ext/user/{id}"
UPDATE = "PUT /v1/ext/user/{id}"
CONFIG = "GET /v1/ext/config"


def build_user(first: str = "", last: str = "", *emails: str, **fields: Any) -> User:
    """A person as Chakra's v2 shows them; fields by their own names in camel case."""
    known_as = fields.get("username", "") or f"{first}{last}{emails}"
    return User.model_validate(
        {
            "id": str(uuid5(NAMESPACE_URL, known_as)),
            "firstName": first,
            "lastName": last,
            "primaryEmail": emails[0] if emails else None,
            "emails": [{"email": email} for email in emails],
            "phones": [],
            "isActive": True,
            "isDeleted": False,
            **fields,
        }
    )


@dataclass(frozen=True)
class DirectoryHarness:
    """A directory, and the Chakra that it reads."""

    directory: Directory
    chakra: EmbeddedChakra
    cache: Cache
    clock: ManualClock


@asynccontextmanager
async def open_directory(
    clock: ManualClock, *, region: str | None = None
) -> AsyncIterator[DirectoryHarness]:
    async with serve_chakra(clock) as embedded:
        token = SecretStr(embedded.access_token)
        async with Chakra(embedded.base_url, token, clock) as client:
            cache = Cache(clock)
            directory = Directory(client, cache, clock, PhoneParser(region))
            try:
                yield DirectoryHarness(directory, embedded, cache, clock)
            finally:
                await cache.aclose()
