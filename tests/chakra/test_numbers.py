"""The numbers that can send, and their accounts."""

from __future__ import annotations

import httpx
import pytest
from pydantic import SecretStr

from bot.chakra.client import Chakra
from bot.chakra.media import MediaApi
from bot.chakra.messages import MessagesApi
from bot.chakra.models import BusinessAccount, PhoneNumber
from bot.chakra.numbers import PhoneNumbersApi
from bot.chakra.processes import ProcessesApi
from bot.chakra.templates import TemplatesApi
from bot.errors import AuthenticationError, ChakraError, InvalidResponse, Rejected, ResourceNotFound
from tests.chakra.upstream import Upstream, read_example, reply, reply_text
from tests.clock import ManualClock

SENDER = "775966265503012"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.mark.parametrize(("plugin", "query"), [("", ""), ("d83e1d23", "pluginId=d83e1d23")])
async def test_the_documented_list_is_read(clock: ManualClock, plugin: str, query: str) -> None:
    upstream = Upstream([reply(200, read_example("list-whatsapp-phone-numbers.response"))])
    async with upstream.open_http(clock) as http:
        (acme,) = await PhoneNumbersApi(http).list(plugin)
    assert (acme.id, acme.waba, acme.name) == (SENDER, "83784929738012", "Acme")
    assert acme.display_phone_number == "+91 99999 99999"
    assert (acme.quality, acme.messaging_limit) == ("GREEN", "TIER_1K")
    assert (acme.account_mode, acme.name_status) == ("LIVE", "APPROVED")
    assert acme.is_connected
    (request,) = upstream.requests
    assert (request.method, request.url.path) == ("GET", "/v1/ext/whatsapp-phone-number")
    assert request.url.query.decode() == query


async def test_business_accounts_are_listed(clock: ManualClock) -> None:
    body = {"_data": [{"id": "83784929738012", "name": "Acme", "chakraStatus": "CONNECTED"}]}
    upstream = Upstream([reply(200, body)])
    async with upstream.open_http(clock) as http:
        accounts = await PhoneNumbersApi(http).list_accounts("d83e1d23")
    assert accounts == (
        BusinessAccount(id="83784929738012", name="Acme", chakra_status="CONNECTED"),
    )
    assert str(upstream.requests[0].url).endswith(
        "/v1/ext/whatsapp-business-account?pluginId=d83e1d23"
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(403, {"_errors": ["no"]}), AuthenticationError),
        (reply(404), ResourceNotFound),
        (reply(200, {"_errors": ["no"]}), Rejected),
        (reply(200, {"_data": {}}), InvalidResponse),
        (reply(200, {"_data": [{}]}), InvalidResponse),
        (reply_text(200, "<html>", "text/html"), InvalidResponse),
    ],
)
async def test_failed_list_raises_the_reason(
    clock: ManualClock, answer: httpx.Response, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        with pytest.raises(error):
            await PhoneNumbersApi(http).list()
        with pytest.raises(error):
            await PhoneNumbersApi(http).list_accounts()


@pytest.mark.parametrize(
    ("fields", "connected"),
    [
        ({}, True),
        ({"status": "connected"}, True),
        ({"chakraStatus": "CONNECTED", "status": "BANNED"}, False),
        ({"chakraStatus": "DISCONNECTED"}, False),
        ({"status": None, "chakraStatus": 7}, False),
    ],
)
def test_number_is_connected_unless_stated_otherwise(
    fields: dict[str, object], connected: bool
) -> None:
    assert PhoneNumber.model_validate({"id": "1", **fields}).is_connected is connected


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"verifiedName": "Acme", "displayPhoneNumber": "+91"}, "Acme"),
        ({"verifiedName": "", "displayPhoneNumber": "+91"}, "+91"),
        ({"waba": {"id": "8"}, "qualityScore": "RED"}, "1"),
    ],
)
def test_a_number_always_has_a_name(fields: dict[str, object], name: str) -> None:
    assert PhoneNumber.model_validate({"id": "1", **fields}).name == name


@pytest.mark.parametrize(
    ("waba", "account"), [("8", "8"), (8, "8"), ({"id": "8"}, "8"), (None, ""), ([], "")]
)
def test_account_id_of_a_number_in_any_form(waba: object, account: str) -> None:
    assert PhoneNumber.model_validate({"id": "1", "waba": waba}).waba == account


async def test_client_exposes_number_resources(clock: ManualClock) -> None:
    async with Chakra("http://127.0.0.1:1", SecretStr("t"), clock) as chakra:
        assert isinstance(chakra.templates, TemplatesApi)
        assert isinstance(chakra.messages, MessagesApi)
        assert isinstance(chakra.media, MediaApi)
        assert isinstance(chakra.numbers, PhoneNumbersApi)
        assert isinstance(chakra.processes, ProcessesApi)
