"""A test of what is filled in: the same send, to the number of the person who fills it in."""

from __future__ import annotations

from dataclasses import dataclass

from bot.aio.clock import Clock, done_within
from bot.chakra.template import Template
from bot.errors import Missing, NotFound, NotLinked, UsageError
from bot.messages.form_values import Order
from bot.messages.ledger import Before, Duplicate
from bot.messages.lifecycle import Sent
from bot.messages.recipients import Recipient
from bot.messages.repository import Send
from bot.messages.service import Dispatch
from bot.messages.validation import first_objection
from bot.privacy import mask_phone
from bot.slack.blocks import markup
from bot.slack.members import Members
from bot.users.directory import Directory
from bot.users.linked_user import user_of

PATIENCE = 2.0
"""Seconds that the person waits for the outcome; after them the report alone tells it."""

WHOSE = "A test goes to the number of your own Chakra user."
NO_NUMBER = (
    "Chakra has no phone number of yours. Add one to your user in Chakra, and try again in a few "
    "minutes."
)


@dataclass(frozen=True, slots=True)
class Trial:
    """How a test stands: ``asks`` about a send just like it, within ten minutes; ``sent``, where it
    came out in time; neither while it is on its way. ``before``: the press was not the first.
    ``number`` is masked."""

    number: str
    asks: Send | None = None
    sent: Sent | None = None
    before: bool = False


class Trials:
    """Each press sends once, as every send does; in a form one press counts for what is filled in,
    so that the same twice is one, and another text is another test."""

    def __init__(
        self, dispatch: Dispatch, members: Members, directory: Directory, clock: Clock
    ) -> None:
        self._dispatch = dispatch
        self._members = members
        self._directory = directory
        self._clock = clock

    async def run(
        self, order: Order, template: Template, *, press: str, member: str, asked: str
    ) -> Trial:
        """``press`` names form or button, ``asked`` the send about which the person was asked.

        Raises ``UsageError`` for what is not filled in as it must be, or where the person has no
        number; the errors of Chakra; ``StoreUnavailable``. Then nothing was sent.
        """
        wrong = first_objection(order, template)
        if wrong:
            raise UsageError(wrong)
        recipient = await self._own(member)
        ready = await self._dispatch.ready(order, template, recipient)
        key = f"{press}:test:{order.sender}"
        started = await self._dispatch.start(
            ready, key=key, member=member, asked=asked, by_content=True
        )
        number = mask_phone(f"+{recipient.digits}")
        if isinstance(started, Duplicate):
            return Trial(number, asks=started.send)
        if isinstance(started, Before):
            return Trial(number, sent=await self._dispatch.sent(started.send), before=True)
        ended = await done_within(self._clock, started, PATIENCE)
        return Trial(number, sent=started.result() if ended else None)

    async def _own(self, member: str) -> Recipient:
        try:
            user = await user_of(member, self._members, self._directory, own=True)
            return await self._dispatch.user(user.id)
        except NotLinked as nobody:
            raise UsageError(markup(nobody.message, " ", WHOSE)) from None
        except (NotFound, Missing):
            raise UsageError(NO_NUMBER) from None
