"""The endpoints that commands reach name methods of the client, and each requests just that."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from io import BytesIO
from operator import attrgetter
from typing import Any

import pytest
from pydantic import SecretStr

from bot.chakra.client import Chakra
from bot.chakra.models import Media, UserChanges
from bot.chakra.outgoing import SessionText, TemplateMessage
from bot.chakra.processes import ProcessChange
from bot.chakra.templates import NewTemplate
from bot.chakra.transport.exchange import MultipartFile
from bot.errors import ChakraError
from bot.sandbox.chakra.request_log import parse_endpoint
from tests.clock import ManualClock
from tests.endpoints import Endpoint, collect_endpoints
from tests.sandbox.chakra_client import serve_chakra

UUID = "1bc10281-5882-43aa-b48d-28c527335e7a"
CREATED: dict[str, object] = {"data": {}}
TEMPLATE_MESSAGE = TemplateMessage(whatsapp_phone_number_id="1", template_name="hello_world")

ARGUMENTS: dict[str, object] = {
    "changes": {"category": "UTILITY"},
    "chat_id": UUID,
    "file": MultipartFile("a.png", "image/png", b"\x89PNG\r\n\x1a\n"),
    "item": CREATED,
    "items": [CREATED],
    "job_id": UUID,
    "key": UUID,
    "kind": "call_back",
    "limit": 5,
    "max_bytes": 10,
    "media_id": "1",
    "message": TEMPLATE_MESSAGE,
    "phone": "12025550100",
    "photo_id": UUID,
    "plugin_id": "p",
    "procedure": "lead",
    "process_id": UUID,
    "sender_id": "1",
    "task": CREATED,
    "template": NewTemplate("news", "en", "UTILITY", []),
    "template_id": "1",
    "update": {"state": "NEW"},
    "user_id": UUID,
    "waba_id": "1",
    "where": {},
}
"""What a parameter of a method is called with, by its name."""

OTHER_ARGUMENTS: dict[str, dict[str, object]] = {
    "photos.upload": {"photo_id": uuid.UUID(UUID)},
    "processes.update_many": {"changes": [ProcessChange(UUID, {"state": "NEW"})]},
    "users.update": {"changes": UserChanges(first_name="Jo")},
    "messages.send_meta_message": {"message": SessionText("12025550100", "Hi")},
}
"""Those of single methods."""


async def call(method: Any, arguments: dict[str, object]) -> None:
    """Call a method of the client with an argument for each parameter that has no default."""
    needed = [
        name
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.default is parameter.empty or name in arguments
    ]
    unknown = [name for name in needed if name not in ARGUMENTS | arguments]
    assert not unknown, f"give {', '.join(unknown)} a value in ARGUMENTS"
    result: Awaitable[object] | AsyncIterator[object] = method(
        **{name: (ARGUMENTS | arguments)[name] for name in needed}
    )
    await (anext(result) if isinstance(result, AsyncIterator) else result)


@pytest.mark.parametrize("endpoint", collect_endpoints(), ids=lambda endpoint: endpoint.address)
async def test_the_method_of_the_client_requests_it(clock: ManualClock, endpoint: Endpoint) -> None:
    async with (
        serve_chakra(clock) as server,
        Chakra(server.base_url, SecretStr(server.access_token), clock) as chakra,
    ):
        arguments = {
            "sink": BytesIO(),
            "media": Media(url=f"{server.base_url}/v1/whatsapp/v24.0/attachments?mid=1"),
            **OTHER_ARGUMENTS.get(endpoint.client, {}),
        }
        if "{primaryKeyValue}" in endpoint.path:
            arguments["key_attribute"] = "lead_id"
        server._require_matcher(endpoint.address)
        with suppress(ChakraError):
            await call(attrgetter(endpoint.client)(chakra), arguments)
        assert server.requests
        assert all(map(parse_endpoint(endpoint.address), server.requests))
