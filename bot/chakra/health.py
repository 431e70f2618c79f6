"""Whether Chakra answers at all (contract section 0)."""

from __future__ import annotations

from bot.chakra.transport.error_mapping import unreadable
from bot.chakra.transport.http import Http

HEALTH = "/v1/health"
PATIENCE = 5.0


class Health:
    def __init__(self, http: Http) -> None:
        self._http = http

    async def check(self) -> float:
        """The seconds that the answer took.

        The probe exists (CONFIRMED: the vendor's n8n node tests credentials with it); its body and
        whether it looks at the token are UNKNOWN. So any 2xx counts, but for a web page, which
        comes from something else at that address. Raises the `ChakraError`s of `Http.get`, within
        5 seconds.
        """
        answer = await self._http.get(HEALTH, seconds=PATIENCE)
        if answer.media_type == "text/html":
            raise unreadable(answer, "A web page answered: this is not Chakra's API.")
        return answer.seconds
