"""``/chakra config``: what the team has defined in Chakra: record types, fields, roles, pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from bot.chakra.attributes import Attribute
from bot.chakra.config import Config
from bot.chakra.models import NamedResource
from bot.context import Context
from bot.slack import blocks
from bot.slack.age import format_freshness
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest
from bot.slack.commands.reply import Block, Message
from bot.slack.paging import FilterText, ListQuery, paginate, parse_filters, render_list_page
from bot.text.normalize import normalize

EXAMPLE = "/chakra config score"
PAGE, REFRESH = "config.page", "config.refresh"
ROWS_PER_PAGE = 20
WORDS = {
    "record type": ("procedure", "procedures", "record types", "types", "type"),
    "role": ("roles",),
    "pod": ("pods", "teams"),
    "task": ("tasks", "task types", "task type"),
    "entity": ("entities",),
    "field": ("fields", "attribute", "attributes", "column", "columns"),
}
"""What people type for a kind of entry, besides its name."""


class ConfigQuery(ListQuery):
    command: ClassVar[str] = "/chakra config"

    words: FilterText = ""


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """A line of the configuration: ``kind`` is "field of Lead", for example."""

    kind: str
    label: str
    short_id: str
    note: str = ""
    id: str = ""

    def has(self, words: Sequence[str]) -> bool:
        """Return whether each word is in the line or in its ID, or means its kind."""
        text = normalize(f"{self.kind} {self.label} {self.short_id} {self.note} {self.id}")
        return all(word in text or self.kind.startswith(_list_kinds(word)) for word in words)


def _list_kinds(word: str) -> tuple[str, ...]:
    return tuple(kind for kind, words in WORDS.items() if word in words)


async def run(request: CommandRequest, context: Context) -> Message:
    text, _ = parse_filters(request.arguments, example=EXAMPLE)
    return await _render(context, ConfigQuery(words=text))


async def change_page(request: ActionRequest, context: Context) -> Message:
    return await _render(context, ConfigQuery.from_value(request.value), replace=True)


async def refresh(request: ActionRequest, context: Context) -> Message:
    query = ConfigQuery.from_value(request.value)
    return await _render(context, query, replace=True, reload=True)


async def _render(
    context: Context, query: ConfigQuery, *, replace: bool = False, reload: bool = False
) -> Message:
    config = await context.records.get_config(refresh=reload)
    entries = list_entries(config.value)
    words = normalize(query.words).split()
    found = [entry for entry in entries if entry.has(words)]
    page = paginate(found, query.page, ROWS_PER_PAGE)
    query = query.with_page(page.number)
    heading = [bold("Configuration"), _count(len(found), len(entries), query.words)]
    nothing = markup('Nothing in the configuration has "', query.words, '" in it.')
    message = render_list_page(
        page,
        query,
        heading=heading,
        row=_render_row,
        empty_text=nothing if query.words else markup("Chakra's configuration is empty."),
        note=format_freshness(config),
        page_action=PAGE,
        buttons=[blocks.button("Refresh", REFRESH, query.to_value())],
    )
    return Message(message.text, message.blocks, replace_original=replace)


def _count(found: int, total: int, words: str) -> Markup:
    if words:
        return markup(f'{found:,} of {total:,} entries with "{words}"')
    return markup(f"{total:,} entries")


def _render_row(entry: ConfigEntry) -> Block:
    name = markup(bold(entry.label), "  ", code(entry.short_id)) if entry.short_id else entry.label
    note = f"{entry.kind}  ·  {entry.note}" if entry.note else entry.kind
    return blocks.section(lines([name, note]))


def list_entries(config: Config) -> list[ConfigEntry]:
    """Return every entry that has a name, record types and their fields first."""
    entries: list[ConfigEntry] = []
    for procedure in config.procedures:
        if procedure.is_deleted or not procedure.label:
            continue
        entries.append(_build_entry("record type", procedure))
        key = config.find_primary_key(procedure.short_id)
        entries += [
            _build_attribute_entry(attribute, procedure.label, is_key=key is attribute)
            for attribute in config.list_attributes(procedure.short_id)
        ]
    if not config.procedures:
        entries += [
            _build_attribute_entry(attribute, "", is_key=False) for attribute in config.attributes
        ]
    named: tuple[tuple[str, Sequence[NamedResource]], ...] = (
        ("role", config.roles),
        ("pod", config.pods),
        ("task", (*config.task_types, *config.state_tasks)),
        ("entity", config.entities),
    )
    entries += [_build_entry(kind, item) for kind, items in named for item in items if item.label]
    return entries


def _build_entry(kind: str, item: NamedResource) -> ConfigEntry:
    return ConfigEntry(kind, item.label, item.short_id, id=item.id)


def _build_attribute_entry(attribute: Attribute, owner: str, *, is_key: bool) -> ConfigEntry:
    facts = [attribute.type.replace("_", " ")]
    if is_key:
        facts.append("primary key")
    if attribute.required:
        facts.append("required")
    kind = f"field of {owner}" if owner else "field"
    note = ", ".join(filter(None, facts))
    return ConfigEntry(kind, attribute.label, attribute.short_id, note, attribute.id)


CONFIG: Command[Context] = Command(
    name="config",
    aliases=("configuration", "fields"),
    phrases={
        **dict.fromkeys(
            (
                "list fields",
                "show fields",
                "what fields are there",
                "which fields",
                "attributes",
                "list attributes",
                "settings of chakra",
                "show config",
                "show configuration",
            ),
            "",
        ),
        **dict.fromkeys(
            (
                "lead fields",
                "fields of a lead",
                "fields of leads",
                "what fields does a lead have",
                "which fields does a lead have",
            ),
            "field lead",
        ),
        **dict.fromkeys(
            ("list roles", "show roles", "which roles are there", "what roles exist"), "role"
        ),
        **dict.fromkeys(("list task types", "task types", "which tasks are there"), "task"),
        **dict.fromkeys(("list pods", "show pods"), "pod"),
    },
    summary="see what your team has defined: record types, fields, roles",
    usage="config [words]",
    example=EXAMPLE,
    details=("The names in code formatting are for queries and tables: score, city, lead_id.",),
    run=run,
    actions=(Action(PAGE, change_page), Action(REFRESH, refresh)),
)
