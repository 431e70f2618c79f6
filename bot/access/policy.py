"""The one place that decides who may do what: Slack's word on a person, and ``SENDERS``."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.errors import SlackError
from bot.slack.commands.command import Actor, Role
from bot.slack.commands.router import Standing
from bot.slack.members import Kind, Member, Members

OUTSIDERS = {
    Kind.GUEST: "Guests may only read the help.",
    Kind.STRANGER: "People from other workspaces may only read the help.",
    Kind.GONE: "This account is deactivated, or is not a person's.",
}
NOT_A_SENDER = "Changing things in Chakra from here is open to few."

NOBODY = frozenset({"user_not_found", "user_not_visible"})
"""Answers about somebody who is none of ours. docs.slack.dev/reference/methods/users.info"""
NO_GROUP = "no_such_subteam"
"""The group was deleted. docs.slack.dev/reference/methods/usergroups.users.list"""


class Access:
    """Named people and groups, and workspace owners and admins, may write; every other member may
    look; guests and strangers may do nothing unless named. Who is not known for certain may not
    write: ``Standing.unsure``."""

    def __init__(self, members: Members, senders: Sequence[str]) -> None:
        """``senders`` as in the setting: ``U…``/``W…`` members and ``S…`` user groups."""
        self._members = members
        self._people = frozenset(one for one in senders if not one.startswith("S"))
        self._groups = tuple(one for one in senders if one.startswith("S"))
        self._log = structlog.get_logger("access")

    async def standing(self, actor: Actor) -> Standing:
        try:
            known = await self._members.member(actor.id)
        except SlackError as refused:
            if refused.code in NOBODY:
                return Standing(Role.ANYONE, reason=OUTSIDERS[Kind.STRANGER])
            self._note(refused)
            return Standing(Role.ANYONE, unsure=True)
        return await self._standing_of(known.value, remembered=known.stale)

    async def _standing_of(self, member: Member, *, remembered: bool) -> Standing:
        if member.kind is Kind.GONE:
            return Standing(Role.ANYONE, reason=OUTSIDERS[member.kind])
        named, asked = await self._named(member)
        if named or member.kind in (Kind.OWNER, Kind.ADMIN):
            # A remembered admin may no longer be one: looking is safe, writing waits for Slack.
            look_only = remembered or not (asked or member.kind in (Kind.OWNER, Kind.ADMIN))
            return Standing(Role.MEMBER if look_only else Role.SENDER, unsure=look_only)
        if member.kind in OUTSIDERS:
            return Standing(Role.ANYONE, unsure=not asked, reason=OUTSIDERS[member.kind])
        return Standing(Role.MEMBER, unsure=remembered or not asked, reason=NOT_A_SENDER)

    async def _named(self, member: Member) -> tuple[bool, bool]:
        """Whether ``SENDERS`` names the person, and whether Slack could be asked for certain."""
        if member.id in self._people:
            return True, True
        certain = True
        for group in self._groups:
            try:
                found = await self._members.group(group)
            except SlackError as refused:
                self._note(refused, group=group)
                certain = certain and refused.code == NO_GROUP
                continue
            certain = certain and not found.stale
            if member.id in found.value:
                return True, not found.stale
        return False, certain

    def _note(self, refused: SlackError, **about: str) -> None:
        """Or nobody would learn that a scope is missing."""
        self._log.warning("slack_did_not_say", method=refused.method, code=refused.code, **about)
