"""Our sent messages, as customers' threads describe them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.messages.lifecycle import SendReader
from bot.slack import blocks
from bot.slack.blocks import NO_MARKUP, Markup, code, markup

MAX_QUOTE_LENGTH = 150


@dataclass(frozen=True, slots=True)
class SentMessages:
    """Describes messages by Meta's ID of them. Raises ``DatabaseUnavailable``."""

    reader: SendReader

    async def describe(self, wamid: str) -> Markup:
        """Return a short line about one of our messages; "" if it was not sent from here.

        Of a template only the name: its values may be a code, or meant for one reader.
        """
        send = (await self.reader.sends.find_by_message_ids([wamid])).get(wamid)
        if send is None:
            return NO_MARKUP
        if send.template:
            return markup("our template ", code(send.template))
        details = self.reader.read_details(send)
        text = " ".join(details.text.split()) if details else ""
        return markup("our answer “", blocks.clip(text, MAX_QUOTE_LENGTH), "”")
