"""The words of a typed rule: events, how they arrive, categories, and words without a meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.notifications.rule import EventGroup, Grouping

EVENT_WORDS: Final[Mapping[str, EventGroup]] = {
    **dict.fromkeys(
        ("message", "messages", "inbound", "incoming", "replies", "reply", "customer messages",
         "incoming messages", "inbound messages", "customer replies", "chat", "chats",
         "conversations", "conversation", "whatsapp messages", "new messages", "texts"),
        EventGroup.MESSAGE,
    ),
    **dict.fromkeys(
        ("failed", "failure", "failures", "fail", "fails", "failed messages", "failed sends",
         "failed deliveries", "failed message", "failed send", "delivery failures", "undelivered",
         "undelivered messages", "errors", "error", "bounces", "bounced", "send failures",
         "messages fail", "message fails", "messages that fail", "messages that failed"),
        EventGroup.FAILED,
    ),
    **dict.fromkeys(
        ("status", "statuses", "delivery", "deliveries", "delivered", "read", "receipts", "ticks",
         "read receipts", "delivery status", "delivery receipts", "message status",
         "status updates", "delivery updates", "status messages", "sent messages"),
        EventGroup.STATUS,
    ),
    **dict.fromkeys(
        ("template", "templates", "approvals", "approval", "approved", "rejected", "rejections",
         "template changes", "template updates", "template status", "paused", "template events",
         "template messages"),
        EventGroup.TEMPLATE,
    ),
    **dict.fromkeys(
        ("account", "accounts", "quality", "limits", "warnings", "account warnings",
         "account alerts", "account updates", "account events", "number quality", "preferences"),
        EventGroup.ACCOUNT,
    ),
    **dict.fromkeys(
        ("all", "everything", "all events", "any", "anything", "any event", "every event"),
        EventGroup.ALL,
    ),
}  # fmt: skip
CATCH_ALL_WORDS: Final = frozenset(
    {"everything else", "anything else", "all else", "the rest", "rest", "all others", "catch-all",
     "catch all", "catchall", "all the rest", "all other events", "other events", "others"}
)  # fmt: skip
GROUPING_WORDS: Final[Mapping[str, Grouping]] = {
    **dict.fromkeys(
        ("each", "one by one", "individually", "single", "singly", "separately", "immediately",
         "each one", "instantly", "live", "real time", "real-time"),
        Grouping.EACH,
    ),
    **dict.fromkeys(
        ("thread", "threads", "threaded", "in a thread", "in threads", "in one thread", "grouped"),
        Grouping.THREADED,
    ),
    **dict.fromkeys(
        ("hourly", "every hour", "each hour", "once an hour", "per hour", "hourly digest",
         "an hour", "hourly summary"),
        Grouping.HOURLY,
    ),
    **dict.fromkeys(
        ("daily", "every day", "each day", "once a day", "per day", "daily digest", "digest",
         "a day", "daily summary", "summary"),
        Grouping.DAILY,
    ),
}  # fmt: skip
REPLY_WORDS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(
        ("reply mode", "with replies", "with reply", "allow replies", "and reply", "replies on",
         "answer here", "and answer", "reply here", "with answers", "replies allowed",
         "answerable"),
        True,
    ),
    **dict.fromkeys(("alerts only", "alert only", "no replies", "without replies", "read only",
                     "replies off"), False),
}  # fmt: skip
RECORD_WORDS: Final = frozenset({"lead", "leads"})
CATEGORY_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("marketing", "promotional", "promotions"), "MARKETING"),
    **dict.fromkeys(("utility", "transactional"), "UTILITY"),
    **dict.fromkeys(("authentication", "auth", "otp", "otps"), "AUTHENTICATION"),
}
NEGATIONS: Final = frozenset({"except", "without", "not", "no", "excluding", "minus"})
LONG_NEGATIONS: Final = frozenset({"other than", "apart from", "aside from", "rather than"})
OWN_WORDS: Final = frozenset(
    {"by me", "by myself", "sent by me", "i sent", "that i sent", "i send"}
)
MENTION_WORDS: Final = frozenset({"mention", "mentions", "ping", "tag", "alert", "notify", "cc"})
FILLERS: Final = frozenset(
    {"a", "an", "the", "and", "or", "for", "me", "us", "this", "channel", "here", "of", "with",
     "when", "about", "customer", "customers", "whatsapp", "new", "events", "event", "please",
     "notifications", "notification", "rule", "to", "from", "in", "on", "by", "at", "our", "my",
     "is", "are", "that", "which", "only", "if", "just", "also", "digest", "updates", "update",
     "changes", "change", "mode", "it", "as", "into", "post", "posted", "show", "send", "get",
     "hours", "hour", "day", "time", "sent", "number", "country", "category", "word", "words",
     "containing", "contains", "contain", "saying", "receive", "them", "people", "team", "user",
     "every", "one", "ping", "tag", "cc", "alert", "alerts", "notify", "subscribe", "add", "be",
     "we", "i", "want", "come", "&",
     "+", ",", "-", "–", "who", "what", "mention", "mentions", "quiet", "but"}
)  # fmt: skip
"""Filler words that a rule may have."""
FIELD_ALIASES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("event", "events", "type"), "events"),
    **dict.fromkeys(("sender", "from", "number", "to", "phone"), "senders"),
    **dict.fromkeys(("template", "templates"), "templates"),
    **dict.fromkeys(("category", "categories"), "categories"),
    **dict.fromkeys(("country", "countries"), "countries"),
    **dict.fromkeys(("word", "words", "text", "contains", "containing"), "words"),
    **dict.fromkeys(("user", "users", "by", "member"), "members"),
    **dict.fromkeys(("record", "records", "process"), "records"),
    **dict.fromkeys(("how", "group", "grouping"), "grouping"),
    **dict.fromkeys(("at", "time"), "at"),
    "quiet": "quiet",
    **dict.fromkeys(("except", "exceptions"), "except"),
    **dict.fromkeys(("mention", "mentions", "ping", "tag"), "mentions"),
    **dict.fromkeys(("mode", "replies"), "mode"),
}
"""The field that each ``name:value`` of a line fills."""
COMMAND_WORDS: Final = frozenset({"notify", "notifications", "subscribe"})
SUBCOMMANDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("add", "new", "create", "subscribe", "on", "start", "enable"), "add"),
    **dict.fromkeys(("list", "rules", "show", "ls", "current", "what", "which"), "list"),
    **dict.fromkeys(
        ("remove", "delete", "rm", "off", "stop", "mute", "unsubscribe", "disable", "drop"),
        "remove",
    ),
    **dict.fromkeys(("edit", "change", "update"), "edit"),
    **dict.fromkeys(("test", "try"), "test"),
    **dict.fromkeys(("recent", "history", "log", "latest", "events"), "recent"),
}
"""The first word of a line -> what it does."""
LIST_WORDS: Final = frozenset(
    {"the", "of", "for", "in", "this", "does", "get", "receive", "events", "arrive", "arrives",
     "that", "channel", "channels", "rules", "rule", "all", "notifications", "here", "my", "me",
     "what", "current", "it", "from", "notification", "#"}
)  # fmt: skip
PHRASES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("what does this channel get", "what does this channel receive", "what arrives here",
         "what comes here", "which events come here", "which notifications come here",
         "list notifications", "show notifications", "my notifications", "list rules",
         "show rules", "notification rules", "list notification rules", "channel notifications",
         "what notifications do we get", "what am i subscribed to", "my subscriptions",
         "subscriptions", "list subscriptions"),
        "list",
    ),
    **dict.fromkeys(
        ("subscribe to", "subscribe us to", "subscribe me to", "subscribe this channel to",
         "send notifications for", "post notifications for", "notify us about", "notify us of",
         "notify this channel about", "notify me about", "notify me of", "tell us about",
         "alert us about", "alert me about", "post here when", "notify us when", "add rule",
         "new rule", "alerts for", "notifications for", "turn on notifications for",
         "tell this channel about"),
        "add",
    ),
    **dict.fromkeys(
        ("mute", "mute this channel", "mute notifications", "stop notifications",
         "stop the notifications", "stop all notifications", "turn off notifications",
         "disable notifications", "unsubscribe", "unsubscribe this channel", "remove rule",
         "delete rule", "no more notifications", "stop notifying", "stop posting here",
         "turn off alerts", "stop alerts", "disable alerts"),
        "remove",
    ),
    **dict.fromkeys(
        ("post customer messages here", "customer messages here", "customer replies here",
         "post customer replies here"),
        "add message",
    ),
    **dict.fromkeys(
        ("set up notifications", "setup notifications", "choose notifications", "notification",
         "configure notifications", "notification settings", "alerts", "turn on notifications",
         "enable notifications", "start notifications", "benachrichtigungen",
         "notificaciones"),
        "",
    ),
    **dict.fromkeys(("test notifications", "test notification", "test the notifications"), "test"),
    **dict.fromkeys(
        ("recent events", "recent notifications", "latest events", "what events came",
         "event log", "webhook log", "webhook events", "what came in"),
        "recent",
    ),
}  # fmt: skip
