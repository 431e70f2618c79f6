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
from tests.sandbox.chakra_client import ApiClient, ApiResponse

PLUGIN = "/v1/ext/plugin/whatsapp/d83e1d23-50b8-4d87-8f92-842a0ac516f6"
SENDER = "775966265503012"
OTHER_SENDER = "105966260583426"
MESSAGES = f"{PLUGIN}/api/v24.0/{SENDER}/messages"
TEMPLATES = "/v1/ext/plugin/whatsapp/api/v24.0/83784929738012/message_templates"
CUSTOMER_NUMBER = "12025550199"


def build_phone_send_path(number: str) -> str:
    return f"{PLUGIN}/phoneNumber/{number}/send-template-message"


def build_process_send_path(key: str, procedure: str = "lead") -> str:
    return f"{PLUGIN}/process/{procedure}/{key}/send-template-message"


def map_positions(*values: str) -> list[dict[str, str]]:
    return map_names(**{str(number): value for number, value in enumerate(values, 1)})


def map_names(**values: str) -> list[dict[str, str]]:
    return [
        {"schemaPropertyName": name, "schemaPropertyValue": value} for name, value in values.items()
    ]


def build_send(template: str = "hello_world", **fields: Any) -> dict[str, Any]:
    """Return Chakra's format of a send; fields that are None are left out."""
    body = {"whatsappPhoneNumberId": SENDER, "templateName": template, **fields}
    return {name: value for name, value in body.items() if value is not None}


def build_meta_send(template: str, language: str, *components: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "to": CUSTOMER_NUMBER,
        "type": "template",
        "template": {
            "name": template,
            "language": {"code": language},
            "components": list(components),
        },
    }


async def send(client: ApiClient, number: str = CUSTOMER_NUMBER, **fields: Any) -> ApiResponse:
    return await client.request("POST", build_phone_send_path(number), json=build_send(**fields))


def read_code(response: ApiResponse) -> int:
    assert response.status == 400, response.text
    return int(response.json["error"]["code"])


@dataclass(frozen=True)
class WebhookRequest:
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


class WebhookListener:
    """A webhook receiver: ``got`` are the requests in order, ``answers`` the status it responds
    with.
    """

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[WebhookRequest] = []
        self.response_status = 200
        self._received = asyncio.Event()

    async def wait_for_requests(self, number: int) -> list[WebhookRequest]:
        async with asyncio.timeout(30):
            while len(self.requests) < number:
                await self._received.wait()
        return self.requests

    async def receive(self, request: Request) -> Response:
        self.requests.append(WebhookRequest(dict(request.headers), await request.body()))
        self._received.set()
        self._received = asyncio.Event()
        return Response(status_code=self.response_status)


@asynccontextmanager
async def serve_listener() -> AsyncIterator[WebhookListener]:
    hook = WebhookListener()
    app = Starlette(routes=[Route("/hook", hook.receive, methods=["POST"])])
    async with serve(app) as url:
        hook.url = f"{url}/hook"
        yield hook
