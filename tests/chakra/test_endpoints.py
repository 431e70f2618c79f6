"""README's table of endpoints names methods of the client, and each requests just that."""

from __future__ import annotations

import importlib
import pkgutil
import re
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from io import BytesIO

import pytest
from pydantic import SecretStr

import bot.chakra
from bot.chakra.client import Chakra
from bot.chakra.models import Media, UserChanges
from bot.chakra.outgoing import SessionText, TemplateMessage
from bot.chakra.processes import ProcessChange
from bot.chakra.templates import NewTemplate
from bot.chakra.transport.exchange import MultipartFile
from bot.errors import ChakraError
from bot.sandbox.chakra.request_log import endpoint_matcher
from tests.clock import ManualClock
from tests.endpoints import ENDPOINTS, UNDOCUMENTED, Endpoint
from tests.sandbox.chakra_client import serve_chakra

UUID = "1bc10281-5882-43aa-b48d-28c527335e7a"
FILE = MultipartFile("a.png", "image/png", b"\x89PNG\r\n\x1a\n")
MESSAGE = TemplateMessage(whatsapp_phone_number_id="1", template_name="hello_world")
CHANGE = ProcessChange(UUID, {"state": "NEW"})

CALLS: dict[str, Callable[[Chakra], Awaitable[object]]] = {
    "processes.fetch": lambda chakra: chakra.processes.fetch("lead", UUID),
    "processes.list": lambda chakra: chakra.processes.list("lead", {}),
    "processes.create": lambda chakra: chakra.processes.create("lead", {"data": {}}),
    "processes.update": lambda chakra: chakra.processes.update("lead", UUID, {"state": "NEW"}),
    "processes.delete": lambda chakra: chakra.processes.delete("lead", UUID),
    "processes.bulk_create": lambda chakra: chakra.processes.bulk_create("lead", [{"data": {}}]),
    "processes.bulk_update": lambda chakra: chakra.processes.bulk_update("lead", [CHANGE]),
    "tasks.create": lambda chakra: chakra.tasks.create("lead", UUID, "call_back", {"data": {}}),
    "photos.fetch": lambda chakra: chakra.photos.fetch(UUID, BytesIO(), max_bytes=10),
    "photos.upload_new": lambda chakra: chakra.photos.upload_new(FILE),
    "photos.upload": lambda chakra: chakra.photos.upload(FILE, uuid.UUID(UUID)),
    "users.list": lambda chakra: chakra.users.list(),
    "users.list_v1": lambda chakra: chakra.users.list_v1(),
    "users.fetch": lambda chakra: chakra.users.fetch(UUID),
    "users.fetch_v1": lambda chakra: chakra.users.fetch_v1(UUID),
    "users.update": lambda chakra: chakra.users.update(UUID, UserChanges(first_name="Jo")),
    "templates.create": lambda chakra: chakra.templates.create(
        "1", NewTemplate("news", "en", "UTILITY", [])
    ),
    "templates.list": lambda chakra: chakra.templates.list("1"),
    "templates.update": lambda chakra: chakra.templates.update("1", {"category": "UTILITY"}),
    "messages.send_meta_message": lambda chakra: chakra.messages.send_meta_message(
        "p", "1", SessionText("12025550100", "Hi")
    ),
    "messages.send_template_for_process": lambda chakra: chakra.messages.send_template_for_process(
        "p", "lead", "LEAD-1", MESSAGE
    ),
    "messages.send_template": lambda chakra: chakra.messages.send_template(
        "p", "12025550100", MESSAGE
    ),
    "media.upload": lambda chakra: chakra.media.upload("p", FILE),
    "media.fetch": lambda chakra: chakra.media.fetch("1"),
    "media.download": lambda chakra: chakra.media.download("1"),
    "jobs.fetch": lambda chakra: chakra.jobs.fetch(UUID),
    "jobs.iter_entry_pages": lambda chakra: anext(chakra.jobs.iter_entry_pages(UUID)),
    "config.fetch": lambda chakra: chakra.config.fetch(),
    "chats.list": lambda chakra: chakra.chats.list(limit=5),
    "chats.list_messages": lambda chakra: chakra.chats.list_messages(UUID, limit=5),
    "chats.list_for_phone": lambda chakra: chakra.chats.list_for_phone("12025550100", limit=5),
    "numbers.list_accounts": lambda chakra: chakra.numbers.list_accounts(),
    "numbers.list": lambda chakra: chakra.numbers.list(),
}


BY_PRIMARY_KEY: dict[str, Callable[[Chakra], Awaitable[object]]] = {
    "Update Process By Primary Key": lambda chakra: chakra.processes.update(
        "lead", "LEAD-1", {"state": "NEW"}, key_attribute="lead_id"
    ),
    "Delete Process By Primary Key Value": lambda chakra: chakra.processes.delete(
        "lead", "LEAD-1", key_attribute="lead_id"
    ),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.title)
async def test_the_method_of_the_client_requests_it(clock: ManualClock, endpoint: Endpoint) -> None:
    async with (
        serve_chakra(clock) as server,
        Chakra(server.base_url, SecretStr(server.access_token), clock) as chakra,
    ):
        shown = Media(url=f"{server.base_url}/v1/whatsapp/v24.0/attachments?mid=1")
        with suppress(ChakraError):
            if endpoint.client == "media.copy_from_url":
                await chakra.media.copy_from_url(shown, BytesIO(), max_bytes=10)
            else:
                await BY_PRIMARY_KEY.get(endpoint.title, CALLS[endpoint.client])(chakra)
        assert server.requests
        assert all(map(endpoint_matcher(endpoint.address), server.requests))


def test_the_client_has_no_path_that_the_table_lacks() -> None:
    paths = {
        value
        for module in pkgutil.iter_modules(bot.chakra.__path__)
        for name, value in vars(importlib.import_module(f"bot.chakra.{module.name}")).items()
        if name.endswith("_PATH") and isinstance(value, str)
    }
    known = {_shape(endpoint.path) for endpoint in ENDPOINTS}
    unlisted = {path for path in paths if _shape(path) not in known}
    assert unlisted == set(UNDOCUMENTED), (
        "list the endpoint in tests/endpoints.py: in ENDPOINTS if Chakra documents it (README's "
        "table), else in UNDOCUMENTED"
    )


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)
