"""Test sends: the same message, to the number of the person who fills in the form."""

from __future__ import annotations

from dataclasses import dataclass

from bot.aio.clock import Clock, finishes_within
from bot.chakra.template import Template
from bot.db.claims import ClaimOutcome
from bot.errors import NotFound, NotLinked, ResourceNotFound, UsageError
from bot.messages.form_values import SendForm
from bot.messages.recipients import Recipient
from bot.messages.send import Send, SendResult
from bot.messages.service import SendService
from bot.messages.validation import find_first_error
from bot.privacy import mask_phone
from bot.slack.blocks import markup
from bot.slack.member import Member
from bot.users.directory import Directory
from bot.users.linked_user import find_linked_user

RESULT_TIMEOUT_SECONDS = 2.0
"""Seconds that the person waits for the outcome; after that only the report shows it."""

OWN_NUMBER_HINT = "Tests go to the phone number in your own Chakra profile."
NO_NUMBER_MESSAGE = (
    "Chakra doesn't have your phone number. Add it to your Chakra profile and try again in a few "
    "minutes."
)


@dataclass(frozen=True, slots=True)
class TestSend:
    """The state of a test.

    ``duplicate`` is set if the person must confirm a send just like it, ``sent`` if the test has
    finished; neither while it is being sent. ``already_sent``: the interaction was a repeat.
    """

    masked_number: str
    duplicate: Send | None = None
    sent: SendResult | None = None
    already_sent: bool = False


class TestSends:
    """Send each test once, like every send.

    In a form, the same content is one test, and different content is another.
    """

    def __init__(self, send_service: SendService, directory: Directory, clock: Clock) -> None:
        self._send_service = send_service
        self._directory = directory
        self._clock = clock

    async def send(
        self,
        form: SendForm,
        template: Template,
        *,
        interaction_key: str,
        member: Member,
        confirmed_duplicate_of: str,
    ) -> TestSend:
        """Send the form to the member's own number.

        ``interaction_key`` identifies form or button, ``confirmed_duplicate_of`` the send that the
        person was asked about. Raise ``UsageError`` if a value is invalid or the person has no
        number, an error of Chakra, or ``DatabaseUnavailable``; then nothing was sent.
        """
        error = find_first_error(form, template, self._clock.time())
        if error:
            raise UsageError(error)
        recipient = await self._find_own_recipient(member)
        prepared = await self._send_service.prepare(form, template, recipient)
        key = f"{interaction_key}:test:{form.sender}"
        claim, sending = await self._send_service.start(
            prepared,
            key=key,
            member=member.id,
            confirmed_duplicate_of=confirmed_duplicate_of,
            by_content=True,
        )
        number = mask_phone(f"+{recipient.digits}")
        if claim.outcome is ClaimOutcome.DUPLICATE:
            return TestSend(number, duplicate=claim.send)
        if sending is None:
            earlier = await self._send_service.find_report(claim.send)
            return TestSend(number, sent=earlier, already_sent=True)
        finished = await finishes_within(self._clock, sending, RESULT_TIMEOUT_SECONDS)
        return TestSend(number, sent=sending.result() if finished else None)

    async def _find_own_recipient(self, member: Member) -> Recipient:
        try:
            user = await find_linked_user(member, self._directory, is_self=True)
            return await self._send_service.recipients.get_user(user.id)
        except NotLinked as unlinked:
            raise UsageError(markup(unlinked.message, " ", OWN_NUMBER_HINT)) from None
        except (NotFound, ResourceNotFound):
            raise UsageError(NO_NUMBER_MESSAGE) from None
