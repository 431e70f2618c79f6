"""A process that sends one message and waits for the response; a test kills it before that comes.

Arguments: the URL of the database and Chakra's.
"""

from __future__ import annotations

import asyncio
import sys

from pydantic import SecretStr

from bot.aio.clock import SystemClock
from bot.aio.tasks import TaskSet
from bot.chakra.client import Chakra
from bot.chakra.outgoing import TemplateMessage
from bot.db.claims import ClaimOutcome
from bot.db.engine import open_database
from bot.messages.ledger import Ledger
from bot.messages.repository import Sends
from bot.messages.submission import derive_hash_key
from tests.messages.fake_messages import PHONE, build_submission

SECRET = "the secret of both processes"
PLUGIN = "d83e1d23-50b8-4d87-8f92-842a0ac516f6"


async def main(database_url: str, chakra_url: str) -> None:
    clock = SystemClock()
    message = TemplateMessage(whatsapp_phone_number_id="694794789348887", template_name="hello")
    async with (
        open_database(database_url) as database,
        Chakra(chakra_url, SecretStr("token"), clock) as chakra,
    ):
        ledger = Ledger(
            Sends(database),
            clock,
            TaskSet(clock),
            hash_key=derive_hash_key(SECRET),
            on_outcome=lambda _: None,
            process_id="killed",
        )
        claim = await ledger.claim(build_submission())
        if claim.outcome is ClaimOutcome.CREATED:
            await ledger.execute(
                claim.send,
                message,
                lambda message: chakra.messages.send_template(PLUGIN, PHONE, message),
            )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
