"""``EmbeddedChakra``: all resources behind one pipeline, with controls for tests and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from bot.aio.clock import Clock
from bot.sandbox.chakra import envelope, health, meta, pictures
from bot.sandbox.chakra.bulk import BulkResource
from bot.sandbox.chakra.bulk_rows import Rows
from bot.sandbox.chakra.config import ConfigResource
from bot.sandbox.chakra.deliveries import Burst
from bot.sandbox.chakra.door import Door
from bot.sandbox.chakra.faults import Fault
from bot.sandbox.chakra.job import EmbeddedJob
from bot.sandbox.chakra.job_seed import JobPlan
from bot.sandbox.chakra.jobs import JobsResource
from bot.sandbox.chakra.people import Person, in_our_case, read_people
from bot.sandbox.chakra.recipients import KnownNumber
from bot.sandbox.chakra.sent import Sent, State
from bot.sandbox.chakra.team import read_team
from bot.sandbox.chakra.template import Template
from bot.sandbox.chakra.traffic import ANY, Pattern, Requests, pattern, serves
from bot.sandbox.chakra.users import UsersResource
from bot.sandbox.chakra.webhooks import Subscriber, Told
from bot.sandbox.chakra.whatsapp import WhatsApp


class EmbeddedChakra:
    """A Chakra with one made-up team in memory, to be served by uvicorn.

    For example::

        chakra = EmbeddedChakra(clock)
        async with serve(chakra.app) as url:
            chakra.served_at(url)
            ...
            await chakra.aclose()

    Endpoints are written ``"GET /v1/ext/user/{id}"``; without a method they match any method, and
    ``"*"`` matches everything. A path with a real ID matches that one path.
    """

    def __init__(self, clock: Clock) -> None:
        self.access_token = f"sandbox-{token_hex(16)}"
        self.base_url = ""
        self.team = read_team()
        self._clock = clock
        self._users = UsersResource(read_people(), self.team, clock, self._picture_url)
        self._pictures = pictures.PicturesResource(self._users.people)
        self._jobs = JobsResource(self.team.team.id, clock)
        self._whatsapp = WhatsApp(self.team, clock, lambda: self.base_url, self._jobs.settle)
        self._meta_errors: meta.Shape = "meta"
        self._routes = self._assembled()
        trouble = self._whatsapp.recipients.trouble
        self._door = Door(self._routes, self.access_token, clock, trouble)

    @property
    def app(self) -> ASGIApp:
        return self._door

    def served_at(self, url: str) -> None:
        """Set its own address, the base of picture links."""
        self.base_url = url.rstrip("/")

    async def aclose(self) -> None:
        """Disconnect waiting clients and stop sending events. Call it before its server stops."""
        self._door.gates.closed.set()
        await self._whatsapp.aclose()

    @property
    def requests(self) -> Requests:
        """The last few thousand API requests in order of arrival, unanswered ones included."""
        return self._door.traffic.requests

    def count(self, endpoint: str = ANY) -> int:
        """Return the number of requests ever received for an endpoint or below a path."""
        return self._door.traffic.count(endpoint)

    async def until_asked(self, number: int, endpoint: str = ANY) -> None:
        """Wait until ``count(endpoint)`` has reached ``number``."""
        await self._door.traffic.until(number, endpoint)

    @property
    def people(self) -> tuple[Person, ...]:
        """All people in their current state, in list order."""
        return tuple(self._users.people.values())

    def person(self, which: str) -> Person:
        """Return the person with this ID, username or email address. Raise ``KeyError``."""
        for person in self.people:
            if which in (person.id, person.username, *(email.address for email in person.emails)):
                return person
        raise KeyError(which)

    def add_person(self, **overrides: Any) -> Person:
        """Add an ordinary person with an email address; ``overrides`` are ``CachedUser`` fields."""
        given = in_our_case(overrides)
        number = len(self._users.people) + 1
        username = given.get("username", f"person{number}")
        ordinary = {
            "id": str(uuid4()),
            "username": username,
            "first_name": "Person",
            "last_name": f"Number{number}",
            "emails": [given.get("primary_email") or f"{username}@acme.com"],
        }
        person = Person.model_validate({**ordinary, **given})
        self._users.people[person.id] = person
        return person

    def change_person(self, which: str, **changes: Any) -> Person:
        """Change any field, as if somebody had edited it in the Chakra dashboard."""
        person = self.person(which)
        changed = person.changed(**{"updated_at": int(self._clock.time() * 1000), **changes})
        self._users.people[person.id] = changed
        return changed

    def remove_person(self, which: str) -> None:
        """Delete the person: they leave the lists, and their ID is unknown."""
        del self._users.people[self.person(which).id]

    def fail(self, endpoint: str, fault: Fault, times: int | None = None) -> None:
        """Apply ``fault`` to requests for ``endpoint``: the next ``times``, or all.

        Several for one endpoint are used up in the order of the calls. Raise ``ValueError`` for an
        endpoint that doesn't exist.
        """
        self._door.faults.plan(self._known(endpoint), fault, times)

    def clear_faults(self) -> None:
        """Remove all planned faults. Requests that hang do so until ``release``."""
        self._door.faults.clear()

    def release(self) -> None:
        """Respond normally to every request that hangs now."""
        self._door.gates.release()

    def without(self, endpoint: str) -> None:
        """Remove ``endpoint`` from this Chakra: it responds with 404."""
        self._door.closed_endpoints.append(self._known(endpoint))

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
    def test_numbers(self) -> tuple[KnownNumber, ...]:
        """Recipients with a scripted outcome, each with a line about it."""
        return self._whatsapp.recipients.known

    @property
    def templates(self) -> tuple[Template, ...]:
        """All templates in their current state, in list order."""
        return tuple(self._whatsapp.templates.templates.values())

    def template(self, name: str, language: str | None = None) -> Template:
        """Return the first template with this name. Raise ``KeyError``."""
        for template in self._whatsapp.templates.named(name, language):
            return template
        raise KeyError((name, language))

    def change_template(self, name: str, language: str, **changes: Any) -> Template:
        """Change a template as Meta would: ``status="PAUSED"``, ``quality="RED"``, …

        A new status is sent to the pass-through webhook.
        """
        return self._whatsapp.templates.change(self.template(name, language), **changes)

    def add_media(self, content: bytes, media_type: str) -> str:
        """Store a customer's media file, and return its ID."""
        return self._whatsapp.media.add(content, media_type)

    def meta_errors_as(self, shape: meta.Shape) -> None:
        """Choose the response to Meta's errors: ``"meta"``, ``"errors"`` or ``"200"``.

        The latter two have the message in ``_errors``.
        """
        self._meta_errors = shape

    @property
    def sent(self) -> list[Sent]:
        """Every accepted send, in order, even if the client got no response."""
        return self._whatsapp.deliveries.sent

    async def until_sent(self, number: int) -> None:
        """Wait until ``number`` sends have been accepted."""
        await self._whatsapp.deliveries.until(number)

    def events_to(self, url: str, secret: str = "") -> None:
        """Send Chakra-format events to ``url``, signed if there is a ``secret``."""
        self._whatsapp.webhooks.subscribers["chakra"] = Subscriber(url, secret)

    def passthrough_to(self, url: str) -> None:
        """Send Meta's own events to ``url``, unsigned."""
        self._whatsapp.webhooks.subscribers["meta"] = Subscriber(url)

    @property
    def told(self) -> tuple[Told, ...]:
        """The last webhook deliveries, failed ones included, in the order of completion."""
        return tuple(self._whatsapp.webhooks.told)

    async def until_told(self, number: int) -> None:
        """Wait until ``number`` webhook deliveries have ended since the start."""
        await self._whatsapp.webhooks.until(number)

    async def settle(self) -> None:
        """Wait until no webhook delivery is in flight."""
        await self._whatsapp.webhooks.settle()

    def deliver(self, send: Sent, status: State, code: int | None = None) -> None:
        """Send a status event about a send now; ``code`` is Meta's, for a failure."""
        self._whatsapp.deliveries.tell(send, status, code)

    async def burst(self, number: int, *, seed: int = 0) -> Burst:
        """Send ``number`` status events concurrently: see ``Deliveries.burst``."""
        return await self._whatsapp.deliveries.burst(number, seed)

    def hear(
        self,
        number: str,
        message: str | Mapping[str, Any],
        *,
        name: str = "John",
        sender: str | None = None,
    ) -> str:
        """Receive a customer's message (text, or Meta's message object), and return its wamid.

        ``message`` needs no ID, time or sender. It opens the customer's 24-hour window.
        """
        if isinstance(message, str):
            message = {"type": "text", "text": {"body": message}}
        return self._whatsapp.deliveries.hear(number, message, name=name, sender=sender)

    @property
    def jobs(self) -> tuple[EmbeddedJob, ...]:
        """All background jobs in their current state, vanished ones included."""
        return self._jobs.jobs

    @property
    def seeded_jobs(self) -> tuple[JobPlan, ...]:
        """The seeded jobs' plans; reading them builds no job."""
        return self._jobs.seed

    def job(self, job_id: str) -> EmbeddedJob:
        """Return the job. Raise ``KeyError``."""
        for job in self.jobs:
            if job.id == job_id:
                return job
        raise KeyError(job_id)

    def add_job(self, **plan: Any) -> EmbeddedJob:
        """Add a job: ``succeed=10, fail=2, seconds=30``, … (see ``JobPlan``)."""
        return self._jobs.plan(JobPlan.model_validate(plan))

    def stall_job(self, job_id: str) -> None:
        """Stop processing its entries until ``resume_job``."""
        self.job(job_id).stall(self._clock.time())

    def resume_job(self, job_id: str) -> None:
        """Resume the job, even from a planned stall."""
        self.job(job_id).resume(self._clock.time())

    def vanish_job(self, job_id: str) -> None:
        """Make its ID unknown."""
        self.job(job_id).vanish()

    def _picture_url(self, person: Person) -> str:
        return f"{self.base_url}{pictures.path_of(person)}" if person.picture else ""

    def _assembled(self) -> Starlette:
        routes = [
            *health.routes(),
            *self._users.routes(),
            *ConfigResource(self.team).routes(),
            *self._pictures.routes(),
            *self._whatsapp.routes(),
            *self._jobs.routes(),
            *self._bulk().routes(),
        ]
        handlers = {HTTPException: envelope.refusal, meta.MetaRefused: self._refused_by_meta}
        app = Starlette(routes=routes, exception_handlers=handlers)
        app.router.redirect_slashes = False
        return app

    def _bulk(self) -> BulkResource:
        rows = Rows(self._whatsapp.processes, self.team, self._is_colleague)
        return BulkResource(rows, self._jobs, self.team, self._clock)

    def _is_colleague(self, name: str) -> bool:
        """Return whether the username or email address is a team member's; examples use both."""
        return any(
            name in (one.username, *(email.address for email in one.emails))
            for one in self.people
            if not one.is_deleted
        )

    async def _refused_by_meta(self, _: Request, error: Exception) -> Response:
        if not isinstance(error, meta.MetaRefused):
            raise error
        return meta.answer(error, self._meta_errors)

    def _known(self, endpoint: str) -> Pattern:
        if not any(serves(route, endpoint) for route in self._routes.routes):
            raise ValueError(f"nothing serves {endpoint!r}")
        return pattern(endpoint)
