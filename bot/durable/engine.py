"""Promises that outlive the process: DBOS behind one verb.

A promise is a kind and a key. Once ``promise`` returns it stands in the engine's database, and the
function of its kind runs until it returns: after a crash, a deploy or a fault it is called again
with the same key, by this process or by another replica. So it may run more than once, and every
effect that it has stands behind a row of its own. Nothing of a promise but kind and key is kept
here: what a kind knows stands in our own tables.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Mapping,
    Sequence,
)
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import Context
from datetime import UTC, datetime

import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID

from bot.aio.clock import Clock, sleep
from bot.aio.tasks import cancel_and_wait
from bot.durable.executors import Slot
from bot.errors import DatabaseUnavailable

Workflow = Callable[[str, str], Coroutine[object, object, None]]
Keep = Callable[[str], Awaitable[None]]
"""Keeps the promise of this key; what it raises is logged, and it is called again."""

WORKFLOW = "keep"
VERSION = "1"
"""Of what is stored. By default DBOS takes a hash of the source, and every deploy would strand what
an earlier one has promised."""
RECOVERIES = 1_000_000
"""DBOS gives a workflow up that was recovered too often; a promise is kept however often we
restart."""
AGAIN_SECONDS = 5.0
"""Between a fault and the next try, doubled each time up to ``MAX_POLL_INTERVAL_SECONDS``."""
LONGEST_SECONDS = 300.0
TOLD_AGAIN_SECONDS = 30.0
"""Between two lines of the log that the database is away: it is so for every promise at once."""
CONNECTIONS = 5
THREADS = 8
"""Of the engine's, and of whoever asks the loop for one. It has as many as there are promises by
default, and a thousand that are gone on with together would take the loop's time."""
WAITING = ["PENDING", "ENQUEUED"]
SWEPT = 500
"""Kept promises forgotten in one go."""


class Engine:
    """One a process: DBOS itself is one. ``url`` is of its own database, ``kinds`` say how the
    promises of each kind are kept, ``slot`` tells replicas apart.

    It starts with ``launch``, or by itself with the first promise: a database that is gone with the
    process holds none to go on with.
    """

    def __init__(self, url: str, kinds: Mapping[str, Keep], slot: Slot, clock: Clock) -> None:
        self._url = url
        self._kinds = kinds
        self._slot = slot
        self._clock = clock
        self._closing = False
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._unkept: frozenset[str] = frozenset()
        self._told_at = -TOLD_AGAIN_SECONDS
        self._workflow: Workflow | None = None
        self._launching = asyncio.Lock()
        self.launched = asyncio.Event()
        self._log = structlog.get_logger("work")

    @property
    def running(self) -> int:
        """How many promises this process keeps right now."""
        return len(self._keeping)

    async def launch(self) -> None:
        """Goes on with all that was promised before. Raises ``DatabaseUnavailable``."""
        async with self._launching:
            if self._workflow is None:
                await self._slot.take()
                async with self._slot.alone_to_migrate():
                    await self._make_tables()
                    self._workflow = self._set_up()
                self.launched.set()

    async def promise(self, kind: str, key: str) -> None:
        """Promised twice, it is kept once. Raises ``DatabaseUnavailable`` and ``KeyError``."""
        if kind not in self._kinds:
            raise KeyError(kind)
        await self.launch()
        assert self._workflow is not None  # noqa: S101 - launched above
        await self._slot.ours()
        with SetWorkflowID(_id(kind, key)):
            await DBOS.start_workflow_async(self._workflow, kind, key)

    async def promised(self, kind: str) -> frozenset[str]:
        """The keys of all promises of that kind that wait to be kept, whoever keeps them."""
        left = await DBOS.list_workflows_async(
            status=WAITING,
            name=WORKFLOW,
            workflow_id_prefix=_id(kind, ""),
            load_input=False,
            load_output=False,
        )
        return frozenset(one.workflow_id.removeprefix(_id(kind, "")) for one in left)

    async def promised_by_others(self) -> frozenset[str]:
        """The names of other replicas that have promises to keep, alive or not."""
        if self._workflow is None:
            return frozenset()
        left = await DBOS.list_workflows_async(
            status="PENDING", name=WORKFLOW, load_input=False, load_output=False
        )
        return frozenset(one.executor_id for one in left if one.executor_id) - {self._slot.executor}

    async def take_over(self, executor: str) -> int:
        """Goes on with what another replica, which is gone, has promised. Returns how many."""
        if self._workflow is None:
            return 0
        left = await self._pending(executor)
        gone = [one for one in left if one not in self._keeping]
        if gone:
            await DBOS.resume_workflows_async(gone)
            self._log.warning("taken_over", of=executor, promises=len(gone))
        return len(gone)

    async def look_after(self) -> int:
        """Goes on with promises of this replica's that were not kept now nor when it was last
        looked: the engine stumbled over them. Returns how many."""
        if self._workflow is None:
            return 0
        left = frozenset(await self._pending(self._slot.executor)) - self._keeping.keys()
        stuck, self._unkept = left & self._unkept, left
        if stuck:
            await DBOS.resume_workflows_async(sorted(stuck))
            self._log.warning("taken_up_again", promises=len(stuck))
        return len(stuck)

    async def let_go(self) -> None:
        """Stops keeping promises, which stay promised: this replica is not sure of its slot."""
        await cancel_and_wait(list(self._keeping.values()))

    async def forget(self, kept_by: float) -> int:
        """Drops the records of promises kept before that moment. Returns how many."""
        if self._workflow is None:
            return 0
        done = await DBOS.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=_iso(kept_by),
            limit=SWEPT,
            load_input=False,
            load_output=False,
        )
        await DBOS.delete_workflows_async([one.workflow_id for one in done])
        return len(done)

    async def aclose(self) -> None:
        """What is not kept yet stays promised, for the next process."""
        if self._workflow is None:
            return
        self._closing = True
        logging.getLogger("dbos").setLevel(logging.ERROR)  # it warns of each task that stops here
        await self.let_go()
        _with_threads_of_its_own(asyncio.get_running_loop())
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        self._workflow = None
        await self._slot.leave()

    async def _make_tables(self) -> None:
        """In a thread: Postgres makes an index beside others' work only once each transaction that
        is open has ended, and ours end only while the loop goes on."""
        try:
            await asyncio.to_thread(DBOS.migrate, self._url)
        except Exception as odd:  # of whichever driver
            reason = next(iter(str(odd).splitlines()), type(odd).__name__)
            raise DatabaseUnavailable(f"The tables of the work engine: {reason}") from odd

    def _set_up(self) -> Workflow:
        """In the running loop, which the workflows then share with everything else."""
        DBOS(config=_config(self._url, self._slot.executor))
        _quieten()

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=RECOVERIES)
        async def keep(kind: str, key: str) -> None:
            await DBOS.run_step_async({"name": kind}, self._keep, kind, key)

        DBOS.launch()
        return keep

    async def _keep(self, kind: str, key: str) -> None:
        """The one step of a workflow: it is begun again from its beginning wherever it broke."""
        if self._closing:
            raise asyncio.CancelledError
        name = _id(kind, key)
        # In a context of its own: to DBOS a promise made in here would be a step within a step.
        task = asyncio.create_task(self._until_kept(kind, key), context=Context())
        self._keeping[name] = task
        try:
            await task
        finally:
            self._keeping.pop(name, None)

    async def _until_kept(self, kind: str, key: str) -> None:
        wait = AGAIN_SECONDS
        while True:
            try:
                await self._kind(kind)(key)
            except DatabaseUnavailable as away:
                self._say_away(away)
                await sleep(self._clock, AGAIN_SECONDS)
            except Exception:  # a promise is not over because of a fault
                if self._closing:  # nor is it tried again by a process that ends
                    raise
                self._log.exception("promise_waits", kind=kind, again_in=wait)
                await sleep(self._clock, wait)
                wait = min(2 * wait, LONGEST_SECONDS)
            else:
                return

    def _say_away(self, away: DatabaseUnavailable) -> None:
        now = self._clock.monotonic()
        if now - self._told_at >= TOLD_AGAIN_SECONDS:
            self._told_at = now
            self._log.warning("promises_wait", reason=away.message)

    def _kind(self, kind: str) -> Keep:
        """A later version may have promised what this one cannot keep: then it waits for that."""
        return self._kinds[kind]

    async def _pending(self, executor: str) -> Sequence[str]:
        left = await DBOS.list_workflows_async(
            status="PENDING",
            executor_id=executor,
            name=WORKFLOW,
            load_input=False,
            load_output=False,
        )
        return [one.workflow_id for one in left]


@asynccontextmanager
async def open_engine(
    url: str, kinds: Mapping[str, Keep], slot: Slot, clock: Clock
) -> AsyncIterator[Engine]:
    engine = Engine(url, kinds, slot, clock)
    try:
        yield engine
    finally:
        await engine.aclose()


def _config(url: str, executor: str) -> DBOSConfig:
    return {
        "name": "chakra-bot",
        "system_database_url": url,
        "run_migrations": False,  # it would block the loop; see Engine._make_tables
        "sys_db_pool_size": CONNECTIONS,
        "max_executor_threads": THREADS,
        "application_version": VERSION,
        "executor_id": executor,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
    }


def _quieten() -> None:
    """DBOS writes lines of its own form; ours go through the one pipeline of ``bot.logs``."""
    logger = logging.getLogger("dbos")
    logger.handlers.clear()
    logger.propagate = True


def _with_threads_of_its_own(loop: asyncio.AbstractEventLoop) -> None:
    """DBOS makes its threads those of the loop, and ends them with itself; names are still looked
    up in them afterwards."""
    loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))


def _id(kind: str, key: str) -> str:
    return f"{kind}:{key}"


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
