"""Typed queries for records: the ``where`` of each, with the colleagues it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.chakra.models import User
from bot.errors import BotError, UsageError, not_found_as
from bot.messages.error_copy import EXPLAINER
from bot.processes.editor import InvalidFields
from bot.processes.list_message import to_line
from bot.processes.query import NameMatch, match_name
from bot.processes.query_hints import find_hint
from bot.processes.query_parser import parse_query
from bot.processes.query_schema import EXAMPLE
from bot.processes.record_query import (
    ME,
    Person,
    QueryField,
    RecordQuery,
    Where,
    describe,
)
from bot.processes.search import RecordSearch, RecordType
from bot.processes.sorting import Sort, describe_sort, split_sort
from bot.processes.user_names import format_person, list_usernames
from bot.slack.commands.arguments import parse_arguments
from bot.slack.member import Member
from bot.slack.members import Members
from bot.users.directory import Directory
from bot.users.linked_user import find_linked_user

MAX_NAMED_PEOPLE: Final = 5


@dataclass(frozen=True, slots=True)
class TypedQuery:
    """``where`` is the request to Chakra, ``echo`` how the query was understood.

    ``fields`` are those that it compares, ``sort`` is its order, ``text`` is the query without
    that, and ``hint`` is what to try if it finds nothing.
    """

    where: Where = field(repr=False)
    echo: str = field(repr=False)
    fields: tuple[QueryField, ...] = ()
    sort: Sort | None = None
    text: str = field(default="", repr=False)
    hint: str = field(default="", repr=False)


class RecordQueries:
    """Reads queries. Methods raise ``UsageError`` and the errors of the users and members."""

    def __init__(self, records: RecordSearch, directory: Directory, members: Members) -> None:
        self._records = records
        self._directory = directory
        self._members = members

    async def read(
        self,
        record_type: RecordType,
        text: str,
        reader: Member,
        now: float,
        *,
        for_others: bool = False,
    ) -> TypedQuery:
        """Return the query that ``reader`` typed: "me" is the reader, and days are in their zone.

        ``now`` is in seconds since the epoch. ``for_others``: the echo has their name, not "you".
        """
        today = datetime.fromtimestamp(now, reader.zone).date()
        tokens, sort = split_sort(parse_arguments(text).tokens, record_type.schema)
        parsed = parse_query(tokens, record_type.schema, today)
        users = await self._find_users(parsed, reader)
        usernames = {person: list_usernames(user) for person, user in users.items()}
        names = {
            person: user.name if for_others else format_person(person, user)
            for person, user in users.items()
        }
        where = self._records.build_where(record_type, parsed, usernames, reader.zone)
        echo = describe(parsed, names)
        if sort:
            order = f"sorted by {describe_sort(sort)}"
            echo = f"{echo}, {order}" if echo else f"{order[:1].upper()}{order[1:]}"
        types = [known.name for known in await self._records.list_types()]
        hint = find_hint(parsed, types, is_sorted=sort is not None)
        return TypedQuery(where, echo, parsed.fields, sort, to_line(tokens), hint)

    async def find_user(self, person: Person, reader: Member) -> User:
        """Return a colleague's user. Raise ``UsageError`` if there is none, or several."""
        if person.is_member_id or person.text.casefold() == ME:
            is_self = not person.is_member_id or person.text == reader.id
            member = reader if is_self else (await self._members.get_member(person.text)).value
            return await find_linked_user(member, self._directory, is_self=is_self)
        with not_found_as("user", person.text):
            matches = (await self._directory.find(person.text)).value
        if not matches.total:
            raise UsageError(f'No one in Chakra is called "{person.text}".', example=EXAMPLE)
        exact = [user for user in matches.users if person.text in list_usernames(user)]
        found = exact or list(matches.users)
        if len(found) > 1 or (not exact and matches.total > 1):
            names = ", ".join(
                user.primary_email or user.username for user in found[:MAX_NAMED_PEOPLE]
            )
            raise UsageError(
                f'Several people are called "{person.text}". Use one of: {names}.', example=EXAMPLE
            )
        return found[0]

    async def find_username(self, person: Person, reader: Member) -> str:
        """Return a colleague's username. Raise ``UsageError`` if the name is only similar."""
        user = await self.find_user(person, reader)
        known = list_usernames(user)
        typed = person.text.casefold()
        is_exact = person.is_member_id or typed == ME or typed in map(str.casefold, known)
        if not is_exact and match_name(person.text, user.name) is NameMatch.NONE:
            raise UsageError(
                f'No one in Chakra is called "{person.text}". Did you mean {user.name}?',
                example=EXAMPLE,
            )
        return known[0] if known else user.id

    async def read_username(self, field: str, typed: str, reader: Member) -> str:
        """Return the username of what was typed into a form's field, "" for nothing.

        Raise ``InvalidFields``, with the reason under the field.
        """
        if not typed.strip():
            return ""
        try:
            return await self.find_username(Person(typed.strip()), reader)
        except BotError as error:
            raise InvalidFields({field: EXPLAINER.explain_as_text(error)}) from error

    async def _find_users(self, query: RecordQuery, reader: Member) -> Mapping[Person, User]:
        return {person: await self.find_user(person, reader) for person in query.people}
