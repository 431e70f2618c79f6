"""Test helpers for the background jobs of an embedded Chakra."""

from __future__ import annotations

from typing import Any

from tests.sandbox.chakra_client import ApiClient

JOBS = "/v1/ext/background-job"
COUNTS_KEY = "bjEntryCompletionStatusVsCount"


async def fetch_counts(client: ApiClient, job_id: str) -> dict[str, int] | None:
    heard = await client.get(f"{JOBS}/{job_id}")
    assert heard.status == 200, heard.text
    found: dict[str, int] | None = heard.json.get("_meta", {}).get(COUNTS_KEY)
    return found


async def fetch_entries(client: ApiClient, job_id: str) -> list[dict[str, Any]]:
    """Return all entries, page by page."""
    found: list[dict[str, Any]] = []
    path: str | None = f"{JOBS}/{job_id}/entries"
    while path:
        body = (await client.get(path)).json
        found += body["_data"]
        path = body["_meta"].get("next")
    return found
