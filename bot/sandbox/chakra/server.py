"""``EmbeddedChakra``: the resources behind one door, and what a test or the demo holds of them."""

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
    """A Chakra of one made-up team, kept in memory, to be served by uvicorn::

        chakra = EmbeddedChakra(clock)
        async with serve(chakra.app) as url:
            chakra.served_at(url)
            ...
            await chakra.aclose()

    Endpoints are written ``"GET /v1/ext/user/{id}"``; without a method they mean any method, and
    ``"*"`` means everything. A path with a real id means that one path.
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
        """Tells it its own address, which the links to pictures begin with."""
        self.base_url = url.rstrip("/")

    async def aclose(self) -> None:
        """Hangs up on everybody who still waits, and tells no more events. To be called before
        its server stops."""
        self._door.gates.closed.set()
        await self._whatsapp.aclose()

    @property
    def requests(self) -> Requests:
        """The last few thousand requests of the API, in order of arrival, also those not answered
        yet."""
        return self._door.traffic.requests

    def count(self, endpoint: str = ANY) -> int:
        """How many requests ever came for an endpoint, or for all below one ("/v2/ext")."""
        return self._door.traffic.count(endpoint)

    async def until_asked(self, number: int, endpoint: str = ANY) -> None:
        """Returns as soon as ``count(endpoint)`` has reached ``number``."""
        await self._door.traffic.until(number, endpoint)

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody as they are now, in the order of the list."""
        return tuple(self._users.people.values())

    def person(self, which: str) -> Person:
        """By id, username or e-mail address. Raises ``KeyError``."""
        for person in self.people:
            if which in (person.id, person.username, *(email.address for email in person.emails)):
                return person
        raise KeyError(which)

    def add_person(self, **overrides: Any) -> Person:
        """One more: ordinary, with an e-mail address, but for ``overrides`` (see
        ``CachedUser``)."""
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
        """As if somebody had edited them in Chakra's own pages: any field, at once."""
        person = self.person(which)
        changed = person.changed(**{"updated_at": int(self._clock.time() * 1000), **changes})
        self._users.people[person.id] = changed
        return changed

    def remove_person(self, which: str) -> None:
        """They are gone from the lists, and their id is unknown."""
        del self._users.people[self.person(which).id]

    def fail(self, endpoint: str, fault: Fault, times: int | None = None) -> None:
        """From now on ``fault`` meets requests for ``endpoint``: the next ``times``, or all.

        Several for one endpoint are used up in the order they were planned in. Raises
        ``ValueError`` for an endpoint that nothing serves.
        """
        self._door.faults.plan(self._known(endpoint), fault, times)

    def clear_faults(self) -> None:
        """Forgets all planned faults. Requests that hang go on hanging until ``release``."""
        self._door.faults.clear()

    def release(self) -> None:
        """Lets every request that hangs now go on, and be answered as usual."""
        self._door.gates.release()

    def without(self, endpoint: str) -> None:
        """Makes it a Chakra that does not have ``endpoint``: 404 from now on."""
        self._door.closed_endpoints.append(self._known(endpoint))

    @property
    def plugin_id(self) -> str:
        return self._whatsapp.account.plugin_id

    @property
    def waba_id(self) -> str:
        return self._whatsapp.account.waba_id

    @property
    def sender_ids(self) -> tuple[str, ...]:
        """Meta's ids of the numbers that may send, the usual one first."""
        return tuple(sender.id for sender in self._whatsapp.account.senders)

    @property
    def test_numbers(self) -> tuple[KnownNumber, ...]:
        """Recipients to whom something known happens, with a line about each."""
        return self._whatsapp.recipients.known

    @property
    def templates(self) -> tuple[Template, ...]:
        """As they are now, in the order of the list."""
        return tuple(self._whatsapp.templates.templates.values())

    def template(self, name: str, language: str | None = None) -> Template:
        """The first one of the name. Raises ``KeyError``."""
        for template in self._whatsapp.templates.named(name, language):
            return template
        raise KeyError((name, language))

    def change_template(self, name: str, language: str, **changes: Any) -> Template:
        """As if Meta had decided it: ``status="PAUSED"``, ``quality="RED"``, ... A new status is
        told to the pass-through webhook."""
        return self._whatsapp.templates.change(self.template(name, language), **changes)

    def add_media(self, content: bytes, media_type: str) -> str:
        """The id of a media file as customers send them."""
        return self._whatsapp.media.add(content, media_type)

    def meta_errors_as(self, shape: meta.Shape) -> None:
        """How refusals of Meta's are answered from now on: ``"meta"`` (its own body, 400),
        ``"errors"`` (a sentence in ``_errors``, 400) or ``"200"`` (that with 200)."""
        self._meta_errors = shape

    @property
    def sent(self) -> list[Sent]:
        """Every send that was accepted, in order, whether or not the asker got to know."""
        return self._whatsapp.deliveries.sent

    async def until_sent(self, number: int) -> None:
        """Returns as soon as so many sends have been accepted."""
        await self._whatsapp.deliveries.until(number)

    def events_to(self, url: str, secret: str = "") -> None:
        """Where events in Chakra's format go, signed with ``secret`` where there is one."""
        self._whatsapp.webhooks.subscribers["chakra"] = Subscriber(url, secret)

    def passthrough_to(self, url: str) -> None:
        """Where Meta's own events go, unsigned."""
        self._whatsapp.webhooks.subscribers["meta"] = Subscriber(url)

    @property
    def told(self) -> tuple[Told, ...]:
        """The last webhooks that were delivered, or could not be, in the order they ended in."""
        return tuple(self._whatsapp.webhooks.told)

    async def until_told(self, number: int) -> None:
        """Returns as soon as so many webhooks have ended, ever."""
        await self._whatsapp.webhooks.until(number)

    async def settle(self) -> None:
        """Returns when no webhook is under way."""
        await self._whatsapp.webhooks.settle()

    def deliver(self, send: Sent, status: State, code: int | None = None) -> None:
        """Tells an event about a send now, ``code`` being Meta's where it failed."""
        self._whatsapp.deliveries.tell(send, status, code)

    async def burst(self, number: int, *, seed: int = 0) -> Burst:
        """So many events at once about the sends there are: see ``Deliveries.burst``."""
        return await self._whatsapp.deliveries.burst(number, seed)

    def hear(
        self,
        number: str,
        message: str | Mapping[str, Any],
        *,
        name: str = "John",
        sender: str | None = None,
    ) -> str:
        """Somebody writes: words, or Meta's message object but for id, time and sender. Opens
        their 24-hour window. Returns the wamid."""
        if isinstance(message, str):
            message = {"type": "text", "text": {"body": message}}
        return self._whatsapp.deliveries.hear(number, message, name=name, sender=sender)

    @property
    def jobs(self) -> tuple[EmbeddedJob, ...]:
        """All background jobs as far as they are by now, also those that have vanished. Those of
        the seed have a line about each."""
        return self._jobs.jobs

    @property
    def seeded_jobs(self) -> tuple[JobPlan, ...]:
        """What the seed says of its jobs: asking for it draws none of them up."""
        return self._jobs.seed

    def job(self, job_id: str) -> EmbeddedJob:
        """Raises ``KeyError``."""
        for job in self.jobs:
            if job.id == job_id:
                return job
        raise KeyError(job_id)

    def add_job(self, **plan: Any) -> EmbeddedJob:
        """One more: ``succeed=10, fail=2, seconds=30``, ... (see ``JobPlan``)."""
        return self._jobs.plan(JobPlan.model_validate(plan))

    def stall_job(self, job_id: str) -> None:
        """From now on none of its entries is tried, until ``resume_job``."""
        self.job(job_id).stall(self._clock.time())

    def resume_job(self, job_id: str) -> None:
        """Also where it has stalled as it was planned to, for a while or for ever."""
        self.job(job_id).resume(self._clock.time())

    def vanish_job(self, job_id: str) -> None:
        """From now on its id is unknown."""
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
        """By username, as the API's pages have it, or by e-mail address, as their example has."""
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
