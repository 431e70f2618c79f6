"""``EmbeddedChakra``: the resources behind one door, and what a test or the demo holds of them."""

from __future__ import annotations

from secrets import token_hex
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from bot.clock import Clock
from bot.sandbox.chakra import envelope, health, pictures
from bot.sandbox.chakra.config import ConfigResource
from bot.sandbox.chakra.door import Door
from bot.sandbox.chakra.faults import Fault
from bot.sandbox.chakra.people import Person, in_our_case, read_people
from bot.sandbox.chakra.team import read_team
from bot.sandbox.chakra.traffic import ANY, Asked, Pattern, pattern, serves
from bot.sandbox.chakra.users import UsersResource


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
        self._routes = self._assembled()
        self._door = Door(self._routes, self.access_token, clock)

    @property
    def app(self) -> ASGIApp:
        return self._door

    def served_at(self, url: str) -> None:
        """Tells it its own address, which the links to pictures begin with."""
        self.base_url = url.rstrip("/")

    async def aclose(self) -> None:
        """Hangs up on everybody who still waits. To be called before its server stops."""
        self._door.gates.closed.set()

    @property
    def requests(self) -> list[Asked]:
        """Every request of the API, in order of arrival, also those not answered yet."""
        return self._door.traffic.requests

    def count(self, endpoint: str = ANY) -> int:
        """How many requests came for an endpoint, or for all below one ("/v2/ext")."""
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
        """One more: ordinary, with an e-mail address, but for ``overrides`` (see ``Person``)."""
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

    def _picture_url(self, person: Person) -> str:
        return f"{self.base_url}{pictures.path_of(person)}" if person.picture else ""

    def _assembled(self) -> Starlette:
        routes = [
            *health.routes(),
            *self._users.routes(),
            *ConfigResource(self.team).routes(),
            *self._pictures.routes(),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: envelope.refusal})
        app.router.redirect_slashes = False
        return app

    def _known(self, endpoint: str) -> Pattern:
        if not any(serves(route, endpoint) for route in self._routes.routes):
            raise ValueError(f"nothing serves {endpoint!r}")
        return pattern(endpoint)
