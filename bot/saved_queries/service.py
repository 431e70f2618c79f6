"""What commands can do with saved queries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.aio.clock import Clock
from bot.aio.wake_event import WakeEvent
from bot.db.engine import Database
from bot.errors import NotFound
from bot.outbox.outbox import Outbox, PostStatus
from bot.saved_queries.repository import SavedQueryRepository
from bot.saved_queries.saved_query import SavedQuery, fold_name
from bot.saved_queries.schedule import Schedule, find_next
from bot.sealing import Sealer
from bot.slack.channels import Destination
from bot.text.similarity import find_similar

SEALING_PURPOSE = "saved queries"
MAX_NAMED = 8
MIN_SIMILARITY = 60.0
REMOVED_HINT = (
    "It was deleted, or you can no longer see it. `/chakra process saved` lists those that you "
    "can run."
)


GetStatuses = Callable[[Collection[str]], Awaitable[Mapping[str, PostStatus]]]


@dataclass(frozen=True, slots=True)
class SavedQueries:
    """The stored queries. Methods raise ``DatabaseUnavailable``.

    ``changed`` wakes the process that posts them.
    """

    repository: SavedQueryRepository
    clock: Clock
    changed: WakeEvent = field(repr=False)
    get_statuses: GetStatuses = field(repr=False)
    workspace: str = ""

    async def get(self, query_id: int, member: str, channel: str = "") -> SavedQuery:
        """Return a query that the member may see, including through its posts in ``channel``.

        Raise ``NotFound``.
        """
        query = await self.repository.get(query_id)
        if query is None or not (
            query.is_visible_to(member) or (channel and query.channel == channel)
        ):
            raise NotFound("saved query", "", hint=REMOVED_HINT)
        return query

    async def list_visible(self, member: str, channel: str) -> list[SavedQuery]:
        """Return the queries that the member may run, and those posted to ``channel``, by name.

        If Slack refused the latest post, its code is the problem.
        """
        queries = await self.repository.list_visible(member, channel)
        keys = [query.last_post_key for query in queries if query.last_post_key]
        statuses = await self.get_statuses(keys) if keys else {}
        return [
            replace(query, problem=status.error_code)
            if (status := statuses.get(query.last_post_key))
            and status.error_code
            and not query.problem
            else query
            for query in queries
        ]

    async def find(self, name: str, member: str) -> SavedQuery | None:
        """Return the query with a name, if the member may see it."""
        query = await self.repository.find(name)
        return query if query and query.is_visible_to(member) else None

    async def find_first(self, words: Sequence[str], member: str) -> tuple[SavedQuery | None, int]:
        """Return the query whose name is the longest run of the first words, and its length."""
        found, _, length = await self.find_within(words, member, last_start=0)
        return found, length

    async def find_within(
        self, words: Sequence[str], member: str, last_start: int
    ) -> tuple[SavedQuery | None, int, int]:
        """Return the query named by a run of the words, the earliest and longest, and its position.

        It begins at one of the words up to ``last_start``.
        """
        queries = await self.repository.list_visible(member)
        by_name = {fold_name(query.label): query for query in queries}
        for start in range(min(last_start + 1, len(words))):
            for length in range(len(words) - start, 0, -1):
                if found := by_name.get(fold_name(" ".join(words[start : start + length]))):
                    return found, start, length
        return None, 0, 0

    async def build_not_found(self, name: str, member: str) -> NotFound:
        """Return the error for an unknown name; it suggests the nearest ones."""
        labels = [query.label for query in await self.repository.list_visible(member)]
        similar = find_similar(name, labels, min_score=MIN_SIMILARITY, limit=MAX_NAMED)
        near = [found.word for found in similar] or labels[:MAX_NAMED]
        hint = f"There are: {', '.join(near)}." if near else "None is saved yet."
        return NotFound("saved query", name, hint=hint)

    async def schedule(
        self, query: SavedQuery, schedule: Schedule, destination: Destination, scheduler: str
    ) -> SavedQuery:
        """Post a query from its next time on. Raise ``NotFound`` if it was deleted."""
        scheduled = await self.repository.schedule(
            query.id,
            schedule,
            channel=destination.channel,
            scheduler=scheduler,
            due_at=find_next(schedule, self.clock.time()),
            allows_outsiders=destination.has_outsiders,
        )
        if scheduled is None:
            raise NotFound("saved query", query.label, hint=REMOVED_HINT)
        self.changed.set()
        return scheduled


def open_saved_queries(
    database: Database, clock: Clock, outbox: Outbox, key: bytes, workspace: str
) -> SavedQueries:
    """Return the saved queries of a workspace; their encryption key derives from ``key``."""
    repository = SavedQueryRepository(database, Sealer(key, SEALING_PURPOSE), workspace)
    return SavedQueries(repository, clock, WakeEvent(clock), outbox.get_statuses, workspace)
