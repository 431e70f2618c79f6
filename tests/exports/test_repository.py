"""Stored exports, on both databases: what two processes, and two presses, do at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.db.engine import Database
from bot.exports.export import Chunk, Export, ExportProgress, ExportQuery, ExportState, NewExport
from bot.exports.paging import Ending, Position
from bot.exports.repository import Exports
from bot.exports.rows import Layout
from bot.exports.seen_records import SeenRecords, digest_id
from tests.people import JOHN, MEI

KEY = b"secret"
LAYOUT = Layout("lead_id", "Lead ID", (("city", "City"),), {"id": "Pod"})


def build_export(city: str = "Pune", member: str = JOHN) -> NewExport:
    query = ExportQuery({"city": [city]}, f"City {city}", "Leads", "Lead", LAYOUT, "Asia/Kolkata")
    return NewExport(member, "lead", query)


async def create(exports: Exports, new: NewExport) -> Export:
    export, is_new = await exports.create(new, 100.0, 2)
    assert export is not None
    assert is_new
    return export


def build_chunk(*ids: str) -> Chunk:
    return Chunk(tuple(f"{known},x" for known in ids), 2, tuple(map(digest_id, ids)))


async def test_same_query_is_one_export_while_it_is_active(database: Database) -> None:
    exports = Exports(database, KEY, "T1")
    pairs = await asyncio.gather(*(exports.create(build_export(), 1.0, 2) for _ in range(5)))
    assert len({export.id for export, _ in pairs if export}) == 1
    assert sum(is_new for _, is_new in pairs) == 1
    await create(exports, build_export("Delhi"))
    assert await exports.create(build_export("Goa"), 1.0, 2) == (None, False)
    await create(exports, build_export("Goa", MEI))
    first = pairs[0][0]
    assert first is not None
    assert first.query == build_export().query
    await exports.finish(first, ExportState.DONE, 2.0)
    assert (await create(exports, build_export())).id != first.id


async def test_page_is_recorded_once(database: Database) -> None:
    exports = Exports(database, KEY, "T1")
    export = await create(exports, build_export())
    progress = ExportProgress(
        Position(skip=1, last_page=("a", "b"), has_changed=True), ("extra",), 3, 4
    )
    recorded = await asyncio.gather(
        *(exports.record_page(export, progress, build_chunk("a", "b")) for _ in range(3))
    )
    assert sorted(recorded) == [False, False, True]
    now = await exports.get(export.id)
    assert now is not None
    assert (now.progress, now.row_count, now.chunk_count) == (progress, 2, 1)
    seen = await exports.load_seen(export.id)
    assert [digest_id(known) in seen for known in ("a", "b", "c")] == [True, True, False]
    loaded = await exports.load_chunk(export.id, 0)
    assert loaded == replace(build_chunk("a", "b"), digests=())
    assert await exports.load_chunk(export.id, 1) is None


async def test_cancelled_export_takes_no_page_and_no_file(database: Database) -> None:
    exports = Exports(database, KEY, "T1")
    export = await create(exports, build_export())
    assert await exports.cancel(export.id, MEI, 2.0) is None
    cancelled = await exports.cancel(export.id, JOHN, 2.0)
    assert cancelled is not None
    assert cancelled.state is ExportState.CANCELLED
    assert not await exports.record_page(export, ExportProgress(), build_chunk("a"))
    assert not await exports.claim_sharing(export, "F1", 3.0)
    assert not await exports.finish(export, ExportState.DONE, 3.0)
    assert await exports.list_active() == []


async def test_file_is_claimed_once(database: Database) -> None:
    exports = Exports(database, KEY, "T1")
    export = await create(exports, build_export())
    await exports.record_page(
        export, ExportProgress(Position(ending=Ending.COMPLETE)), build_chunk("a")
    )
    claims = await asyncio.gather(
        *(exports.claim_sharing(export, f"F{number}", 3.0) for number in range(3))
    )
    assert sorted(claims) == [False, False, True]
    still = await exports.cancel(export.id, JOHN, 4.0)
    assert still is not None
    assert still.state is ExportState.SHARING


async def test_failed_export_continues_where_it_stopped(database: Database) -> None:
    exports = Exports(database, KEY, "T1")
    export = await create(exports, build_export())
    progress = ExportProgress(Position(skip=1, last_page=("a",)))
    await exports.record_page(export, progress, build_chunk("a"))
    await exports.finish(export, ExportState.FAILED, 2.0, problem="403")
    again = await exports.resume(export.id, JOHN)
    assert again is not None
    assert (again.state, again.attempt, again.row_count) == (ExportState.READING, 2, 1)
    assert await exports.list_active() == [(export.id, 2)]
    assert not await exports.record_page(export, progress, build_chunk("b")), (
        "the first attempt is over"
    )


async def test_failed_export_whose_lines_are_gone_begins_again(database: Database) -> None:
    exports = Exports(database, KEY, "T1")
    export = await create(exports, build_export())
    await exports.record_page(export, ExportProgress(Position(skip=1)), build_chunk("a"))
    await exports.finish(export, ExportState.FAILED, 2.0)
    await exports.purge(chunks_cutoff=3.0, cutoff=1.0)
    again = await exports.resume(export.id, JOHN)
    assert again is not None
    assert (again.row_count, again.chunk_count, again.progress) == (0, 0, ExportProgress())


async def test_failed_export_waits_for_the_same_query(database: Database) -> None:
    exports = Exports(database, KEY, "T1")
    export = await create(exports, build_export())
    await exports.finish(export, ExportState.FAILED, 2.0)
    await create(exports, build_export())
    again = await exports.resume(export.id, JOHN)
    assert again is not None
    assert again.state is ExportState.FAILED


async def test_purge_leaves_what_is_active_or_can_be_continued(database: Database) -> None:
    exports = Exports(database, KEY, "T1")
    other = Exports(database, KEY, "T2")
    active, failed = (
        await create(exports, build_export()),
        await create(exports, build_export("Goa")),
    )
    theirs = await create(other, build_export())
    for owner, export in ((exports, active), (exports, failed), (other, theirs)):
        await owner.record_page(export, ExportProgress(), build_chunk("a"))
    await exports.finish(failed, ExportState.FAILED, 50.0)
    await other.finish(theirs, ExportState.DONE, 50.0)
    await exports.purge(chunks_cutoff=40.0, cutoff=10.0)
    for owner, export in ((exports, active), (exports, failed), (other, theirs)):
        assert await owner.load_chunk(export.id, 0)
    await exports.purge(chunks_cutoff=60.0, cutoff=60.0)
    assert await exports.get(failed.id) is None
    assert await exports.load_chunk(failed.id, 0) is None
    assert await exports.load_chunk(active.id, 0)
    assert await other.get(theirs.id)


async def test_with_another_key_nothing_can_be_read(database: Database) -> None:
    export = await create(Exports(database, KEY, "T1"), build_export())
    found = await Exports(database, b"other", "T1").get(export.id)
    assert found is not None
    assert found.query is None


async def test_loop_runs_while_the_records_of_a_large_export_are_loaded(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of a million took a tenth of a second without a break."""
    exports = Exports(sqlite, KEY, "T1")
    export = await create(exports, build_export())
    for number in range(60):
        await exports.record_page(export, ExportProgress(), build_chunk(f"{number}a", f"{number}b"))
        export = replace(export, page_count=number + 1, chunk_count=number + 1)
    added: list[bytes] = []
    monkeypatch.setattr(SeenRecords, "add", lambda _, digest: added.append(digest))
    loading = asyncio.create_task(exports.load_seen(export.id))
    counts = [0]
    while not loading.done():
        await asyncio.sleep(0)
        counts.append(len(added))
    assert counts[-1] == 120
    assert max(after - before for before, after in pairwise(counts)) < 100
