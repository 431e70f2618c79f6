"""An embedded Chakra on a real port, and an authorized plain HTTP client."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.aio.clock import Clock
from bot.sandbox.chakra import EmbeddedChakra
from bot.web.server import serve

EXAMPLES = Path(__file__).parents[1] / "data" / "chakra"
JOHN = "a91b5073-e9d4-4959-9fd3-6edf79c2c5a4"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def read_doc(name: str) -> Any:
    """Return a documented body by its file name without ``.json``."""
    return json.loads((EXAMPLES / f"{name}.json").read_text())


@dataclass(frozen=True)
class ApiResponse:
    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class ApiClient:
    """An HTTP client; ``token=""`` sends no Authorization header."""

    def __init__(self, session: aiohttp.ClientSession, token: str) -> None:
        self._session = session
        self._token = token

    async def request(
        self, method: str, path: str, *, token: str | None = None, **sent: Any
    ) -> ApiResponse:
        token = self._token if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._session.request(method, path, headers=headers, **sent) as answer:
            text = (await answer.read()).decode("utf-8", "replace")
            return ApiResponse(
                answer.status, text, {k.lower(): v for k, v in answer.headers.items()}
            )

    async def get(self, path: str, **sent: Any) -> ApiResponse:
        return await self.request("GET", path, **sent)


@asynccontextmanager
async def serve_chakra(clock: Clock) -> AsyncIterator[EmbeddedChakra]:
    chakra = EmbeddedChakra(clock)
    async with serve(chakra.app) as url:
        chakra.set_base_url(url)
        try:
            yield chakra
        finally:
            await chakra.aclose()


@asynccontextmanager
async def open_client(chakra: EmbeddedChakra) -> AsyncIterator[ApiClient]:
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(chakra.base_url, connector=connector) as session:
        yield ApiClient(session, chakra.access_token)
