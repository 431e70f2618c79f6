"""The WhatsApp account: the plugin, the business account and its senders (``account.json``)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request

from bot.sandbox.chakra.envelope import RequestError
from bot.sandbox.chakra.meta import INVALID_PARAMETER, UNKNOWN_PATH, MetaApiError

SEED_PATH = Path(__file__).with_name("account.json")
VERSION_PATTERN = re.compile(r"v[0-9]+\.[0-9]+")
OBJECT_NOT_FOUND_SUBCODE = 33
"""Meta's subcode for an ID that doesn't exist or belongs to another account."""
SENDER_NOT_REGISTERED = 133010


@dataclass(frozen=True, slots=True)
class SenderNumber:
    """A sender: Meta's ID of the number, its digits, and the ``fields`` that are listed."""

    id: str
    waba_id: str
    digits: str
    listing: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WhatsAppAccount:
    plugin_id: str
    waba: Mapping[str, Any]
    senders: tuple[SenderNumber, ...]

    @property
    def waba_id(self) -> str:
        return str(self.waba["id"])

    def get_sender(self, phone_number_id: object) -> SenderNumber:
        """Return the sender. Raise ``MetaApiError`` for a number that is not registered here."""
        for sender in self.senders:
            if sender.id == phone_number_id:
                return sender
        raise MetaApiError(SENDER_NOT_REGISTERED, "The sender is not registered for this account.")

    def check_plugin(self, request: Request) -> None:
        """Raise ``RequestError`` for another plugin's ID; status and message are INFERRED."""
        if request.path_params["pluginId"] != self.plugin_id:
            raise RequestError(404, "Plugin not found")

    def check_version(self, request: Request) -> str:
        """Return the API version of the path. Raise ``MetaApiError`` for an unknown one."""
        version = str(request.path_params["whatsappApiVersion"])
        if not VERSION_PATTERN.fullmatch(version):
            raise MetaApiError(UNKNOWN_PATH, f"/{version}")
        return version

    def find_object_path(self, request: Request) -> str:
        """Return ``v24.0/<waba id>``. Raise ``MetaApiError`` for another business account."""
        version = self.check_version(request)
        waba_id = request.path_params["wabaId"]
        if waba_id != self.waba_id:
            raise self.build_not_found(waba_id)
        return f"{version}/{waba_id}"

    def build_not_found(self, object_id: str) -> MetaApiError:
        return MetaApiError(
            INVALID_PARAMETER,
            f"Unsupported request. Object with ID '{object_id}' does not exist, cannot be loaded "
            "due to missing permissions, or does not support this operation.",
            subcode=OBJECT_NOT_FOUND_SUBCODE,
        )


def load_account() -> WhatsAppAccount:
    seed = json.loads(SEED_PATH.read_bytes())
    senders = tuple(
        SenderNumber(row["id"], row["waba"], re.sub(r"\D", "", row["displayPhoneNumber"]), row)
        for row in seed["numbers"]
    )
    return WhatsAppAccount(seed["pluginId"], seed["waba"], senders)
