"""What a person does in the stories of ``/chakra send`` with a file."""

from __future__ import annotations

from typing import Any

import aiohttp

from bot.sandbox.slack import LocalFile
from tests.commands.send_scenarios import JOHN, READING_NUMBER, open_form, settle_app
from tests.request_client import open_request_client
from tests.world import World

UPLOAD_ENDPOINT = "POST /v1/ext/plugin/whatsapp/{pluginId}/upload-public-media"
SEND_ENDPOINT = (
    "POST /v1/ext/plugin/whatsapp/{pluginId}/phoneNumber/{phoneNumber}/send-template-message"
)
MEGABYTE = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
PICTURE = LocalFile("tree.png", "image/png", PNG)
INVOICE = LocalFile("Invoice 17.pdf", "application/pdf", b"%PDF-1.7 invoice")
CLIP = LocalFile("offer.mp4", "video/mp4", bytes(9 * MEGABYTE))
PROMO = "christmas_promo_23"
OFFER_VALUES = {"var_body_1": "Jane", "var_body_2": "20", "var_body_3": "Monday"}


async def open_promo_form(acme: World) -> None:
    """The form of a template with a picture and one variable."""
    await open_form(acme, PROMO, "en_US")


async def check_promo_form(acme: World, **values: Any) -> dict[str, str]:
    """Fills in the form and continues; the sentences under the fields."""
    return await acme.submit({"phone": READING_NUMBER, "var_body_1": "Jane", **values})


async def submit_promo_form(acme: World, **values: Any) -> dict[str, str]:
    """Fills in the form, and sends what is shown; the sentences under the fields."""
    return await acme.send({"phone": READING_NUMBER, "var_body_1": "Jane", **values})


async def fetch_public_file(address: str) -> tuple[str, bytes]:
    """As anybody can who knows the address."""
    async with aiohttp.ClientSession() as anybody, anybody.get(address) as answer:
        return answer.content_type, await answer.read()


def download_count(acme: World) -> int:
    return sum(call.method == "download" for call in acme.slack.calls)


def find_block(acme: World, block_id: str) -> dict[str, Any]:
    blocks = (acme.slack.find_view(JOHN) or {})["blocks"]
    found: dict[str, Any] = next(block for block in blocks if block.get("block_id") == block_id)
    return found


async def submit_files(acme: World, *files: dict[str, Any]) -> dict[str, str]:
    """The form submitted, and what it then shows, with files that Slack's own client would not
    have let through."""
    view = acme.slack.find_view(JOHN) or {}
    state = {name: dict(element) for name, element in view["state"]["values"].items()}
    state["file"] = {"send.file": {"type": "file_input", "files": list(files)}}
    for name, text in {"phone": READING_NUMBER, **OFFER_VALUES, "var_button_0_1": "17"}.items():
        if name in state:
            state[name] = {key: {**value, "value": text} for key, value in state[name].items()}
    payload = {
        "type": "view_submission",
        "user": {"id": JOHN, "team_id": "T0ACME"},
        "team": {"id": "T0ACME"},
        "view": {**view, "state": {"values": state}},
    }
    async with open_request_client(acme) as post:
        answer = await post.post_payload(payload)
        assert answer.status == 200
        if answer.text and "view" in answer.json:
            check = {**answer.json["view"], "id": view["id"], "hash": "next"}
            await post.post_payload({**payload, "view": check})
    await settle_app(acme)
    errors: dict[str, str] = answer.json.get("errors", {}) if answer.text else {}
    return errors
