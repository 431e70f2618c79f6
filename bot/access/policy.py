"""The one place that decides who may do what: Slack's word on a person, and
``SENDERS_CACHE_KIND``."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.errors import SlackError
from bot.slack.commands.command import Actor, Role
from bot.slack.commands.router import AccessDecision
from bot.slack.member import Member, MemberKind
from bot.slack.members import Members

DENIAL_REASONS = {
    MemberKind.GUEST: "Guests may only read the help.",
    MemberKind.EXTERNAL: "People from other workspaces may only read the help.",
    MemberKind.DEACTIVATED: "This account is deactivated, or is not a person's.",
}
NOT_A_SENDER_REASON = "Changing things in Chakra from here is open to few."

UNKNOWN_USER_CODES = frozenset({"user_not_found", "user_not_visible"})
"""Answers about somebody who is none of ours. docs.slack.dev/reference/methods/users.info"""
GROUP_NOT_FOUND = "no_such_subteam"
"""The group was deleted. docs.slack.dev/reference/methods/usergroups.users.list"""


class AccessPolicy:
    """Named people and groups, and workspace owners and admins, may write; every other member may
    look; guests and strangers may do nothing unless named. Who is not known for certain may not
    write: ``AccessDecision.unsure``."""

    def __init__(self, members: Members, senders: Sequence[str]) -> None:
        """``senders`` as in the setting: ``U…``/``W…`` members and ``S…`` user groups."""
        self._members = members
        self._sender_ids = frozenset(one for one in senders if not one.startswith("S"))
        self._sender_groups = tuple(one for one in senders if one.startswith("S"))
        self._log = structlog.get_logger("access")

    async def check(self, actor: Actor) -> AccessDecision:
        try:
            known = await self._members.get_member(actor.id)
        except SlackError as refused:
            if refused.code in UNKNOWN_USER_CODES:
                return AccessDecision(Role.ANYONE, reason=DENIAL_REASONS[MemberKind.EXTERNAL])
            self._log_lookup_failure(refused)
            return AccessDecision(Role.ANYONE, is_unverified=True)
        return await self._decide(known.value, is_stale=known.stale)

    async def _decide(self, member: Member, *, is_stale: bool) -> AccessDecision:
        if member.kind is MemberKind.DEACTIVATED:
            return AccessDecision(Role.ANYONE, reason=DENIAL_REASONS[member.kind], member=member)
        named, asked = await self._check_senders(member)
        if named or member.kind in (MemberKind.OWNER, MemberKind.ADMIN):
            # A remembered admin may no longer be one: looking is safe, writing waits for Slack.
            look_only = is_stale or not (
                asked or member.kind in (MemberKind.OWNER, MemberKind.ADMIN)
            )
            return AccessDecision(
                Role.MEMBER if look_only else Role.SENDER, is_unverified=look_only, member=member
            )
        if member.kind in DENIAL_REASONS:
            return AccessDecision(
                Role.ANYONE,
                is_unverified=not asked,
                reason=DENIAL_REASONS[member.kind],
                member=member,
            )
        return AccessDecision(
            Role.MEMBER,
            is_unverified=is_stale or not asked,
            reason=NOT_A_SENDER_REASON,
            member=member,
        )

    async def _check_senders(self, member: Member) -> tuple[bool, bool]:
        """Whether ``SENDERS_CACHE_KIND`` names the person, and whether Slack could be asked for
        certain."""
        if member.id in self._sender_ids:
            return True, True
        certain = True
        for group in self._sender_groups:
            try:
                found = await self._members.get_group_member_ids(group)
            except SlackError as refused:
                self._log_lookup_failure(refused, group=group)
                certain = certain and refused.code == GROUP_NOT_FOUND
                continue
            certain = certain and not found.stale
            if member.id in found.value:
                return True, not found.stale
        return False, certain

    def _log_lookup_failure(self, error: SlackError, **fields: str) -> None:
        """Or nobody would learn that a scope is missing."""
        self._log.warning(
            "membership_lookup_failed", method=error.method, code=error.code, **fields
        )
