"""The embedded Chakra's templates over HTTP: three pages, Meta's errors, and its review."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.sandbox.chakra import EmbeddedChakra, template_review, template_rules
from bot.sandbox.chakra.meta import MetaApiError
from bot.sandbox.chakra.template import EmbeddedTemplate, TemplateStatus, list_variable_names
from tests.clock import ManualClock
from tests.sandbox.chakra_client import ApiClient, ApiResponse, open_client, read_doc, serve_chakra
from tests.sandbox.chakra_whatsapp import TEMPLATES, serve_listener

API = "/v1/ext/plugin/whatsapp/api/v24.0"
NEW = read_doc("create-message-template.request") | {"name": "order_shipped"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(clock) as chakra:
        yield chakra


@pytest.fixture
async def client(chakra: EmbeddedChakra) -> AsyncIterator[ApiClient]:
    async with open_client(chakra) as client:
        yield client


async def list_templates(client: ApiClient, **query: str) -> Any:
    return (await client.get(TEMPLATES, params=query)).json


async def load_pages(client: ApiClient, limit: str = "100") -> list[list[dict[str, Any]]]:
    pages, after = [], ""
    while True:
        page = await list_templates(client, limit=limit, **({"after": after} if after else {}))
        pages.append(page["data"])
        if "next" not in page["paging"]:
            return pages
        after = page["paging"]["cursors"]["after"]


def build_body(text: str, *samples: str) -> dict[str, Any]:
    component: dict[str, Any] = {"type": "BODY", "text": text}
    return component | ({"example": {"body_text": [list(samples)]}} if samples else {})


def build_template(*components: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**NEW, "components": list(components), **fields}


async def create_template(client: ApiClient, template: Any) -> ApiResponse:
    return await client.request("POST", TEMPLATES, json=template)


def read_error(heard: ApiResponse) -> tuple[int, int]:
    """Return Meta's code and subcode."""
    error = heard.json["error"]
    assert heard.status == 400
    assert set(error) >= {"message", "type", "code", "fbtrace_id"}
    return error["code"], error.get("error_subcode", 0)


async def test_the_templates_come_in_three_pages(client: ApiClient, chakra: EmbeddedChakra) -> None:
    pages = await load_pages(client)
    assert [len(page) for page in pages][:2] == [100, 100]
    assert len(pages) == 3
    ids = [template["id"] for page in pages for template in page]
    assert len(set(ids)) == len(ids) == len(chakra.templates) > 220


async def test_next_link_points_to_meta_and_last_page_has_a_cursor(client: ApiClient) -> None:
    first = await list_templates(client, limit="100")
    parts = urlsplit(first["paging"]["next"])
    assert parts.hostname == "graph.facebook.com"
    assert parts.path == "/v24.0/83784929738012/message_templates"
    after = first["paging"]["cursors"]["after"]
    assert parse_qs(parts.query) == {"limit": ["100"], "after": [after]}
    second = await list_templates(client, limit="100", after=after)
    back = await list_templates(client, limit="100", before=second["paging"]["cursors"]["before"])
    assert back["data"] == first["data"]
    last = await list_templates(client, limit="100", after=second["paging"]["cursors"]["after"])
    assert set(last["paging"]) == {"cursors", "previous"}
    assert await list_templates(client, after=last["paging"]["cursors"]["after"]) == {"data": []}


async def test_the_limit_is_twenty_five_unless_given_and_a_hundred_at_most(
    client: ApiClient,
) -> None:
    assert len((await list_templates(client))["data"]) == 25
    assert len((await list_templates(client, limit="7"))["data"]) == 7
    assert len((await list_templates(client, limit="5000"))["data"]) == 100
    for wrong in ("0", "-1", "many"):
        assert read_error(await client.get(TEMPLATES, params={"limit": wrong})) == (100, 0)
    assert read_error(await client.get(TEMPLATES, params={"after": "nonsense"})) == (100, 0)


async def test_the_documented_templates_are_listed_exactly(client: ApiClient) -> None:
    page = await list_templates(client, limit="2")
    assert page["data"] == read_doc("list-message-templates.response")["data"]


async def test_filters_are_ignored(client: ApiClient) -> None:
    filtered = await list_templates(
        client, name="unknown", status="PAUSED", language="xx", limit="100"
    )
    assert filtered == await list_templates(client, limit="100")


async def test_extra_fields_are_returned_on_request(client: ApiClient) -> None:
    page = await list_templates(client, limit="100", fields="name,quality_score,rejected_reason")
    assert set(page["data"][0]) == {"name", "quality_score", "rejected_reason", "id"}
    assert page["data"][0]["quality_score"]["score"] == "GREEN"
    assert "quality_score" not in (await list_templates(client))["data"][0]


@pytest.mark.parametrize("wrong", ["v24.0/1", "v24.0/x", "24/83784929738012"])
async def test_unknown_account_is_rejected_like_meta(client: ApiClient, wrong: str) -> None:
    path = f"/v1/ext/plugin/whatsapp/api/{wrong}/message_templates"
    code, _ = read_error(await client.get(path))
    assert code in (100, 2500)


def test_every_kind_of_template_is_there(chakra: EmbeddedChakra) -> None:
    templates = chakra.templates
    headers = Counter(template.header_format for template in templates)
    assert {"", "TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"} <= set(headers)
    buttons = {button["type"] for template in templates for button in template.buttons}
    assert buttons >= {
        *("QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "OTP", "FLOW", "CATALOG"),
    }
    assert {template.category for template in templates} == {
        "MARKETING",
        "UTILITY",
        "AUTHENTICATION",
    }
    assert {template.status for template in templates} == set(get_args(TemplateStatus)) - {
        "DELETED"
    }
    assert {template.quality for template in templates} == {"GREEN", "YELLOW", "RED", "UNKNOWN"}
    assert {template.parameter_format for template in templates} == {"POSITIONAL", "NAMED"}
    assert {"ar", "he", "fa", "ur"} <= {template.language for template in templates}
    assert all(
        template.rejected_reason != "NONE"
        for template in templates
        if template.status == "REJECTED"
    )
    assert any(template.find_component("CAROUSEL") for template in templates)
    assert any(template.find_component("LIMITED_TIME_OFFER") for template in templates)
    assert any(list_variable_names(template.header_text) for template in templates)
    assert any(len(template.body_text) > 900 for template in templates)
    assert any("🪔" in template.body_text for template in templates)
    names = Counter(template.name for template in templates)
    assert names["order_update"] > 4
    assert {"appointment_reminder", "otp_login", "diwali_offer"} <= set(names)


def test_name_and_language_identify_a_template(chakra: EmbeddedChakra) -> None:
    pairs = [(template.name, template.language) for template in chakra.templates]
    assert len(pairs) == len(set(pairs))


def test_seeded_templates_pass_metas_validation(chakra: EmbeddedChakra) -> None:
    for template in chakra.templates:
        if template.name == "christmas_promo_23":  # documented so: its text ends with the name
            continue
        listed = json.dumps({**template.model_dump(), "components": list(template.components)})
        definition = json.loads(re.sub(r'(?<="header_handle": \[)"[^"]+"', '"4::aW1hZ2U="', listed))
        try:
            template_rules.check_create(definition)
        except MetaApiError as refused:
            pytest.fail(f"{template.name} {template.language}: {refused}")


async def test_new_template_is_pending_then_approved(
    client: ApiClient, chakra: EmbeddedChakra, clock: ManualClock
) -> None:
    heard = await create_template(client, NEW)
    documented = read_doc("create-message-template.response")
    assert (heard.status, set(heard.json)) == (200, set(documented))
    assert heard.json | {"id": documented["id"]} == documented
    first = (await list_templates(client))["data"][0]
    assert (first["id"], first["status"]) == (heard.json["id"], "PENDING")
    await clock.advance(template_review.REVIEW_SECONDS)
    assert chakra.find_template("order_shipped").status == "APPROVED"
    assert (await list_templates(client))["data"][0]["status"] == "APPROVED"


async def test_review_is_sent_to_the_pass_through_webhook(
    client: ApiClient, chakra: EmbeddedChakra, clock: ManualClock
) -> None:
    async with serve_listener() as hook:
        chakra.set_passthrough_webhook(hook.url)
        created = (await create_template(client, NEW)).json
        await clock.advance(template_review.REVIEW_SECONDS)
        (got,) = await hook.wait_for_requests(1)
        await chakra.settle()
    documented = read_doc("webhook-meta.template-status")
    value = got.json["entry"][0]["changes"][0]["value"]
    assert set(value) == set(documented["entry"][0]["changes"][0]["value"])
    assert (value["event"], value["message_template_id"]) == ("APPROVED", int(created["id"]))
    assert "x-chakra-signature-256" not in got.headers


@pytest.mark.parametrize(
    ("category", "text", "reason"),
    [
        ("UTILITY", "Good news {{1}}, 20 % off today and tomorrow!", "TAG_CONTENT_MISMATCH"),
        ("MARKETING", "Dear {{1}}, please tell us your card number now.", "SCAM"),
    ],
)
async def test_review_may_reject(
    client: ApiClient,
    chakra: EmbeddedChakra,
    clock: ManualClock,
    category: str,
    text: str,
    reason: str,
) -> None:
    await create_template(client, build_template(build_body(text, "Mark"), category=category))
    await clock.advance(template_review.REVIEW_SECONDS)
    template = chakra.find_template("order_shipped")
    assert (template.status, template.rejected_reason) == ("REJECTED", reason)


async def test_a_name_exists_once_in_a_language(client: ApiClient, chakra: EmbeddedChakra) -> None:
    documented = read_doc("create-message-template.request")
    heard = await create_template(client, documented)
    assert read_error(heard) == (100, 2388024)
    assert heard.json["error"]["error_user_title"] == "Content in This Language Already Exists"
    before = len(chakra.templates)
    assert (await create_template(client, documented | {"language": "hi"})).status == 200
    assert len(chakra.templates) == before + 1


NAMED = {
    "type": "BODY",
    "text": "Dear {{first_name}}, hello.",
    "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Mark"}]},
}
PLAIN = build_body("Hello there.")


def build_header(sample: str) -> dict[str, Any]:
    return {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [sample]}}


def build_carousel(sample: str) -> dict[str, Any]:
    return {"type": "CAROUSEL", "cards": [{"components": [build_header(sample)]}]}


@pytest.mark.parametrize(
    ("template", "subcode"),
    [
        *((NEW | {"name": name}, 2388046) for name in ("Order Update", "", "x" * 513, None)),
        (NEW | {"language": "english"}, 0),
        *((NEW | {"category": category}, 0) for category in ("PROMO", ["UTILITY"])),
        (NEW | {"parameter_format": "BOTH"}, 0),
        *((NEW | {"components": components}, 0) for components in (None, ["BODY"])),
        (build_template({"type": "BODY"}), 2388043),
        (build_template(), 2388043),
        (build_template(PLAIN, PLAIN), 2388043),
        (build_template(PLAIN, {"type": "SIDEBAR"}), 0),
        (build_template(build_body("Hello {{1}}, welcome.")), 2388043),
        (build_template(build_body("Hello {{1}} and {{2}}, welcome.", "one")), 2388043),
        (build_template(build_body("Hello {{1}} and {{3}}, welcome.", "one", "two")), 2388072),
        (
            build_template(build_body("Hello {{Name}}, welcome.", "one"), parameter_format="NAMED"),
            2388072,
        ),
        (build_template(build_body("{{1}} is here.", "Mark")), 2388299),
        (build_template(build_body("Hello {{1}}", "Mark")), 2388299),
        (build_template(build_body("x" * 1025)), 2388040),
        (build_template(PLAIN, {"type": "HEADER", "format": "TEXT", "text": "x" * 61}), 2388040),
        (build_template(PLAIN, {"type": "HEADER", "format": "GIF"}), 2388047),
        (build_template(PLAIN, {"type": "HEADER", "format": "TEXT", "text": "a\nb"}), 2388047),
        (build_template(PLAIN, {"type": "HEADER", "format": "IMAGE"}), 2388043),
        (build_template(PLAIN, {"type": "HEADER", "format": "TEXT", "text": "Sale 🎉"}), 2388047),
        (build_template(PLAIN, {"type": "HEADER", "format": "TEXT", "text": "I ❤️ it"}), 2388047),
        (build_template(build_body("Hi {{1}} {{2}}!", "a", "b")), 2388293),
        (build_template(PLAIN, build_header("HTTPS://scontent.example/v/sample.jpg")), 2494102),
        (build_template(PLAIN, build_carousel("https://scontent.example/sample.jpg")), 2494102),
        (
            build_template(PLAIN, {"type": "HEADER", "format": "TEXT", "text": "{{1}} to {{2}}"}),
            2388047,
        ),
        (build_template(PLAIN, {"type": "FOOTER", "text": "x" * 61}), 2388040),
        (build_template(PLAIN, {"type": "FOOTER", "text": "Dear {{1}}"}), 2388073),
        (build_template(PLAIN, {"type": "BUTTONS", "buttons": []}), 2388043),
        (build_template(build_body("x"), category="AUTHENTICATION"), 2388072),
        (build_template({"type": "BODY"}, category="AUTHENTICATION"), 2388043),
    ],
)
async def test_invalid_templates_are_rejected(
    client: ApiClient, chakra: EmbeddedChakra, template: dict[str, Any], subcode: int
) -> None:
    before = chakra.templates
    assert read_error(await create_template(client, template)) == (100, subcode)
    assert chakra.templates == before


URL = {"type": "URL", "text": "See", "url": "https://acme.example/{{1}}", "example": ["x"]}


async def test_sample_of_a_media_header_is_a_handle_of_an_upload(client: ApiClient) -> None:
    template = build_template(PLAIN, build_header("4::aW1hZ2UvanBlZw==:ARbX"))
    assert (await create_template(client, template)).status == 200


@pytest.mark.parametrize(
    ("buttons", "taken"),
    [
        ([{"type": "QUICK_REPLY", "text": "Yes"}] * 10, True),
        ([{"type": "QUICK_REPLY", "text": "Yes"}] * 11, False),
        ([{"type": "QUICK_REPLY", "text": "x" * 26}], False),
        ([{"type": "QUICK_REPLY"}], False),
        ([URL, URL], True),
        ([URL, URL, URL], False),
        ([URL | {"example": []}], False),
        ([URL | {"url": "https://acme.example/{{1}}/x"}], False),
        ([URL | {"url": "https://{{1}}.example/{{2}}"}], False),
        ([{"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+12025550190"}], True),
        ([{"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+" + "1" * 20}], False),
        ([{"type": "COPY_CODE", "example": "SAVE10"}], True),
        ([{"type": "COPY_CODE", "example": ["S" * 16]}], False),
        ([{"type": "OTP", "otp_type": "COPY_CODE"}], False),
        ([{"type": "TELEPORT", "text": "Go"}], False),
    ],
)
async def test_buttons_have_their_limits(
    client: ApiClient, buttons: list[dict[str, Any]], taken: bool
) -> None:
    template = build_template(PLAIN, {"type": "BUTTONS", "buttons": buttons})
    assert (await create_template(client, template)).status == (200 if taken else 400)


async def test_named_variables_and_authentication_are_accepted(client: ApiClient) -> None:
    named = build_template(NAMED, parameter_format="NAMED", name="named_one")
    assert (await create_template(client, named)).status == 200
    parts = (
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 5},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
    )
    code = build_template(*parts, category="AUTHENTICATION", name="code_one")
    assert (await create_template(client, code)).status == 200


def find_template_id(
    chakra: EmbeddedChakra, name: str, language: str
) -> tuple[EmbeddedTemplate, str]:
    template = chakra.find_template(name, language)
    return template, f"{API}/{template.id}"


async def test_documented_template_update_is_accepted_and_reviewed(
    client: ApiClient, chakra: EmbeddedChakra, clock: ManualClock
) -> None:
    _, path = find_template_id(chakra, "order_delivery_update", "en_US")
    changes = read_doc("update-message-template.request")
    heard = await client.request("POST", path, json=changes)
    assert (heard.status, heard.json) == (200, read_doc("update-message-template.response"))
    changed = chakra.find_template("order_delivery_update")
    assert (changed.status, list(changed.components)) == ("PENDING", changes["components"])
    assert read_error(await client.request("POST", path, json=changes)) == (100, 2388003)
    await clock.advance(template_review.REVIEW_SECONDS)
    assert chakra.find_template("order_delivery_update").status == "APPROVED"
    assert read_error(await client.request("POST", path, json=changes)) == (100, 2388003)
    await clock.advance(24 * 3600)
    assert (await client.request("POST", path, json=changes)).status == 200


async def test_an_update_is_checked_like_a_new_one(
    client: ApiClient, chakra: EmbeddedChakra
) -> None:
    before, path = find_template_id(chakra, "order_delivery_update", "en_US")
    for changes, subcode in (
        ({}, 0),
        ({"components": [build_body("{{1}} first.", "x")]}, 2388299),
        ({"category": "MARKETING"}, 2388003),
        ({"category": "NONSENSE"}, 0),
    ):
        assert read_error(await client.request("POST", path, json=changes)) == (100, subcode)
    assert chakra.find_template("order_delivery_update") == before
    assert read_error(await client.request("POST", f"{API}/1", json={})) == (100, 33)
