"""The embedded Chakra: the documented API with a made-up team, for the demo and the tests.

``server.py`` assembles it from one file per resource, ``whatsapp.py`` its WhatsApp side; the JSON
files are the seed.
"""

from bot.sandbox.chakra.request_log import RecordedRequest
from bot.sandbox.chakra.server import EmbeddedChakra

__all__ = ["EmbeddedChakra", "RecordedRequest"]
