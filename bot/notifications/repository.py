"""Stored rules: which events each channel receives, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.claims import lock_name
from bot.db.customer_tables import notification_rules
from bot.db.engine import Database
from bot.db.rows import read_row
from bot.errors import UsageError
from bot.notifications.rule import Rule, RuleSpec

MAX_RULES_PER_CHANNEL = 20


class RuleRepository:
    """Each method is one transaction and raises ``DatabaseUnavailable``."""

    def __init__(self, database: Database, workspace: str = "") -> None:
        self._database = database
        self._workspace = workspace

    async def add(self, channel: str, member: str, spec: RuleSpec, now: float) -> Rule:
        """Add a rule below the others, but above the catch-all; return it, or an identical one.

        Raise ``UsageError`` if the channel has `MAX_RULES_PER_CHANNEL`, or another catch-all.
        """
        async with self._database.begin() as connection:
            rules = await self._lock_channel(connection, channel)
            if same := next((rule for rule in rules if rule.spec == spec), None):
                return same
            require_space(rules, spec)
            row = {
                "workspace": self._workspace,
                "channel": channel,
                "position": len(rules) + 1,
                "member": member,
                "spec": spec.model_dump_json(),
                "created_at": now,
                "changed_at": now,
            }
            inserted = await connection.execute(
                insert(notification_rules).values(**row).returning(notification_rules)
            )
            rule = _rule_from_row(inserted.one())
            ordered = await self._renumber(connection, [*rules, rule])
            return next(item for item in ordered if item.id == rule.id)

    async def get(self, rule_id: int) -> Rule | None:
        async with self._database.begin() as connection:
            found = await self._fetch(connection, notification_rules.c.id == rule_id)
        return found[0] if found else None

    async def list_channel(self, channel: str) -> list[Rule]:
        """Return a channel's rules in the order in which they are tried."""
        async with self._database.begin() as connection:
            return await self._fetch(connection, notification_rules.c.channel == channel)

    async def list_all(self) -> list[Rule]:
        """Return the rules of all channels, each channel's in order."""
        async with self._database.begin() as connection:
            return await self._fetch(connection, notification_rules.c.workspace == self._workspace)

    async def change(self, rule_id: int, spec: RuleSpec, now: float) -> Rule | None:
        """Replace a rule's content; return it, or None if it was removed."""
        return await self._change(rule_id, now, spec=spec.model_dump_json(), problem="")

    async def set_problem(self, rule_id: int, problem: str, now: float) -> Rule | None:
        """Record Slack's code if a rule's messages can't be posted, "" once they can."""
        return await self._change(rule_id, None, problem=problem, problem_at=now)

    async def move(self, rule_id: int, steps: int) -> bool:
        """Move a rule up (negative) or down. Return False if it was removed or can't move."""
        rule = await self.get(rule_id)
        if rule is None:
            return False
        async with self._database.begin() as connection:
            rules = await self._lock_channel(connection, rule.channel)
            before = [item.id for item in rules]
            if rule_id not in before:
                return False
            position = before.index(rule_id)
            moved = rules.pop(position)
            rules.insert(max(0, position + steps), moved)
            after = await self._renumber(connection, rules)
            return [item.id for item in after] != before

    async def remove(self, rule_id: int) -> Rule | None:
        """Remove a rule; return it, or None if it was already removed."""
        rule = await self.get(rule_id)
        if rule is None:
            return None
        async with self._database.begin() as connection:
            rules = await self._lock_channel(connection, rule.channel)
            removed = await connection.execute(
                delete(notification_rules).where(self._has_id(rule_id))
            )
            await self._renumber(connection, [item for item in rules if item.id != rule_id])
            return rule if removed.rowcount else None

    async def _change(self, rule_id: int, changed_at: float | None, **values: Any) -> Rule | None:
        if changed_at is not None:
            values["changed_at"] = changed_at
        async with self._database.begin() as connection:
            await connection.execute(
                update(notification_rules).where(self._has_id(rule_id)).values(**values)
            )
            found = await self._fetch(connection, notification_rules.c.id == rule_id)
            if not found or "spec" not in values:
                return found[0] if found else None
            rules = await self._lock_channel(connection, found[0].channel)
            ordered = await self._renumber(connection, rules)
            return next((item for item in ordered if item.id == rule_id), None)

    async def _lock_channel(self, connection: AsyncConnection, channel: str) -> list[Rule]:
        """Return a channel's rules, locked until the transaction ends."""
        await lock_name(self._database, connection, f"rules:{self._workspace}:{channel}")
        return await self._fetch(connection, notification_rules.c.channel == channel)

    async def _renumber(self, connection: AsyncConnection, rules: Sequence[Rule]) -> list[Rule]:
        """Store the positions 1, 2, … of rules in this order; the catch-all comes last."""
        for position, rule in enumerate(sorted(rules, key=_is_catch_all), 1):
            if rule.position != position:
                await connection.execute(
                    update(notification_rules)
                    .where(notification_rules.c.id == rule.id)
                    .values(position=position)
                )
        channel = rules[0].channel if rules else ""
        return await self._fetch(connection, notification_rules.c.channel == channel)

    async def _fetch(
        self, connection: AsyncConnection, condition: ColumnElement[bool]
    ) -> list[Rule]:
        chosen = (
            select(notification_rules)
            .where(notification_rules.c.workspace == self._workspace, condition)
            .order_by(
                notification_rules.c.channel,
                notification_rules.c.position,
                notification_rules.c.id,
            )
        )
        return [_rule_from_row(row) for row in await connection.execute(chosen)]

    def _has_id(self, rule_id: int) -> ColumnElement[bool]:
        return and_(
            notification_rules.c.workspace == self._workspace, notification_rules.c.id == rule_id
        )


def require_space(rules: Sequence[Rule], spec: RuleSpec) -> None:
    """Raise ``UsageError`` if a channel with these rules can't have another one like this."""
    if len(rules) >= MAX_RULES_PER_CHANNEL:
        raise UsageError(f"This channel has {MAX_RULES_PER_CHANNEL} rules. Remove one first.")
    catch_all = next((rule for rule in rules if rule.spec.is_catch_all), None)
    if spec.is_catch_all and catch_all is not None:
        raise UsageError(
            f"Rule {catch_all.position} already takes everything else. Change that one instead."
        )


def _is_catch_all(rule: Rule) -> bool:
    return rule.spec.is_catch_all


def _rule_from_row(row: Row[Any]) -> Rule:
    return read_row(Rule, row, spec=RuleSpec.model_validate_json(row.spec))
