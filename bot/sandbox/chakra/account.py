"""The WhatsApp account: the plugin, the business account and its senders (``account.json``)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request

from bot.sandbox.chakra.envelope import Refused
from bot.sandbox.chakra.meta import INVALID_PARAMETER, UNKNOWN_PATH, MetaRefused

SEED = Path(__file__).with_name("account.json")
VERSION = re.compile(r"v[0-9]+\.[0-9]+")
NO_SUCH_OBJECT = 33
"""Meta's subcode for an ID that doesn't exist or belongs to another account."""
NOT_REGISTERED = 133010


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender: Meta's ID of the number, its digits, and the ``fields`` that are listed."""

    id: str
    waba: str
    digits: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    plugin_id: str
    waba: Mapping[str, Any]
    senders: tuple[Sender, ...]

    @property
    def waba_id(self) -> str:
        return str(self.waba["id"])

    def sender(self, phone_number_id: object) -> Sender:
        """Return the sender. Raise ``MetaRefused`` for a number that is not registered here."""
        for sender in self.senders:
            if sender.id == phone_number_id:
                return sender
        raise MetaRefused(NOT_REGISTERED, "The sender is not registered for this account.")

    def check_plugin(self, request: Request) -> None:
        """Raise ``Refused`` for another plugin's ID; status and message are INFERRED."""
        if request.path_params["pluginId"] != self.plugin_id:
            raise Refused(404, "Plugin not found")

    def check_version(self, request: Request) -> str:
        """Return the API version of the path. Raise ``MetaRefused`` for an unknown one."""
        version = str(request.path_params["whatsappApiVersion"])
        if not VERSION.fullmatch(version):
            raise MetaRefused(UNKNOWN_PATH, f"/{version}")
        return version

    def object_path(self, request: Request) -> str:
        """Return ``v24.0/<waba id>``. Raise ``MetaRefused`` for another business account."""
        version = self.check_version(request)
        waba_id = request.path_params["wabaId"]
        if waba_id != self.waba_id:
            raise self.no_object(waba_id)
        return f"{version}/{waba_id}"

    def no_object(self, object_id: str) -> MetaRefused:
        return MetaRefused(
            INVALID_PARAMETER,
            f"Unsupported request. Object with ID '{object_id}' does not exist, cannot be loaded "
            "due to missing permissions, or does not support this operation.",
            subcode=NO_SUCH_OBJECT,
        )


def read_account() -> Account:
    seed = json.loads(SEED.read_bytes())
    senders = tuple(
        Sender(row["id"], row["waba"], re.sub(r"\D", "", row["displayPhoneNumber"]), row)
        for row in seed["numbers"]
    )
    return Account(seed["pluginId"], seed["waba"], senders)
