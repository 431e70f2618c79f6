"""Choose the columns of an export from the team's configuration."""

from __future__ import annotations

from typing import Final

from bot.chakra.config import Config
from bot.chakra.models import NamedResource, is_uuid
from bot.exports.rows import Layout
from bot.processes.search import RecordType

KEY_LABEL: Final = "Key"
MAX_NAMES: Final = 5_000


def build_layout(record_type: RecordType, config: Config) -> Layout:
    """Return the columns of a record type: its key, and its fields in order."""
    fields = {known.name: known.label for known in record_type.attributes}
    key_label = fields.pop(record_type.key_field, KEY_LABEL)
    return Layout(record_type.key_field, key_label, tuple(fields.items()), list_names(config))


def list_names(config: Config) -> dict[str, str]:
    """Return the labels of the configuration's UUIDs, which occur as values."""
    groups: tuple[tuple[NamedResource, ...], ...] = (
        config.roles,
        config.procedures,
        config.pods,
        config.task_types,
        config.state_tasks,
        config.entities,
        (config.team,) if config.team else (),
    )
    named = [item for group in groups for item in group if is_uuid(item.id)]
    return {item.id: item.label for item in named[:MAX_NAMES] if item.label != item.id}
