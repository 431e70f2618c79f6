"""The templates through the cache, the account they belong to, and what may be sent of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr

from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.chakra.template import Template
from bot.chakra.templates import NewTemplate
from bot.errors import (
    AuthenticationError,
    NotConfigured,
    NotFound,
    OutcomeUnknown,
)
from bot.messages.compose import PassthroughMessage, ProcessMessage, compose
from bot.messages.recipients import Recipient, RecipientKind
from bot.messages.rules import validate_values
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.faults import InvalidJsonBody, ResetAfterHandling, StatusResponse
from bot.templates.catalog import TemplateCatalog, TemplateIndex
from bot.templates.variables import FieldKind as FieldKind
from bot.templates.variables import list_template_fields
from tests.clock import ManualClock
from tests.sandbox.chakra_client import serve_chakra
from tests.templates.builders import build_body_component, build_template

LIST_TEMPLATES = "GET /v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{wabaId}/message_templates"
CREATE_TEMPLATE = LIST_TEMPLATES.replace("GET", "POST")
LIST_NUMBERS = "GET /v1/ext/whatsapp-phone-number"
RECIPIENT = Recipient(RecipientKind.PHONE, "12025550100", "+1 202-555-0100")


@dataclass(frozen=True)
class CatalogHarness:
    library: TemplateCatalog
    chakra: EmbeddedChakra
    client: Chakra
    clock: ManualClock


OpenCatalog = Callable[..., AbstractAsyncContextManager[CatalogHarness]]


@pytest.fixture
def open_catalog(clock: ManualClock) -> OpenCatalog:
    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[CatalogHarness]:
        async with serve_chakra(clock) as embedded:
            token = SecretStr(embedded.access_token)
            async with Chakra(embedded.base_url, token, clock) as client:
                cache = Cache(clock)
                yield CatalogHarness(
                    TemplateCatalog(client, cache, **settings), embedded, client, clock
                )
                await cache.aclose()

    return opened


@pytest.fixture
async def harness(open_catalog: OpenCatalog) -> AsyncIterator[CatalogHarness]:
    async with open_catalog() as opened:
        yield opened


# --- the shelf -----------------------------------------------------------------------------------


async def test_all_pages_are_fetched_once_in_ten_minutes(harness: CatalogHarness) -> None:
    shelf = (await harness.library.get_index()).value
    assert len(shelf.templates) == len(harness.chakra.templates)
    pages = harness.chakra.count(LIST_TEMPLATES)
    await harness.clock.advance(599)
    assert (await harness.library.get_index()).age_seconds == 599
    assert harness.chakra.count(LIST_TEMPLATES) == pages
    await harness.clock.advance(2)
    assert (await harness.library.get_index()).age_seconds == 0


async def test_template_is_found_by_id_unless_deleted(harness: CatalogHarness) -> None:
    wanted = harness.chakra.find_template("hello_world")
    assert (await harness.library.get_template(wanted.id)).value.name == "hello_world"
    with pytest.raises(NotFound, match="may have been deleted"):
        await harness.library.get_template("1")


async def test_cached_templates_need_no_call(harness: CatalogHarness) -> None:
    assert harness.library.get_cached_index() is None
    await harness.library.get_index()
    calls = harness.chakra.count()
    assert harness.library.get_cached_index() is not None
    assert harness.chakra.count() == calls


async def test_a_stale_index_is_used_in_an_outage(harness: CatalogHarness) -> None:
    await harness.library.get_index()
    harness.chakra.fail(LIST_TEMPLATES, StatusResponse(403))
    with pytest.raises(AuthenticationError):
        await harness.library.get_index(refresh=True)
    assert (await harness.library.get_index()).value.templates


def build_index(*names: tuple[str, str]) -> TemplateIndex:
    return TemplateIndex.build(
        build_template(
            build_body_component("Hi."), name=name, language=language, id=f"{name}-{language}"
        )
        for name, language in names
    )


def test_names_are_searched_loosely() -> None:
    shelf = build_index(("order_update", "en_US"), ("order_update", "hi"), ("welcome", "en"))
    assert [template.language for template in shelf.find_by_name("Order Update")] == ["en_US", "hi"]
    assert [template.language for template in shelf.find_by_name("order_update", "en")] == ["en_US"]
    assert [template.language for template in shelf.find_by_name("order_update", "HI")] == ["hi"]
    assert shelf.find_by_name("order_update", "fr") == ()
    assert shelf.suggest_names("oder updat") == ("order_update",)
    assert shelf.suggest_names("zzz") == ()


def test_the_usual_language_comes_first() -> None:
    shelf = build_index(("a", "ar"), ("a", "en_US"), ("b", "en"), ("c", "en_GB"))
    assert [template.language for template in shelf.find_by_name("a")] == ["en_US", "ar"]


# --- the account ---------------------------------------------------------------------------------


async def test_the_account_of_the_settings_is_used_without_a_request(
    open_catalog: OpenCatalog,
) -> None:
    async with open_catalog(waba_id="83784929738012") as harness:
        await harness.library.get_index()
        assert harness.chakra.count(LIST_NUMBERS) == 0


@pytest.mark.parametrize(
    "fault", [StatusResponse(404), StatusResponse(403), StatusResponse(400), InvalidJsonBody()]
)
async def test_failed_number_list_names_the_setting(harness: CatalogHarness, fault: Any) -> None:
    harness.chakra.fail(LIST_NUMBERS, fault)
    with pytest.raises(NotConfigured, match="doesn't say which") as expected:
        await harness.library.get_index()
    assert expected.value.setting == "CHAKRA_WABA_ID"


async def test_wrong_token_is_not_a_missing_setting(harness: CatalogHarness) -> None:
    harness.chakra.fail(LIST_NUMBERS, StatusResponse(401))
    with pytest.raises(AuthenticationError):
        await harness.library.get_index()


@pytest.mark.parametrize(
    ("wabas", "sender", "expected"),
    [
        ((), None, "lists no WhatsApp Business Account"),
        (("1", "2"), None, "lists 2 WhatsApp Business Accounts"),
        (("1", "2"), "9", "lists 2 WhatsApp Business Accounts"),
    ],
)
async def test_no_account_or_several_accounts(
    open_catalog: OpenCatalog, wabas: tuple[str, ...], sender: str | None, expected: str
) -> None:
    async with open_catalog(sender_id=sender) as harness:
        listed = [{"id": str(at), "waba": waba} for at, waba in enumerate(wabas)]
        harness.chakra.fail(LIST_NUMBERS, StatusResponse(200, json={"_data": listed}))
        with pytest.raises(NotConfigured, match=expected):
            await harness.library.get_index()


async def test_of_several_accounts_the_default_senders_is_used(
    open_catalog: OpenCatalog,
) -> None:
    async with open_catalog(sender_id="7") as harness:
        listed = [{"id": "6", "waba": "1"}, {"id": "7", "waba": harness.chakra.waba_id}]
        harness.chakra.fail(LIST_NUMBERS, StatusResponse(200, json={"_data": listed}))
        assert (await harness.library.get_index()).value.templates


async def test_configured_sender_comes_first(open_catalog: OpenCatalog) -> None:
    async with open_catalog(sender_id="105966260583426") as harness:
        senders = (await harness.library.get_senders()).value
        assert [sender.id for sender in senders] == ["105966260583426", "775966265503012"]
        assert senders[0].name == "Acme Support"


# --- writing -------------------------------------------------------------------------------------

NEW_TEMPLATE = NewTemplate(
    "order_news", "en", "UTILITY", [{"type": "BODY", "text": "There is news."}]
)


async def test_new_template_appears_on_the_next_read(harness: CatalogHarness) -> None:
    await harness.library.get_index()
    submitted = await harness.library.create(await harness.library.find_waba_id(), NEW_TEMPLATE)
    assert submitted.status == "PENDING"
    assert (await harness.library.get_template(submitted.id)).value.name == "order_news"


async def test_after_an_unknown_outcome_the_index_is_loaded_again(harness: CatalogHarness) -> None:
    await harness.library.get_index()
    harness.chakra.fail(CREATE_TEMPLATE, ResetAfterHandling())
    with pytest.raises(OutcomeUnknown):
        await harness.library.create(await harness.library.find_waba_id(), NEW_TEMPLATE)
    assert (await harness.library.get_index()).value.find_by_name("order_news")


async def test_edit_updates_the_index(harness: CatalogHarness) -> None:
    hello = (await harness.library.get_index()).value.find_by_name("hello_world")[0]
    changed = [{"type": "BODY", "text": "Hello there."}]
    await harness.library.update(hello.id, {"components": changed})
    again = (await harness.library.get_template(hello.id)).value
    assert (again.status, again.body and again.body.text) == ("PENDING", "Hello there.")


# --- everything on the shelf that can be sent, is taken -------------------------------------------

VALUES = {
    FieldKind.TEXT: "Mark",
    FieldKind.URL_SUFFIX: "566701",
    FieldKind.COUPON: "SAVE20",
    FieldKind.CODE: "496093",
    FieldKind.LINK: "https://acme.example/files/a.pdf",
    FieldKind.FILE: "",
    FieldKind.COORDINATE: "12.9716",
    FieldKind.MOMENT: "4102444800",
    FieldKind.PRODUCT: "SKU-7",
}


def build_valid_values(template: Template) -> dict[str, str]:
    return {
        field.key: field.example or VALUES[field.kind] for field in list_template_fields(template)
    }


async def test_every_sendable_template_is_accepted_by_chakra(harness: CatalogHarness) -> None:
    shelf = (await harness.library.get_index()).value
    sender = (await harness.library.get_senders()).value[0].id
    ways = set()
    for template in shelf.sendable:
        values = build_valid_values(template)
        assert validate_values(template, values) == {}
        sending = compose(template, values, RECIPIENT, sender)
        ways.add(type(sending).__name__)
        if isinstance(sending, PassthroughMessage):
            accepted = await harness.client.messages.send_meta_message(
                harness.chakra.plugin_id, sending.sender_id, sending.message
            )
        else:
            assert not isinstance(sending, ProcessMessage)
            accepted = await harness.client.messages.send_template(
                harness.chakra.plugin_id, sending.phone, sending.message
            )
        assert accepted.wamid
    assert len(harness.chakra.sends) == len(shelf.sendable) > 100
    assert ways == {"PhoneMessage", "PassthroughMessage"}
