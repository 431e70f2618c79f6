"""The page's WhatsApp pane: customers' phones, their content, and the actions on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.account_changes import change_number_quality
from bot.sandbox.chakra.customer import EmbeddedCustomer
from bot.sandbox.chakra.phone_message import PhoneMessage
from bot.sandbox.chakra.session_messages import WINDOW_SECONDS
from bot.sandbox.chakra.timers import TimerGroup
from bot.sandbox.slack.errors import ActionNotPossible
from bot.sandbox.slack.page_actions import PageActions

Json = dict[str, Any]

MAX_SHOWN_CUSTOMERS = 40
MAX_SHOWN_MESSAGES = 100
"""Maximum messages per customer; the newest are shown."""
NEW_NUMBER_PREFIX = "9198765000"
SEED_CUSTOMERS = (
    ("Aarav Mehta", "919876543210", ""),
    ("Asha Rao", "", "asha.rao.crafts"),
    ("Maria Garcia", "12025550143", "maria.makes"),
)
"""Name, number and username of the customers that the demo begins with; Asha shows no number."""
STORY = (
    (1.0, 0, "Hi, is my order on its way?"),
    (6.0, 1, "Does it come in another color?"),
    (12.0, 0, "It's the one from Monday."),
    (18.0, 2, "Can I return something without the box?"),
)
"""Seconds from the start, the customer, and what they write on their own."""
CHANGED_TEMPLATE = ("order_update", "en_US")
"""The name and language of the template that Meta pauses or reclassifies as marketing."""
SKIP_SECONDS = 24 * 3600


class PhonesApi:
    """``skip`` moves the clock forward; without it the pane can't.

    ``announce`` lets open pages know that a phone has changed; they fetch it themselves, so that
    many changes at one moment are one event.
    """

    def __init__(
        self, chakra: EmbeddedChakra, clock: Clock, skip: Callable[[float], None] | None
    ) -> None:
        self.announce: Callable[[], None] = lambda: None
        self._chakra = chakra
        self._clock = clock
        self._skip = skip
        self._timers = TimerGroup(clock)
        self._is_announced = False
        chakra.customers.on_change = self._publish_change

    def seed(self) -> None:
        """Add the demo's customers; they write when the page asks them to."""
        for name, phone, username in SEED_CUSTOMERS:
            self._chakra.customers.add(name, phone, username=username)

    def build_routes(self, actions: PageActions) -> list[BaseRoute]:
        return [
            Route("/sandbox/phones", self._list),
            Route("/sandbox/phones/media/{media}", self._serve_media),
            actions.build_route("/sandbox/phones/do", self._act_as_customer),
            actions.build_route("/sandbox/phones/add", self._add),
            actions.build_route("/sandbox/phones/story", self._tell_story),
            actions.build_route("/sandbox/phones/meta", self._act_as_meta),
            actions.build_route("/sandbox/phones/skip", self._skip_day),
        ]

    def close(self) -> None:
        self._timers.cancel_all()

    def _publish_change(self) -> None:
        if not self._is_announced:
            self._is_announced = True
            self.announce()

    async def _list(self, _: Request) -> Response:
        self._is_announced = False
        numbered = list(enumerate(self._chakra.customers))
        numbered.sort(key=lambda item: item[1].last_at, reverse=True)
        return JSONResponse(
            {
                "now": self._clock.time(),
                "can_skip": self._skip is not None,
                "numbers": [
                    _build_number_json(listing) for listing in self._chakra.sender_listings
                ],
                "customers": [
                    self._build_customer_json(index, customer)
                    for index, customer in numbered[:MAX_SHOWN_CUSTOMERS]
                ],
            }
        )

    async def _serve_media(self, request: Request) -> Response:
        media = self._chakra.get_media(request.path_params["media"])
        if media is None:
            return PlainTextResponse("There is no such file.", 404)
        headers = {"Content-Disposition": "inline", "X-Content-Type-Options": "nosniff"}
        return Response(media.content, media_type=media.media_type, headers=headers)

    async def _act_as_customer(self, body: Json) -> Json:
        customer = self._require_customer(body["customer"])
        action = ACTIONS.get(body["do"])
        if action is None:
            raise ActionNotPossible("A phone can't do that.")
        try:
            action(customer, body)
        except LookupError as missing:
            raise ActionNotPossible("This message is no longer on the phone.") from missing
        return {}

    async def _add(self, body: Json) -> Json:
        """Add a customer; ``has_number`` decides whether the business sees their number."""
        name = str(body.get("name") or "").strip() or "New customer"
        count = len(self._chakra.customers)
        phone = f"{NEW_NUMBER_PREFIX}{count:02d}" if body["has_number"] else ""
        self._chakra.customers.add(name, phone, username="" if phone else _build_username(name))
        self._publish_change()
        return {"customer": count}

    async def _tell_story(self, _: Json) -> Json:
        """Let the first customers write on their own."""
        customers = list(self._chakra.customers)
        for seconds, index, text in STORY:
            if index < len(customers):
                self._timers.call_later(seconds, partial(customers[index].write, text))
        return {}

    async def _act_as_meta(self, body: Json) -> Json:
        """Change a template or the account, as Meta does."""
        change = META_CHANGES.get(body["do"])
        if change is None:
            raise ActionNotPossible("Meta doesn't do that here.")
        change(self._chakra)
        return {}

    async def _skip_day(self, _: Json) -> Json:
        if self._skip is None:
            raise ActionNotPossible("The clock of this sandbox can't skip.")
        self._skip(SKIP_SECONDS)
        self._publish_change()
        return {}

    def _require_customer(self, index: object) -> EmbeddedCustomer:
        customers = list(self._chakra.customers)
        if not isinstance(index, int) or not 0 <= index < len(customers):
            raise ActionNotPossible("There is no such customer.")
        return customers[index]

    def _build_customer_json(self, index: int, customer: EmbeddedCustomer) -> Json:
        identity, now = customer.identity, self._clock.time()
        shown = [m for m in customer.phone if m.status != "failed"][-MAX_SHOWN_MESSAGES:]
        texts = {message.wamid: message.text for message in shown}
        return {
            "index": index,
            "name": identity.name,
            "username": identity.username,
            "phone": f"+{identity.phone}" if identity.visible_phone else "",
            "has_stopped_marketing": customer.has_stopped_marketing,
            "typing": [number for number, until in customer.typing_until.items() if until > now],
            "windows": {
                number: at + WINDOW_SECONDS
                for number, at in self._chakra.customers.list_last_writes(customer).items()
            },
            "messages": [_build_message_json(message, texts) for message in shown],
        }


def _build_username(name: str) -> str:
    return ".".join(name.lower().split())[:35]


def _build_number_json(listing: Mapping[str, Any]) -> Json:
    return {
        "id": listing["id"],
        "name": listing["verifiedName"],
        "phone": listing["displayPhoneNumber"],
    }


def _build_message_json(message: PhoneMessage, texts: Mapping[str, str]) -> Json:
    return {
        "id": message.wamid,
        "number": message.sender_id,
        "is_theirs": message.is_inbound,
        "origin": message.origin,
        "kind": str(message.message.get("type", "text")),
        "text": message.text,
        "at": message.sent_at,
        "status": message.status,
        "reactions": [emoji for emoji in message.reactions.values() if emoji],
        "is_edited": message.is_edited,
        "is_revoked": message.is_revoked,
        "quoted": texts.get(message.replies_to, "") if message.replies_to else "",
        "buttons": list(message.buttons),
        "picture": _choose_picture_url(message),
    }


def _choose_picture_url(message: PhoneMessage) -> str:
    """Return where the page finds an image: a customer's by its ID, ours by its link."""
    picture = message.message.get("image")
    if not isinstance(picture, dict):
        return ""
    if message.is_inbound:
        return f"/sandbox/phones/media/{picture['id']}"
    return str(picture.get("link", ""))


def _write(customer: EmbeddedCustomer, body: Json) -> None:
    text = str(body["text"]).strip()
    if not text:
        raise ActionNotPossible("WhatsApp sends no empty message.")
    customer.write(text, to=body["to"], replies_to=str(body.get("wamid") or ""))


def _pause_template(chakra: EmbeddedChakra) -> None:
    chakra.update_template(*CHANGED_TEMPLATE, status="PAUSED", quality="RED")


def _make_template_marketing(chakra: EmbeddedChakra) -> None:
    chakra.update_template(*CHANGED_TEMPLATE, correct_category="MARKETING")


META_CHANGES: Mapping[str, Callable[[EmbeddedChakra], None]] = {
    "pause": _pause_template,
    "category": _make_template_marketing,
    "quality": lambda chakra: change_number_quality(chakra, "YELLOW"),
}
ACTIONS: Mapping[str, Callable[[EmbeddedCustomer, Json], object]] = {
    "write": _write,
    "picture": lambda customer, body: customer.send_picture(to=body["to"]),
    "react": lambda customer, body: customer.react(body["wamid"], body["emoji"], to=body["to"]),
    "press": lambda customer, body: customer.press(body["title"], body["wamid"]),
    "revoke": lambda customer, body: customer.revoke(body["wamid"], to=body["to"]),
    "stop": lambda customer, body: customer.write("STOP", to=body["to"]),
    "stop_marketing": lambda customer, body: customer.stop_marketing(to=body["to"]),
}
