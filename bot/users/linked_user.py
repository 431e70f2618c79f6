"""Which user of Chakra a member of the workspace is: by the e-mail address that Slack has."""

from __future__ import annotations

from bot.chakra.models import User
from bot.errors import NotLinked
from bot.privacy import mask_email
from bot.slack.blocks import Markup, markup, mention
from bot.slack.members import Members
from bot.users.directory import Directory


async def find_linked_user(
    member_id: str, members: Members, directory: Directory, *, is_self: bool
) -> User:
    """As the team's list has them. ``own``: they ask for themselves; to others an address may be
    hidden. Raises ``NotLinked``, ``SlackError`` and the ``ChakraError``s of the list."""
    email = (await members.get_member(member_id)).value.email
    if not email:
        raise NotLinked(member_id, _no_email_message(member_id, is_self=is_self))
    found = (await directory.find(email)).value
    if not found.total:
        displayed_email = email if is_self else mask_email(email)
        raise NotLinked(member_id, f"Nobody in Chakra has the e-mail address {displayed_email}.")
    return found.users[0]


def _no_email_message(member_id: str, *, is_self: bool) -> Markup:
    return markup(
        "Slack does not show this app ",
        "your e-mail address" if is_self else markup("an e-mail address of ", mention(member_id)),
        ", so no Chakra user can be matched with it. It may be hidden, or the app may lack the "
        "permission users:read.email.",
    )
