"""Whether Chakra answers at all (contract section 0)."""

from __future__ import annotations

from bot.chakra.transport.error_mapping import invalid_response
from bot.chakra.transport.http import Http

HEALTH_PATH = "/v1/health"
HEALTH_TIMEOUT_SECONDS = 5.0


class HealthApi:
    def __init__(self, http: Http) -> None:
        self._http = http

    async def check(self) -> float:
        """The seconds that the answer took.

        The probe exists (CONFIRMED: the vendor's n8n node tests credentials with it); its body and
        whether it looks at the token are UNKNOWN. So any 2xx counts, but for a web page, which
        comes from something else at that address. Raises the `ChakraError`s of `Http.get`, within
        5 seconds.
        """
        response = await self._http.get(HEALTH_PATH, timeout_seconds=HEALTH_TIMEOUT_SECONDS)
        if response.media_type == "text/html":
            raise invalid_response(response, "A web page answered: this is not Chakra's API.")
        return response.elapsed_seconds
