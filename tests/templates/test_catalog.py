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
from bot.templates.variables import template_fields
from tests.clock import ManualClock
from tests.sandbox.chakra_asked import served
from tests.templates.samples import body, template

ALL = "GET /v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{wabaId}/message_templates"
CREATE = ALL.replace("GET", "POST")
NUMBERS = "GET /v1/ext/whatsapp-phone-number"
ANYBODY = Recipient(RecipientKind.PHONE, "12025550100", "+1 202-555-0100")


@dataclass(frozen=True)
class Made:
    library: TemplateCatalog
    chakra: EmbeddedChakra
    client: Chakra
    clock: ManualClock


OpenLibrary = Callable[..., AbstractAsyncContextManager[Made]]


@pytest.fixture
def open_library(clock: ManualClock) -> OpenLibrary:
    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Made]:
        async with served(clock) as embedded:
            token = SecretStr(embedded.access_token)
            async with Chakra(embedded.base_url, token, clock) as client:
                cache = Cache(clock)
                yield Made(TemplateCatalog(client, cache, **settings), embedded, client, clock)
                await cache.aclose()

    return opened


@pytest.fixture
async def made(open_library: OpenLibrary) -> AsyncIterator[Made]:
    async with open_library() as opened:
        yield opened


# --- the shelf -----------------------------------------------------------------------------------


async def test_all_pages_once_in_ten_minutes(made: Made) -> None:
    shelf = (await made.library.get_index()).value
    assert len(shelf.templates) == len(made.chakra.templates)
    pages = made.chakra.count(ALL)
    await made.clock.advance(599)
    assert (await made.library.get_index()).age_seconds == 599
    assert made.chakra.count(ALL) == pages
    await made.clock.advance(2)
    assert (await made.library.get_index()).age_seconds == 0


async def test_one_by_its_id_and_none_that_is_gone(made: Made) -> None:
    wanted = made.chakra.template("hello_world")
    assert (await made.library.get_template(wanted.id)).value.name == "hello_world"
    with pytest.raises(NotFound, match="may have been deleted"):
        await made.library.get_template("1")


async def test_what_is_remembered_is_there_without_asking(made: Made) -> None:
    assert made.library.get_cached_index() is None
    await made.library.get_index()
    calls = made.chakra.count()
    assert made.library.get_cached_index() is not None
    assert made.chakra.count() == calls


async def test_a_stale_index_is_used_in_an_outage(made: Made) -> None:
    await made.library.get_index()
    made.chakra.fail(ALL, StatusResponse(403))
    with pytest.raises(AuthenticationError):
        await made.library.get_index(refresh=True)
    assert (await made.library.get_index()).value.templates


def shelf_of(*names: tuple[str, str]) -> TemplateIndex:
    return TemplateIndex.build(
        template(body("Hi."), name=name, language=language, id=f"{name}-{language}")
        for name, language in names
    )


def test_names_are_found_as_people_type_them() -> None:
    shelf = shelf_of(("order_update", "en_US"), ("order_update", "hi"), ("welcome", "en"))
    assert [one.language for one in shelf.find_by_name("Order Update")] == ["en_US", "hi"]
    assert [one.language for one in shelf.find_by_name("order_update", "en")] == ["en_US"]
    assert [one.language for one in shelf.find_by_name("order_update", "HI")] == ["hi"]
    assert shelf.find_by_name("order_update", "fr") == ()
    assert shelf.suggest_names("oder updat") == ("order_update",)
    assert shelf.suggest_names("zzz") == ()
    assert shelf.has_several_languages("order_update")
    assert not shelf.has_several_languages("welcome")
    assert not shelf.has_several_languages("nosuch")


def test_the_usual_language_comes_first() -> None:
    shelf = shelf_of(("a", "ar"), ("a", "en_US"), ("b", "en"), ("c", "en_GB"))
    assert [one.language for one in shelf.find_by_name("a")] == ["en_US", "ar"]


# --- the account ---------------------------------------------------------------------------------


async def test_the_account_of_the_settings_is_used_without_a_request(
    open_library: OpenLibrary,
) -> None:
    async with open_library(waba_id="83784929738012") as made:
        await made.library.get_index()
        assert made.chakra.count(NUMBERS) == 0


@pytest.mark.parametrize(
    "fault", [StatusResponse(404), StatusResponse(403), StatusResponse(400), InvalidJsonBody()]
)
async def test_where_numbers_cannot_be_listed_the_setting_is_named(made: Made, fault: Any) -> None:
    made.chakra.fail(NUMBERS, fault)
    with pytest.raises(NotConfigured, match="doesn't say which") as expected:
        await made.library.get_index()
    assert expected.value.setting == "CHAKRA_WABA_ID"


async def test_a_wrong_token_is_no_missing_setting(made: Made) -> None:
    made.chakra.fail(NUMBERS, StatusResponse(401))
    with pytest.raises(AuthenticationError):
        await made.library.get_index()


@pytest.mark.parametrize(
    ("wabas", "sender", "expected"),
    [
        ((), None, "lists no WhatsApp Business Account"),
        (("1", "2"), None, "lists 2 WhatsApp Business Accounts"),
        (("1", "2"), "9", "lists 2 WhatsApp Business Accounts"),
    ],
)
async def test_none_or_several_accounts(
    open_library: OpenLibrary, wabas: tuple[str, ...], sender: str | None, expected: str
) -> None:
    async with open_library(sender_id=sender) as made:
        listed = [{"id": str(at), "waba": waba} for at, waba in enumerate(wabas)]
        made.chakra.fail(NUMBERS, StatusResponse(200, json={"_data": listed}))
        with pytest.raises(NotConfigured, match=expected):
            await made.library.get_index()


async def test_of_several_accounts_the_default_senders_is_used(
    open_library: OpenLibrary,
) -> None:
    async with open_library(sender_id="7") as made:
        listed = [{"id": "6", "waba": "1"}, {"id": "7", "waba": made.chakra.waba_id}]
        made.chakra.fail(NUMBERS, StatusResponse(200, json={"_data": listed}))
        assert (await made.library.get_index()).value.templates


async def test_senders_begin_with_that_of_the_settings(open_library: OpenLibrary) -> None:
    async with open_library(sender_id="105966260583426") as made:
        senders = (await made.library.get_senders()).value
        assert [one.id for one in senders] == ["105966260583426", "775966265503012"]
        assert senders[0].name == "Acme Support"


# --- writing -------------------------------------------------------------------------------------

NEW = NewTemplate("order_news", "en", "UTILITY", [{"type": "BODY", "text": "There is news."}])


async def test_a_new_one_is_on_the_shelf_at_the_next_look(made: Made) -> None:
    await made.library.get_index()
    submitted = await made.library.create(await made.library.find_waba_id(), NEW)
    assert submitted.status == "PENDING"
    assert (await made.library.get_template(submitted.id)).value.name == "order_news"


async def test_after_an_unknown_outcome_the_index_is_loaded_again(made: Made) -> None:
    await made.library.get_index()
    made.chakra.fail(CREATE, ResetAfterHandling())
    with pytest.raises(OutcomeUnknown):
        await made.library.create(await made.library.find_waba_id(), NEW)
    assert (await made.library.get_index()).value.find_by_name("order_news")


async def test_a_change(made: Made) -> None:
    hello = (await made.library.get_index()).value.find_by_name("hello_world")[0]
    changed = [{"type": "BODY", "text": "Hello there."}]
    await made.library.update(hello.id, {"components": changed})
    again = (await made.library.get_template(hello.id)).value
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
}


def filled_in(one: Template) -> dict[str, str]:
    return {field.key: field.example or VALUES[field.kind] for field in template_fields(one)}


async def test_chakra_takes_every_template_that_can_be_sent(made: Made) -> None:
    shelf = (await made.library.get_index()).value
    sender = (await made.library.get_senders()).value[0].id
    ways = set()
    for one in shelf.sendable:
        values = filled_in(one)
        assert validate_values(one, values) == {}
        sending = compose(one, values, ANYBODY, sender)
        ways.add(type(sending).__name__)
        if isinstance(sending, PassthroughMessage):
            accepted = await made.client.messages.send_meta_message(
                made.chakra.plugin_id, sending.sender_id, sending.message
            )
        else:
            assert not isinstance(sending, ProcessMessage)
            accepted = await made.client.messages.send_template(
                made.chakra.plugin_id, sending.phone, sending.message
            )
        assert accepted.wamid
    assert len(made.chakra.sends) == len(shelf.sendable) > 100
    assert ways == {"PhoneMessage", "PassthroughMessage"}
