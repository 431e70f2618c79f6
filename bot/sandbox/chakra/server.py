"""``EmbeddedChakra``: all resources behind one pipeline, with controls for tests and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope, health, meta, pictures
from bot.sandbox.chakra.accepted_send import AcceptedSend, DeliveryStatus
from bot.sandbox.chakra.bulk import BulkResource
from bot.sandbox.chakra.bulk_rows import BulkRowFactory
from bot.sandbox.chakra.config import ConfigResource
from bot.sandbox.chakra.customers import Customers
from bot.sandbox.chakra.delivery_simulator import BurstResult
from bot.sandbox.chakra.faults import Fault
from bot.sandbox.chakra.job import EmbeddedJob
from bot.sandbox.chakra.job_plan import JobPlan
from bot.sandbox.chakra.jobs import JobsResource
from bot.sandbox.chakra.media import StoredMedia
from bot.sandbox.chakra.photos import PhotosResource
from bot.sandbox.chakra.process_writes import ProcessWritesResource
from bot.sandbox.chakra.recipients import ScriptedRecipient
from bot.sandbox.chakra.request_log import (
    ANY_ENDPOINT,
    EndpointMatcher,
    RecordedRequests,
    match_route,
    parse_endpoint,
)
from bot.sandbox.chakra.request_pipeline import RequestPipeline
from bot.sandbox.chakra.tasks import TasksResource
from bot.sandbox.chakra.team import load_team
from bot.sandbox.chakra.team_controls import TeamControls
from bot.sandbox.chakra.template import EmbeddedTemplate
from bot.sandbox.chakra.user import EmbeddedUser, load_users
from bot.sandbox.chakra.users import UsersResource
from bot.sandbox.chakra.webhooks import DeliveredWebhook, WebhookSubscriber
from bot.sandbox.chakra.whatsapp import EmbeddedWhatsApp


class EmbeddedChakra(TeamControls):
    """A Chakra with one made-up team in memory, to be served by uvicorn.

    For example::

        chakra = EmbeddedChakra(clock)
        async with serve(chakra.app) as url:
            chakra.set_base_url(url)
            await chakra.aclose()

    Endpoints are written ``"GET /v1/ext/user/{id}"``; without a method they match any method, and
    ``"*"`` matches everything. A path with a real ID matches that one path.
    """

    def __init__(self, clock: Clock, access_token: str = "") -> None:
        self.access_token = access_token or f"sandbox-{token_hex(16)}"
        self.base_url = ""
        self.team = load_team()
        self._clock = clock
        self._users = UsersResource(load_users(), self.team, clock, self._build_picture_url)
        self._pictures = pictures.PicturesResource(self._users.users)
        self.photos = PhotosResource(self.team.team.id, clock)
        self._jobs = JobsResource(self.team.team.id, clock)
        self._whatsapp = EmbeddedWhatsApp(
            self.team, clock, lambda: self.base_url, self._jobs.advance_all
        )
        self._rows = BulkRowFactory(self._whatsapp.processes, self.team, self._is_team_user)
        self.records = ProcessWritesResource(self._whatsapp.processes, self._rows, self.team, clock)
        self.tasks = TasksResource(self._whatsapp.processes, self.team, self._is_team_user, clock)
        self._meta_error_format: meta.MetaErrorFormat = "meta"
        self._routes = self._build_app()
        trouble = self._whatsapp.recipients.find_fault
        self._pipeline = RequestPipeline(self._routes, self.access_token, clock, trouble)

    @property
    def app(self) -> ASGIApp:
        return self._pipeline

    def set_base_url(self, url: str) -> None:
        """Set its own address, the base of picture links."""
        self.base_url = url.rstrip("/")

    async def aclose(self) -> None:
        """Disconnect waiting clients and stop sending events. Call it before its server stops."""
        self._pipeline.hang_signals.closed.set()
        await self._whatsapp.aclose()

    @property
    def requests(self) -> RecordedRequests:
        """The last few thousand API requests in order of arrival, unanswered ones included."""
        return self._pipeline.request_log.requests

    def count(self, endpoint: str = ANY_ENDPOINT) -> int:
        """Return the number of requests ever received for an endpoint or below a path."""
        return self._pipeline.request_log.count(endpoint)

    async def wait_for_requests(self, expected: int, endpoint: str = ANY_ENDPOINT) -> None:
        """Wait until ``count(endpoint)`` has reached ``expected``."""
        await self._pipeline.request_log.wait_for_count(expected, endpoint)

    def add_lead(
        self, key: str, *, is_deleted: bool = False, is_first: bool = False, **data: Any
    ) -> str:
        """Add a lead with this primary key and these attributes; return its ID.

        ``is_first``: lists begin with it, otherwise they end with it.
        """
        return self._whatsapp.processes.add(key, data, is_deleted=is_deleted, is_first=is_first)

    def add_many_leads(self, count: int) -> None:
        """List ``count`` made-up leads, MANY-1 and so on, which can't be changed."""
        self._whatsapp.processes.add_many(count)

    def fail(self, endpoint: str, fault: Fault, times: int | None = None) -> None:
        """Apply ``fault`` to requests for ``endpoint``: the next ``times``, or all.

        Several for one endpoint are used up in the order of the calls. Raise ``ValueError`` for an
        endpoint that doesn't exist.
        """
        self._pipeline.faults.add(self._require_matcher(endpoint), fault, times)

    def clear_faults(self) -> None:
        """Remove all planned faults. Requests that hang do so until ``release``."""
        self._pipeline.faults.clear()

    def release_hanging(self) -> None:
        """Respond normally to every request that hangs now."""
        self._pipeline.hang_signals.release()

    def disable_endpoint(self, endpoint: str) -> None:
        """Remove ``endpoint`` from this Chakra: it responds with 404."""
        self._pipeline.disabled_endpoints.append(self._require_matcher(endpoint))

    @property
    def plugin_id(self) -> str:
        return self._whatsapp.account.plugin_id

    @property
    def waba_id(self) -> str:
        return self._whatsapp.account.waba_id

    @property
    def sender_ids(self) -> tuple[str, ...]:
        """Meta's IDs of the sender numbers, the default one first."""
        return tuple(sender.id for sender in self._whatsapp.account.senders)

    @property
    def sender_listings(self) -> tuple[dict[str, Any], ...]:
        """The sender numbers as the API lists them."""
        return tuple(sender.listing for sender in self._whatsapp.account.senders)

    def get_media(self, media_id: str) -> StoredMedia | None:
        """Return a customer's media file, None if it is unknown or gone."""
        return self._whatsapp.media.find(media_id)

    @property
    def test_numbers(self) -> tuple[ScriptedRecipient, ...]:
        """Recipients with a scripted outcome, each with a line about it."""
        return self._whatsapp.recipients.scripted

    @property
    def templates(self) -> tuple[EmbeddedTemplate, ...]:
        """All templates in their current state, in list order."""
        return tuple(self._whatsapp.templates.templates.values())

    def find_template(self, name: str, language: str | None = None) -> EmbeddedTemplate:
        """Return the first template with this name. Raise ``KeyError``."""
        for template in self._whatsapp.templates.find_by_name(name, language):
            return template
        raise KeyError((name, language))

    def update_template(self, name: str, language: str, **changes: Any) -> EmbeddedTemplate:
        """Change a template as Meta would, for example ``status="PAUSED"`` or ``quality="RED"``.

        Each kind of change is sent to the pass-through webhook.
        """
        return self._whatsapp.templates.apply_changes(self.find_template(name, language), **changes)

    def create_template(self, **fields: Any) -> EmbeddedTemplate:
        """Create an approved template as an admin would in WhatsApp Manager, without an event."""
        return self._whatsapp.templates.create(**fields)

    def delete_template(self, name: str, language: str) -> None:
        """Delete a template as an admin would in WhatsApp Manager."""
        self._whatsapp.templates.delete(self.find_template(name, language))

    def add_media(self, content: bytes, media_type: str) -> str:
        """Store a customer's media file, and return its ID."""
        return self._whatsapp.media.add(content, media_type)

    def delete_media(self, media_id: str) -> None:
        """Make a customer's file unavailable, as Meta does after a week."""
        self._whatsapp.media.delete(media_id)

    def set_meta_error_format(self, error_format: meta.MetaErrorFormat) -> None:
        """Choose the response to Meta's errors: ``"meta"``, ``"errors"`` or ``"200"``.

        The latter two have the message in ``_errors``.
        """
        self._meta_error_format = error_format

    @property
    def sends(self) -> list[AcceptedSend]:
        """Every accepted send, in order, even if the client got no response."""
        return self._whatsapp.delivery_simulator.sends

    async def wait_for_sends(self, expected: int) -> None:
        """Wait until ``expected`` sends have been accepted."""
        await self._whatsapp.delivery_simulator.wait_for_sends(expected)

    def set_event_webhook(self, url: str, secret: str = "") -> None:
        """Send Chakra-format events to ``url``, signed if there is a ``secret``."""
        self._whatsapp.webhooks.subscribers["chakra"] = WebhookSubscriber(url, secret)

    def set_passthrough_webhook(self, url: str, secret: str = "") -> None:
        """Send Meta's own events to ``url``; whether they are signed is UNKNOWN."""
        self._whatsapp.webhooks.subscribers["meta"] = WebhookSubscriber(url, secret)

    def remove_passthrough_webhook(self) -> None:
        """Send Meta's own events nowhere, as for a team that has set up Chakra's webhook only."""
        self._whatsapp.webhooks.subscribers.pop("meta", None)

    @property
    def delivered_webhooks(self) -> tuple[DeliveredWebhook, ...]:
        """The last webhook deliveries, failed ones included, in the order of completion."""
        return tuple(self._whatsapp.webhooks.deliveries)

    async def wait_for_webhooks(self, expected: int) -> None:
        """Wait until ``number`` webhook deliveries have ended since the start."""
        await self._whatsapp.webhooks.wait_for_deliveries(expected)

    async def settle(self) -> None:
        """Wait until no webhook delivery is in flight."""
        await self._whatsapp.webhooks.settle()

    def push_status(
        self, send: AcceptedSend, status: DeliveryStatus, code: int | None = None
    ) -> None:
        """Send a status event about a send now; ``code`` is Meta's, for a failure."""
        self._whatsapp.delivery_simulator.push_status(send, status, code)

    async def push_status_burst(self, event_count: int, *, seed: int = 0) -> BurstResult:
        """Send ``number`` status events concurrently: see ``DeliverySimulator.burst``."""
        return await self._whatsapp.delivery_simulator.push_status_burst(event_count, seed)

    @property
    def customers(self) -> Customers:
        """The people on WhatsApp; each acts by itself: ``customers.add("Asha").write("Hello")``."""
        return self._whatsapp.customers

    def receive_message(
        self,
        number: str,
        message: str | Mapping[str, Any],
        *,
        name: str = "John",
        sender_id: str | None = None,
    ) -> str:
        """Receive a customer's text, or Meta's message object without sender; return its wamid."""
        if isinstance(message, str):
            message = {"type": "text", "text": {"body": message}}
        return self.customers.find_or_add(number, name).send(message, to=sender_id)

    def push_change(self, field: str, value: Mapping[str, Any]) -> None:
        """Send a change of any field, such as ``account_update``, to the pass-through webhook."""
        self._whatsapp.push_change(field, value)

    def push_chakra_event(self, name: str, payload: Mapping[str, Any]) -> None:
        """Send an event in Chakra's format, of a name that is known or not."""
        self._whatsapp.webhooks.push("chakra", {"event": name, "payload": dict(payload)})

    def hold_webhooks(self) -> None:
        """Keep all events until ``release_webhooks``."""
        self._whatsapp.webhooks.held = []

    def release_webhooks(
        self, *, is_reversed: bool = False, is_merged: bool = False, times: int = 1
    ) -> None:
        """Send the waiting events: the last one first, in one delivery, or repeatedly."""
        self._whatsapp.webhooks.release(is_reversed=is_reversed, is_merged=is_merged, times=times)

    def set_recipient_forwarding(self, *, is_forwarded: bool) -> None:
        """Choose whether sends may name a user ID as ``recipient``. By default they may not."""
        self._whatsapp.messages.forwards_recipient = is_forwarded

    @property
    def jobs(self) -> tuple[EmbeddedJob, ...]:
        """All background jobs in their current state, vanished ones included."""
        return self._jobs.jobs

    @property
    def seeded_jobs(self) -> tuple[JobPlan, ...]:
        """The seeded jobs' plans; reading them builds no job."""
        return self._jobs.seed_plans

    def find_job(self, job_id: str) -> EmbeddedJob:
        """Return the job. Raise ``KeyError``."""
        for job in self.jobs:
            if job.id == job_id:
                return job
        raise KeyError(job_id)

    def add_job(self, **plan: Any) -> EmbeddedJob:
        """Add a job with the fields of ``JobPlan``, such as ``succeed=10, fail=2, seconds=30``."""
        return self._jobs.add_from_plan(JobPlan.model_validate(plan))

    def stall_job(self, job_id: str) -> None:
        """Stop processing its entries until ``resume_job``."""
        self.find_job(job_id).stall(self._clock.time())

    def resume_job(self, job_id: str) -> None:
        """Resume the job, even from a planned stall."""
        self.find_job(job_id).resume(self._clock.time())

    def change_lead_key(self, key: str, new_key: str) -> None:
        """Give the lead with this key another one, such as its phone number."""
        self._whatsapp.processes.change_primary_key(key, new_key)

    def delete_job(self, job_id: str) -> None:
        """Make its ID unknown."""
        self.find_job(job_id).delete()

    def _build_picture_url(self, person: EmbeddedUser) -> str:
        return f"{self.base_url}{pictures.build_picture_path(person)}" if person.picture else ""

    def _build_app(self) -> Starlette:
        routes = [
            *health.build_routes(),
            *self._users.build_routes(),
            *ConfigResource(self.team).build_routes(),
            *self._pictures.build_routes(),
            *self.photos.build_routes(),
            *self._whatsapp.build_routes(),
            *self._jobs.build_routes(),
            *BulkResource(self._rows, self._jobs, self.team, self._clock).build_routes(),
            *self.records.build_routes(),
            *self.tasks.build_routes(),
        ]
        handlers = {
            HTTPException: envelope.handle_http_error,
            meta.MetaApiError: self._handle_meta_error,
        }
        app = Starlette(routes=routes, exception_handlers=handlers)
        app.router.redirect_slashes = False
        return app

    async def _handle_meta_error(self, _: Request, error: Exception) -> Response:
        if not isinstance(error, meta.MetaApiError):
            raise error
        return meta.render_error(error, self._meta_error_format)

    def _require_matcher(self, endpoint: str) -> EndpointMatcher:
        if not any(match_route(route, endpoint) for route in self._routes.routes):
            raise ValueError(f"nothing serves {endpoint!r}: add its route to _build_app")
        return parse_endpoint(endpoint)
