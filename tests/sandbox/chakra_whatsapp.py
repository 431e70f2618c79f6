"""Paths and request bodies of the WhatsApp endpoints, and a webhook receiver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.web.server import serve
from tests.sandbox.chakra_asked import Client, Heard

PLUGIN = "/v1/ext/plugin/whatsapp/d83e1d23-50b8-4d87-8f92-842a0ac516f6"
SENDER = "775966265503012"
OTHER_SENDER = "105966260583426"
MESSAGES = f"{PLUGIN}/api/v24.0/{SENDER}/messages"
TEMPLATES = "/v1/ext/plugin/whatsapp/api/v24.0/83784929738012/message_templates"
ANYBODY = "12025550199"


def to_phone(number: str) -> str:
    return f"{PLUGIN}/phoneNumber/{number}/send-template-message"


def for_process(key: str, procedure: str = "lead") -> str:
    return f"{PLUGIN}/process/{procedure}/{key}/send-template-message"


def mapped(*values: str) -> list[dict[str, str]]:
    return named(**{str(number): value for number, value in enumerate(values, 1)})


def named(**values: str) -> list[dict[str, str]]:
    return [
        {"schemaPropertyName": name, "schemaPropertyValue": value} for name, value in values.items()
    ]


def order(template: str = "hello_world", **fields: Any) -> dict[str, Any]:
    """Return Chakra's format of a send; fields that are None are left out."""
    body = {"whatsappPhoneNumberId": SENDER, "templateName": template, **fields}
    return {name: value for name, value in body.items() if value is not None}


def in_metas_format(template: str, language: str, *components: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "to": ANYBODY,
        "type": "template",
        "template": {
            "name": template,
            "language": {"code": language},
            "components": list(components),
        },
    }


async def send(client: Client, number: str = ANYBODY, **fields: Any) -> Heard:
    return await client.ask("POST", to_phone(number), json=order(**fields))


def code_of(heard: Heard) -> int:
    assert heard.status == 400, heard.text
    return int(heard.json["error"]["code"])


@dataclass(frozen=True)
class Got:
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


class Hook:
    """A webhook receiver: ``got`` are the requests in order, ``answers`` the status it responds
    with.
    """

    def __init__(self) -> None:
        self.url = ""
        self.got: list[Got] = []
        self.answers = 200
        self._news = asyncio.Event()

    async def until(self, number: int) -> list[Got]:
        async with asyncio.timeout(5):
            while len(self.got) < number:
                await self._news.wait()
        return self.got

    async def take(self, request: Request) -> Response:
        self.got.append(Got(dict(request.headers), await request.body()))
        self._news.set()
        self._news = asyncio.Event()
        return Response(status_code=self.answers)


@asynccontextmanager
async def hooked() -> AsyncIterator[Hook]:
    hook = Hook()
    app = Starlette(routes=[Route("/hook", hook.take, methods=["POST"])])
    async with serve(app) as url:
        hook.url = f"{url}/hook"
        yield hook
