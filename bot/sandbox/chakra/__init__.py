"""The embedded Chakra: the documented API with a made-up team, for the demo and the tests.

``server.py`` assembles it from one file per resource, ``whatsapp.py`` its WhatsApp side; the JSON
files are the seed.
"""

from bot.sandbox.chakra.server import EmbeddedChakra
from bot.sandbox.chakra.traffic import RecordedRequest

__all__ = ["EmbeddedChakra", "RecordedRequest"]
