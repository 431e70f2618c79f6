"""The made-up workspace "Acme": its people, channels and first messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

TEAM_ID = "T0ACME"
TEAM_NAME = "Acme"
TEAM_DOMAIN = "acme"
PARTNER_TEAM_ID = "T0GLOBEX"
PARTNER_TEAM_NAME = "Globex"
APP_ID = "A0CHAKRA"
APP_USER = "U0CHAKRA"
APP_BOT = "B0CHAKRA"
APP_NAME = "Chakra"
SLACKBOT = "USLACKBOT"
HELPDESK, HELPDESK_BOT = "U0HELPDESK", "B0HELPDESK"
"""Another app, whose messages have no ``user``."""

WorkspaceMemberKind = Literal[
    "owner",
    "admin",
    "member",
    "guest",
    "single_channel_guest",
    "stranger",
    "deactivated",
    "app",
]
ChannelKind = Literal["public", "private", "shared", "im", "group", "pair"]
"""``im``: a person and the app. ``group`` and ``pair``: people only, as an app can't join them."""


@dataclass(frozen=True)
class WorkspaceMember:
    """A member; ``name`` is the handle, ``email`` may be "", ``tz`` is an IANA zone.

    ``locale`` is the language of their Slack.
    """

    id: str
    name: str
    real_name: str
    display_name: str
    title: str
    email: str
    kind: WorkspaceMemberKind
    tz: str
    color: str
    locale: str = "en-US"

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.real_name.split()[:2]).upper()

    @property
    def team_id(self) -> str:
        return PARTNER_TEAM_ID if self.kind == "stranger" else TEAM_ID

    @property
    def is_person(self) -> bool:
        return self.kind != "app"


@dataclass(frozen=True)
class WorkspaceChannel:
    """A channel; ``members`` are member IDs, the app's included if it was invited."""

    id: str
    name: str
    kind: ChannelKind
    topic: str
    members: tuple[str, ...]
    archived: bool = False


@dataclass(frozen=True)
class SeedMessage:
    """A seeded message, ``minutes_ago`` before the workspace's creation."""

    channel: str
    author: str
    minutes_ago: int
    text: str


_KOLKATA, _TOKYO = "Asia/Kolkata", "Asia/Tokyo"
_CAIRO, _BERLIN, _LONDON = "Africa/Cairo", "Europe/Berlin", "Europe/London"

MEMBERS: tuple[WorkspaceMember, ...] = (
    WorkspaceMember(
        "U0PRIYA",
        "priya",
        "Priya Sharma",
        "Priya",
        "Head of Sales",
        "priya@acme.com",
        "admin",
        _KOLKATA,
        "7c3aed",
    ),
    WorkspaceMember(
        "U0JOHN",
        "john",
        "John Doe",
        "John",
        "Sales Executive",
        "john@acme.com",
        "member",
        _KOLKATA,
        "2563eb",
    ),
    WorkspaceMember(
        "U0MEI",
        "mei",
        "Mei Tanaka",
        "Mei",
        "Support Lead",
        "mei@acme.com",
        "member",
        _TOKYO,
        "db2777",
    ),
    WorkspaceMember(
        "U0OMAR",
        "omar",
        "Omar Haddad",
        "Omar",
        "Operations",
        "omar@acme.com",
        "member",
        _CAIRO,
        "d97706",
    ),
    WorkspaceMember(
        "U0LENA",
        "lena",
        "Lena Fischer",
        "Lena",
        "Managing Director",
        "lena@acme.com",
        "owner",
        _BERLIN,
        "0d9488",
        "de-DE",
    ),
    WorkspaceMember(
        "U0GITA",
        "gita",
        "Gita Rao",
        "Gita",
        "Partner Manager",
        "gita@partner.example",
        "guest",
        _KOLKATA,
        "65a30d",
    ),
    WorkspaceMember(
        "U0ARJUN",
        "arjun",
        "Arjun Nair",
        "Arjun",
        "Contractor",
        "arjun@contractor.example",
        "single_channel_guest",
        _KOLKATA,
        "b45309",
    ),
    WorkspaceMember(
        "U0SAM",
        "sam",
        "Sam Okafor",
        "Sam",
        "Account Manager at Globex",
        "sam@globex.example",
        "stranger",
        _LONDON,
        "475569",
    ),
    WorkspaceMember(APP_USER, "chakra", APP_NAME, APP_NAME, "", "", "app", _LONDON, "16a34a"),
    WorkspaceMember(HELPDESK, "helpdesk", "Helpdesk", "Helpdesk", "", "", "app", _LONDON, "0369a1"),
    WorkspaceMember(SLACKBOT, "slackbot", "Slackbot", "Slackbot", "", "", "app", _LONDON, "757575"),
)

USERGROUPS: Mapping[str, tuple[str, ...]] = {"S0SALES": ("U0JOHN",)}
USERGROUP_NAMES: Mapping[str, tuple[str, str]] = {"S0SALES": ("Sales team", "sales-team")}
"""Name and handle."""

_STAFF = ("U0PRIYA", "U0JOHN", "U0MEI", "U0OMAR", "U0LENA")

CHANNELS: tuple[WorkspaceChannel, ...] = (
    WorkspaceChannel("C0GENERAL", "general", "public", "Company-wide news", _STAFF),
    WorkspaceChannel(
        "C0SALES",
        "sales",
        "public",
        "Deals, leads and call lists",
        (*_STAFF, APP_USER),
    ),
    WorkspaceChannel(
        "C0SUPPORT",
        "support",
        "public",
        "Customers who need a hand",
        (*_STAFF, "U0GITA", "U0ARJUN", APP_USER),
    ),
    WorkspaceChannel(
        "C0LEADS",
        "leads-emea",
        "private",
        "Europe, Middle East and Africa",
        ("U0PRIYA", "U0JOHN", "U0OMAR", "U0LENA", APP_USER),
    ),
    WorkspaceChannel(
        "C0PARTNERS",
        "globex-partners",
        "shared",
        "Together with Globex",
        ("U0JOHN", "U0GITA", "U0SAM"),
    ),
    WorkspaceChannel(
        "G0BLUEBIRD",
        "mpdm-priya--john--mei-1",
        "group",
        "",
        ("U0PRIYA", "U0JOHN", "U0MEI"),
    ),
    WorkspaceChannel("D0JOHNMEI", "", "pair", "", ("U0JOHN", "U0MEI")),
    *(
        WorkspaceChannel(f"D0{member.name.upper()}", APP_NAME, "im", "", (member.id, APP_USER))
        for member in MEMBERS
        if member.is_person and member.kind != "stranger"
    ),
)

SEED_MESSAGES: tuple[SeedMessage, ...] = (
    SeedMessage("C0GENERAL", "U0LENA", 190, "Good morning everyone. Numbers call at eleven."),
    SeedMessage("C0GENERAL", "U0OMAR", 184, "The new badges are at the front desk :wave:"),
    SeedMessage("C0SALES", "U0PRIYA", 95, "Who has the Bluebird account this week?"),
    SeedMessage("C0SALES", "U0JOHN", 91, "I do. They asked for the March price list again."),
    SeedMessage(
        "C0SALES",
        "U0JOHN",
        91,
        "Aarav Mehta buys for them: +91 98765 43210, aarav@bluebird.example",
    ),
    SeedMessage("C0SALES", "U0PRIYA", 90, "Good. Send it over WhatsApp, they read that first."),
    SeedMessage("C0SUPPORT", "U0MEI", 62, "Queue is down to four. Thanks, all."),
    SeedMessage("C0SUPPORT", "U0GITA", 58, "One of mine is waiting for a call back from sales."),
    SeedMessage("C0LEADS", "U0OMAR", 47, "Three new leads from the Cairo fair, details follow."),
    SeedMessage("C0PARTNERS", "U0SAM", 33, "Hi all, the joint offer is ready for a last look."),
    SeedMessage("C0PARTNERS", "U0JOHN", 30, "Thank you Sam, reading it now."),
)
