"""What a person may do: permissions, roles as bundles of them, and the check inside a handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from bot.errors import NotAllowed
from bot.slack.member import Member


class Permission(Enum):
    """Each value completes the sentence "You may …"."""

    HELP = "read the help"
    LOOK = "look things up"
    SHARE = "share cards in a channel"
    WATCH = "watch background jobs"
    SEND = "send WhatsApp messages"
    EDIT = "edit users, templates and records"
    DELETE = "delete records"
    BULK = "upload files of records"
    NOTIFY = "choose what channels receive"
    MANAGE_WATCHES = "stop watches that someone else started"

    @property
    def acts(self) -> bool:
        """Whether what it allows changes something, or is seen by others."""
        return self not in _LOOKING


class Role(Enum):
    """A bundle of permissions, in rising order."""

    GUEST = "guest"
    MEMBER = "member"
    SENDER = "sender"

    @property
    def permissions(self) -> frozenset[Permission]:
        return ROLE_PERMISSIONS[self]


_LOOKING = frozenset({Permission.HELP, Permission.LOOK})

_GUEST = frozenset({Permission.HELP})
_MEMBER = _GUEST | {Permission.LOOK, Permission.SHARE, Permission.WATCH}
ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.GUEST: _GUEST,
    Role.MEMBER: _MEMBER,
    Role.SENDER: _MEMBER
    | {
        Permission.SEND,
        Permission.EDIT,
        Permission.DELETE,
        Permission.BULK,
        Permission.NOTIFY,
        Permission.MANAGE_WATCHES,
    },
}


def find_required_role(permission: Permission) -> Role:
    """Return the smallest role that has ``permission``."""
    return next(role for role in Role if permission in role.permissions)


@dataclass(frozen=True, slots=True)
class AccessDecision:
    """The access check's decision about a person.

    ``is_unverified``: Slack could not be reached, so only safe actions are allowed. ``reason`` is a
    sentence for the person, or empty. ``member`` is ``None`` if Slack did not describe the person.
    """

    permissions: frozenset[Permission]
    is_unverified: bool = False
    reason: str = ""
    member: Member | None = None

    def allows(self, permission: Permission) -> bool:
        """Return whether the person may do this."""
        return permission in self.permissions

    def authorize(self, permission: Permission, *, reason: str = "") -> None:
        """Raise ``NotAllowed`` unless the person may do this.

        ``reason`` replaces the decision's own sentence.
        """
        if not self.allows(permission):
            raise NotAllowed(
                find_required_role(permission).value,
                reason=reason or self.reason,
                is_unverified=self.is_unverified,
            )
