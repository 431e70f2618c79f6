"""Decide who may do what, from Slack's record of a person and the setting ``SENDERS``."""

from __future__ import annotations

import math
from collections.abc import Sequence

import structlog

from bot.errors import MISSING_SCOPE, SlackError, UnknownMember
from bot.slack.commands.command import Actor
from bot.slack.commands.permissions import AccessDecision, Role
from bot.slack.member import Member, MemberKind
from bot.slack.members import Members

DENIAL_REASONS = {
    MemberKind.GUEST: "Guests can't use Chakra from Slack.",
    MemberKind.EXTERNAL: "People from other workspaces can't use Chakra from Slack.",
    MemberKind.DEACTIVATED: "This account is deactivated, or belongs to a bot.",
}
NOT_A_SENDER_REASON = (
    "You can look things up, but you can't send or change anything from Slack yet."
)

MAX_AGE_TO_ACT_SECONDS = 10.0
"""Seconds: the maximum age of Slack's answer about a person who sends or changes something.

For reading, a cached answer of any age will do.
"""

UNKNOWN_GROUP_CODES = frozenset({"no_such_subteam", MISSING_SCOPE})
"""Slack's answers about a deleted group, and without the optional scope usergroups:read.

docs.slack.dev/reference/methods/usergroups.users.list"""


class AccessPolicy:
    """Decide what a person may do, by their account in Slack and the setting ``SENDERS``.

    Workspace owners and admins, and the people and groups in ``SENDERS``, may write. All other
    members may only look things up. Guests and people from other workspaces may do nothing unless
    they are named. A person who couldn't be verified may not write
    (``AccessDecision.is_unverified``).
    """

    def __init__(self, members: Members, senders: Sequence[str]) -> None:
        """``senders`` as in the setting: ``U…``/``W…`` members and ``S…`` user groups."""
        self._members = members
        self._sender_ids = frozenset(sender for sender in senders if not sender.startswith("S"))
        self._sender_groups = tuple(sender for sender in senders if sender.startswith("S"))
        self._log = structlog.get_logger("access")

    async def check(self, actor: Actor, *, to_act: bool = False) -> AccessDecision:
        """Return what the person may do.

        ``to_act`` asks Slack again unless it answered seconds ago; if it doesn't answer, the person
        may not write.
        """
        max_age = MAX_AGE_TO_ACT_SECONDS if to_act else math.inf
        try:
            cached = await self._members.get_member(actor.id, max_age_seconds=max_age)
        except UnknownMember:
            reason = DENIAL_REASONS[MemberKind.EXTERNAL]
            return AccessDecision(Role.GUEST.permissions, reason=reason)
        except SlackError as error:
            self._log_lookup_failure(error)
            return AccessDecision(Role.GUEST.permissions, is_unverified=True)
        return await self._decide(cached.value, is_stale=cached.stale, max_age=max_age)

    async def _decide(self, member: Member, *, is_stale: bool, max_age: float) -> AccessDecision:
        if member.kind is MemberKind.DEACTIVATED:
            return _decide(Role.GUEST, member, reason=DENIAL_REASONS[member.kind])
        is_sender, is_certain = await self._check_senders(member, max_age)
        if is_sender or member.is_admin:
            # A cached admin may no longer be one: reading is safe, writing waits for Slack.
            look_only = is_stale or not (is_certain or member.is_admin)
            role = Role.MEMBER if look_only else Role.SENDER
            return _decide(role, member, is_unverified=look_only)
        reason = DENIAL_REASONS.get(member.kind)
        if reason is not None:
            return _decide(Role.GUEST, member, is_unverified=not is_certain, reason=reason)
        unverified = is_stale or not is_certain
        return _decide(Role.MEMBER, member, is_unverified=unverified, reason=NOT_A_SENDER_REASON)

    async def _check_senders(self, member: Member, max_age: float) -> tuple[bool, bool]:
        """Return whether ``SENDERS`` names the person, and whether that is certain.

        It isn't if Slack didn't list a group, or listed it earlier and fails now.
        """
        if member.id in self._sender_ids:
            return True, True
        is_certain = True
        for group in self._sender_groups:
            try:
                group_members = await self._members.get_group_member_ids(
                    group, max_age_seconds=max_age
                )
            except SlackError as error:
                self._log_lookup_failure(error, group=group)
                is_certain = is_certain and error.code in UNKNOWN_GROUP_CODES
                continue
            is_certain = is_certain and not group_members.stale
            if member.id in group_members.value:
                return True, not group_members.stale
        return False, is_certain

    def _log_lookup_failure(self, error: SlackError, **fields: str) -> None:
        """Log the failure; otherwise a missing scope would go unnoticed."""
        self._log.warning(
            "membership_lookup_failed", method=error.method, code=error.code, **fields
        )


def _decide(
    role: Role, member: Member, *, is_unverified: bool = False, reason: str = ""
) -> AccessDecision:
    return AccessDecision(role.permissions, is_unverified, reason, member)
