"""Who and where, in most stories: members and channels of the embedded Slack."""

from __future__ import annotations

JOHN, MEI, PRIYA = "U0JOHN", "U0MEI", "U0PRIYA"
"""John may send and edit, Mei may only look; see the embedded Slack's seed for all."""
SALES, SUPPORT = "C0SALES", "C0SUPPORT"
