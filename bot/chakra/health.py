"""Check whether Chakra responds (API.md, Basics)."""

from __future__ import annotations

from bot.chakra.transport.error_mapping import build_invalid_response
from bot.chakra.transport.http import Http

HEALTH_PATH = "/v1/health"
HEALTH_TIMEOUT_SECONDS = 5.0


class HealthApi:
    """The health probe."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def check(self) -> float:
        """Return the seconds that the response took.

        The probe exists (CONFIRMED: the vendor's n8n node tests credentials with it). Its body and
        whether it checks the token are UNKNOWN, so any 2xx counts, except a web page, which comes
        from something else at that URL. Raise the errors of ``Http.get`` within 5 seconds.
        """
        response = await self._http.get(HEALTH_PATH, timeout_seconds=HEALTH_TIMEOUT_SECONDS)
        if response.media_type == "text/html":
            raise build_invalid_response(
                response, "The response is a web page: this is not Chakra's API."
            )
        return response.elapsed_seconds
