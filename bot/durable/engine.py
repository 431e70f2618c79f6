"""The durable engine: chains of short runs on DBOS, which survive the process.

A chain is a kind and a key, such as a watch and its ID; the key starts with the chain's workspace
(``bot.durable.keys``). Each run of a chain is one DBOS workflow on the one queue; its last act
enqueues the next run, with a delay and a small state. A waiting run belongs to no process, so any
replica picks it up when it is due. A run may execute more than once (after a crash, or on two
replicas for a moment): every effect must be guarded by a row of its own. ``README.md`` has the
decision.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import Any

import structlog
from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from bot.aio.clock import Clock, sleep
from bot.aio.periodic import run_periodically
from bot.aio.tasks import cancel_and_wait, run_in_loop
from bot.db.engine import Database
from bot.durable import keys
from bot.durable.database import GetUrl
from bot.durable.dbos_config import build_dbos_config, route_logging
from bot.durable.records import (
    ACTIVE_STATUSES,
    WORKFLOW_NAME,
    delete_finished_runs,
    list_active_runs,
    list_run_ids,
    list_set_back_run_ids,
    move_runs,
)
from bot.durable.replicas import ReplicaLease
from bot.durable.run_queue import PARTITION_CONCURRENCY, QUEUE, create_queue
from bot.durable.runs import Handler, Reschedule, RunState
from bot.errors import DatabaseUnavailable

POLL_SECONDS = 0.5
"""Seconds between polls of the queue for due runs; ``concurrency / POLL_SECONDS`` of a kind and
workspace run per second. README.md has what a poll costs.
"""
RESUME_INTERVAL_SECONDS = 5.0
"""Seconds between searches for runs whose process has died."""
REPAIR_INTERVAL_SECONDS = 10.0
"""Seconds between searches for rows without a chain. A key must be missing twice to be started."""
RETRY_INITIAL_SECONDS = 5.0
"""Delay after a failed run, doubled with each failure in a row up to ``RETRY_MAX_SECONDS``."""
RETRY_MAX_SECONDS = 300.0
STUCK_AFTER_MS = 30_000
"""Seconds after which a run of this process that it doesn't execute is resumed."""
MAX_DELAY_SECONDS = 1e9
FIRST_RUN_PRIORITY, LATER_RUN_PRIORITY = 1, 2
"""DBOS runs the lower number first: a new chain doesn't wait behind overdue ones."""
_FAILURES = "_failures"

Workflow = Callable[[str, str, int, dict[str, Any]], Coroutine[object, object, None]]


class Engine:
    """The engine of a process; DBOS allows one.

    Open the workspaces, then call ``launch``: a chain whose workspace is not open ends, and the
    repair starts it again once the workspace is. Methods raise ``DatabaseUnavailable`` if DBOS's
    tables can't be created.
    """

    def __init__(
        self, get_url: GetUrl, database: Database, clock: Clock, *, poll_seconds: float
    ) -> None:
        """``get_url`` returns that of DBOS's own database (``bot.durable.database``)."""
        self._get_url = get_url
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._lease = ReplicaLease(database, clock)
        self._partition_counts: dict[str, int] = {}
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._run_again: set[str] = set()
        self._missing: set[tuple[str, str]] = set()
        self._active: dict[tuple[str, str], set[str]] = {}
        self._stopping = False
        self._loops: set[asyncio.Task[None]] = set()
        self._launching = asyncio.Lock()
        self._workflow: Workflow | None = None
        self._log = structlog.get_logger("durable")

    @property
    def running_count(self) -> int:
        """How many runs this process executes right now."""
        return len(self._running)

    def count_active(self, kind: str, workspace: str) -> int:
        """Return how many chains of a workspace are alive on all replicas.

        Chains that other replicas start or end are counted from the next repair on.
        """
        return len(self._active.get((kind, workspace), ()))

    def register(self, handler: Handler, *, concurrency: int = PARTITION_CONCURRENCY) -> None:
        """Run a workspace's chains of one kind.

        ``concurrency`` is how many of them this process executes at the same time, a multiple of
        ``PARTITION_CONCURRENCY``. Each kind and workspace has its own slots. Raises
        ``ValueError`` for another number.
        """
        count, rest = divmod(concurrency, PARTITION_CONCURRENCY)
        if rest or count < 1:
            raise ValueError(
                f"concurrency={concurrency}: not a multiple of {PARTITION_CONCURRENCY}"
            )
        self._partition_counts[handler.kind] = count
        self._handlers[handler.kind, handler.workspace] = handler

    async def unregister(self, workspace: str) -> None:
        """Execute no more runs of a workspace, and cancel those in flight.

        Its chains end as they become due. The repair starts them again once the workspace is
        registered again, here or in the next process.
        """
        for registered in [key for key in self._handlers if key[1] == workspace]:
            del self._handlers[registered]
            self._active.pop(registered, None)
        running = [
            task
            for run_id, task in self._running.items()
            if keys.parse_workspace_of_run(run_id) == workspace
        ]
        await cancel_and_wait(running)

    async def launch(self) -> None:
        """Start DBOS and continue all chains of earlier processes, unless it is launched."""
        async with self._launching:
            if self._workflow is not None:
                return
            await self._lease.acquire()
            async with self._lease.migration_lock():
                await self._make_tables()
            self._workflow = self._start_dbos()
            for work, interval in (
                (self._resume_orphans, RESUME_INTERVAL_SECONDS),
                (self._repair_chains, REPAIR_INTERVAL_SECONDS),
            ):
                self._spawn(run_periodically("durable", work, interval, self._clock))

    async def start(self, kind: str, key: str, state: RunState | None = None) -> None:
        """Start the chain of ``key``, unless it is alive; ``state`` is for its first run.

        Once this returns, the chain survives the process. Raises ``KeyError`` without a handler.
        """
        registered = (kind, keys.parse_workspace(key))
        if registered not in self._handlers:
            raise KeyError(registered)
        await self.launch()
        if not await list_run_ids(ACTIVE_STATUSES, keys.run_prefix(kind, key)):
            await self._enqueue(kind, key, 0, Reschedule(0.0, state or {}))
            self._active.setdefault(registered, set()).add(key)

    async def run_now(self, kind: str, key: str) -> None:
        """Make the next run of a chain due immediately, whichever replica scheduled it.

        If a run is executing in this process, the next one follows it without delay.
        """
        await self.launch()
        prefix = keys.run_prefix(kind, key)
        self._run_again.update(run_id for run_id in self._running if run_id.startswith(prefix))
        await self._resume(await list_run_ids("DELAYED", prefix))

    async def purge(self, before: float) -> int:
        """Delete the records of runs that finished before ``before``, in seconds since 1970.

        Return how many. Nineteen runs a second leave 68,000 records an hour: call it often.
        """
        return await delete_finished_runs(before)

    def stop_executing(self) -> None:
        """Start no more runs; the next process executes them.

        Call this before the workspaces of a process that stops are closed: otherwise their chains
        would end and wait for the repair.
        """
        self._stopping = True
        logging.getLogger("dbos").setLevel(logging.ERROR)  # it warns of each cancelled run

    async def aclose(self) -> None:
        """Stop executing runs. Unfinished ones are continued by the next process."""
        self.stop_executing()
        await cancel_and_wait(self._loops)
        if self._workflow is not None:
            await cancel_and_wait(list(self._running.values()))
            # DBOS makes its threads the loop's and ends them with itself; host names are still
            # looked up in them afterwards.
            loop = asyncio.get_running_loop()
            loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
            await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
            self._workflow = None
        await self._lease.release()

    # --- starting DBOS ----------------------------------------------------------------------------

    async def _make_tables(self) -> None:
        """Migrate in a thread.

        Postgres creates an index concurrently only once every open transaction has ended, and ours
        end only while the loop runs.
        """
        url = self._get_url()
        try:
            await asyncio.to_thread(DBOS.migrate, url)
            await asyncio.to_thread(create_queue, url, self._poll_seconds)
        except Exception as error:  # of whichever driver
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise DatabaseUnavailable(f"The tables of the durable engine: {reason}") from error

    def _choose_partition(self, run_id: str) -> str:
        count = self._partition_counts.get(keys.parse_kind_of_run(run_id), 1)
        return keys.choose_partition_of_run(run_id, count)

    def _start_dbos(self) -> Workflow:
        """Launch DBOS in the running loop, which its workflows then share with everything else."""
        DBOS(config=build_dbos_config(self._get_url(), self._lease.name))
        route_logging()
        loop = asyncio.get_running_loop()  # DBOS uses its own loop while this one isn't running

        @DBOS.workflow(name=WORKFLOW_NAME)
        async def run(kind: str, key: str, number: int, state: dict[str, Any]) -> None:
            await run_in_loop(loop, self._execute(kind, key, number, state))

        DBOS.listen_queues([QUEUE])  # a replica of an earlier release may still use its own
        DBOS.launch()
        return run

    # --- executing runs ---------------------------------------------------------------------------

    async def _execute(self, kind: str, key: str, number: int, state: dict[str, Any]) -> None:
        if self._stopping:  # it stays pending, for the next process
            raise asyncio.CancelledError
        handler = self._handlers.get((kind, keys.parse_workspace(key)))
        if handler is None:
            return
        run_id = keys.run_id(kind, key, number)
        # In a fresh context: otherwise DBOS records the enqueue of the next run as a step of this
        # one, which is one more write.
        task = asyncio.create_task(
            self._run_once(run_id, handler, key, number, state), context=Context()
        )
        self._running[run_id] = task
        try:
            await task
        except asyncio.CancelledError:
            if not self._is_closed(handler):
                raise
        finally:
            self._running.pop(run_id, None)
            self._run_again.discard(run_id)

    def _is_closed(self, handler: Handler) -> bool:
        """Return whether the workspace was closed, but not the process: its run must end."""
        registered = self._handlers.get((handler.kind, handler.workspace))
        return not self._stopping and registered is not handler

    async def _run_once(
        self, run_id: str, handler: Handler, key: str, number: int, state: dict[str, Any]
    ) -> None:
        kind, failures = handler.kind, state.pop(_FAILURES, 0)
        try:
            following = await handler.run(keys.parse_own_key(key), state)
        except Exception as error:  # noqa: BLE001 - a failed run must not end its chain
            delay = min(RETRY_INITIAL_SECONDS * 2**failures, RETRY_MAX_SECONDS)
            self._log_failure(kind, error, delay)
            following = Reschedule(delay, {**state, _FAILURES: failures + 1})
        if following is None:
            self._active.get((kind, handler.workspace), set()).discard(key)
            return
        await self._enqueue_with_retry(kind, key, number + 1, following)
        if run_id in self._run_again:
            await self._resume([keys.run_id(kind, key, number + 1)])

    def _log_failure(self, kind: str, error: Exception, delay: float) -> None:
        if isinstance(error, DatabaseUnavailable):
            self._log.warning("database_unavailable", component=kind, reason=error.message)
        else:
            self._log.exception(
                "workflow_retry_scheduled", kind=kind, again_in=delay, exc_info=error
            )

    async def _enqueue_with_retry(
        self, kind: str, key: str, number: int, following: Reschedule
    ) -> None:
        """Enqueue the next run, however long DBOS's database is down.

        Without it the chain ends, and only the repair would start it again.
        """
        delay = RETRY_INITIAL_SECONDS
        while True:
            try:
                await self._enqueue(kind, key, number, following)
            except Exception as error:  # noqa: BLE001 - from any of the drivers
                self._log.warning("database_unavailable", component=kind, reason=str(error)[:200])
                await sleep(self._clock, delay)
                delay = min(2 * delay, RETRY_MAX_SECONDS)
            else:
                return

    async def _enqueue(self, kind: str, key: str, number: int, following: Reschedule) -> None:
        assert self._workflow is not None  # noqa: S101 - launched before anything is enqueued
        delay = self._clock.to_real_seconds(following.seconds) if following.seconds > 0 else 0.0
        run_id = keys.run_id(kind, key, number)
        options = SetEnqueueOptions(
            delay_seconds=min(delay, MAX_DELAY_SECONDS) or None,
            priority=LATER_RUN_PRIORITY if number else FIRST_RUN_PRIORITY,
            queue_partition_key=self._choose_partition(run_id),
        )
        with SetWorkflowID(run_id), options:
            await DBOS.enqueue_workflow_async(
                QUEUE, self._workflow, kind, key, number, dict(following.state)
            )
        if delay == math.inf:  # a manual clock: its own timer makes the run due
            self._clock.call_later(following.seconds, lambda: self._resume_later(run_id))

    def _resume_later(self, run_id: str) -> None:
        if self._workflow is not None and not self._stopping:
            self._spawn(self._resume([run_id]))

    # --- recovery ---------------------------------------------------------------------------------

    async def _resume_orphans(self) -> None:
        """Resume runs whose process is gone, that this process lost, or that wait too long."""
        pending = await DBOS.list_workflows_async(
            status="PENDING", name=WORKFLOW_NAME, load_input=False, load_output=False
        )
        await self._recover(await list_set_back_run_ids(time.time()), "a clock set back")
        stuck_before = time.time() * 1000 - STUCK_AFTER_MS
        stuck = [
            record.workflow_id
            for record in pending
            if record.executor_id == self._lease.name
            and record.workflow_id not in self._running
            and (record.updated_at or 0) < stuck_before
        ]
        await self._recover(stuck, self._lease.name)
        for executor in {record.executor_id for record in pending} - {self._lease.name, None}:
            async with self._lease.if_gone(str(executor)) as gone:
                if gone:
                    orphans = [r.workflow_id for r in pending if r.executor_id == executor]
                    await self._recover(orphans, str(executor))

    async def _recover(self, run_ids: Sequence[str], executor: str) -> None:
        if not run_ids:
            return
        await self._resume(run_ids)
        self._log.warning("workflows_recovered", count=len(run_ids), **{"from": executor})

    async def _repair_chains(self) -> None:
        """Start missing chains: a row and its chain are two transactions.

        A key must be missing in two searches, since its start may be under way during the first.
        One replica repairs at a time, so no chain is started twice.
        """
        runs = await list_active_runs()
        # Earlier releases, and replicas of them that still run, have a queue for each kind.
        if any(run.queue_name != QUEUE or not run.queue_partition_key for run in runs):
            await asyncio.to_thread(move_runs, self._get_url(), QUEUE, self._choose_partition)
        alive = {run.workflow_id.rpartition(":")[0] for run in runs}
        missing: set[tuple[str, str]] = set()
        for registered, handler in list(self._handlers.items()):
            own_keys = await handler.list_active_keys()
            active = {keys.build_full_key(handler.workspace, key) for key in own_keys}
            if self._handlers.get(registered) is not handler:
                continue  # its workspace was closed during the query
            self._active[registered] = active
            missing |= {
                (handler.kind, key) for key in active if f"{handler.kind}:{key}" not in alive
            }
        if again := missing & self._missing:
            async with self._lease.repair_lock() as acquired:
                for kind, key in sorted(again) if acquired else ():
                    if not await list_run_ids(ACTIVE_STATUSES, keys.run_prefix(kind, key)):
                        await self._enqueue(kind, key, int(self._clock.time()), Reschedule(0.0))
        self._missing = missing

    async def _resume(self, run_ids: Sequence[str]) -> None:
        """Put runs into the queue, each into its own partition.

        Without the queue's name DBOS would use its internal queue, which ignores ``concurrency``.
        """
        if run_ids:
            await DBOS.resume_workflows_async(list(run_ids), queue_name=QUEUE)

    def _spawn(self, loop: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(loop, context=Context())
        self._loops.add(task)
        task.add_done_callback(self._loops.discard)
