"""The Chakra user who belongs to a member of the workspace, matched by email address."""

from __future__ import annotations

from bot.chakra.models import User
from bot.errors import NotLinked
from bot.privacy import mask_email
from bot.slack.blocks import Markup, markup, mention
from bot.slack.member import Member
from bot.users.directory import Directory


async def find_linked_user(member: Member, directory: Directory, *, is_self: bool) -> User:
    """Return the member's user from the team list.

    With ``is_self`` they ask about themselves, so errors may show their email address. Raise
    ``NotLinked`` if no one has the address, and the ``ChakraError``s of the list.
    """
    if not member.email:
        raise NotLinked(member.id, _render_no_email(member.id, is_self=is_self))
    found = (await directory.find(member.email)).value
    if not found.total:
        displayed_email = member.email if is_self else mask_email(member.email)
        raise NotLinked(member.id, f"No one in Chakra has the email address {displayed_email}.")
    return found.users[0]


def _render_no_email(member_id: str, *, is_self: bool) -> Markup:
    return markup(
        "Slack doesn't share ",
        "your email address" if is_self else markup(mention(member_id), "'s email address"),
        " with this app, so we can't find the matching Chakra user. It may be hidden, or the app "
        "may lack the permission users:read.email.",
    )
