"""Stories of ``/chakra bulk``: a table chosen, looked at, confirmed, up in pieces, and watched."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter

from bot.bulk.upload import BatchState, UploadStage
from bot.sandbox.chakra.faults import ResetAfterHandling, StatusResponse
from bot.sandbox.slack import LocalFile, VisibleMessage, collect_text
from tests.clock import ManualClock
from tests.commands.watch_scenarios import (
    advance_until,
    join_text,
    list_app_messages,
    list_messages,
    wait_until,
)
from tests.people import JOHN, MEI, SALES
from tests.world import World

GENERAL, JOHNS_MESSAGES = "C0GENERAL", "D0JOHN"
CREATE = "POST /v1/ext/procedure/{procedureShortId}/process/bulk-create"
UPDATE = "PATCH /v1/ext/procedure/{procedureShortId}/process"
EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADER = "Lead Id,First Name,Phone Number\n"


def build_csv(rows: int, start: int = 1) -> str:
    lines = (f"EXPO-{n},Asha{n},+91 98765 {n:05}\n" for n in range(start, start + rows))
    return HEADER + "".join(lines)


def create_csv(text: str, name: str = "leads.csv") -> LocalFile:
    return LocalFile(name, "text/csv", text.encode())


def create_workbook(*header: str, rows: Sequence[Sequence[object]]) -> LocalFile:
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Leads")
    for number, row in enumerate([header, *rows]):
        sheet.write_row(number, 0, row)
    book.close()
    return LocalFile("leads.xlsx", EXCEL_TYPE, buffer.getvalue())


async def open_form(acme: World, line: str = "bulk create lead", channel: str = SALES) -> str:
    await acme.type(f"/chakra {line}", channel=channel)
    view = acme.slack.find_view(JOHN)
    assert view is not None
    return collect_text(view)


async def submit_file(acme: World, file: LocalFile, **values: Any) -> str:
    """What the form shows once a file was handed in."""
    await acme.slack.submit(JOHN, {"file": file, **values})
    await wait_until(acme, lambda: "One moment" not in read_form(acme))
    return read_form(acme)


async def confirm_upload(acme: World, **values: Any) -> None:
    await acme.slack.submit(JOHN, values)
    await wait_until(
        acme, lambda: acme.slack.find_view(JOHN) is None or "One moment" not in read_form(acme)
    )


async def wait_for_outcome(
    acme: World, clock: ManualClock, channel: str = JOHNS_MESSAGES, *, step: float = 1.0
) -> list[VisibleMessage]:
    """Let time pass until the app has reported the end; return its messages there."""

    def has_finished() -> bool:
        return "has finished" in join_text(list_app_messages(acme, JOHN, channel))

    await advance_until(acme, clock, has_finished, step=step)
    return list_app_messages(acme, JOHN, channel)


def read_form(acme: World) -> str:
    view = acme.slack.find_view(JOHN)
    return collect_text(view) if view else ""


@pytest.fixture(autouse=True)
async def _assert_no_slack_rejections(acme: World) -> Any:
    yield
    assert acme.slack.rejections == []


# --- the way to the outcome ----------------------------------------------------------------------


async def test_a_table_becomes_leads_and_the_outcome_is_posted(
    acme: World, clock: ManualClock
) -> None:
    assert "You'll see a preview before anything is sent." in await open_form(acme)
    plan = await submit_file(acme, create_csv(build_csv(30)))
    for part in ("leads.csv", "30 rows", "Lead Id → `lead_id`", "Phone Number → `phone_number`"):
        assert part in plan
    assert "Send 30 rows" in plan
    assert "Column mapping, with your first row as an example" in plan.replace("*", "")
    await confirm_upload(acme)
    started = "Upload started: 30 rows. We'll send you a direct message when it finishes."
    await wait_until(acme, lambda: started in join_text(list_messages(acme, JOHN, SALES)))
    [outcome] = await wait_for_outcome(acme, clock)
    assert "New leads from leads.csv has finished. 30 of 30 succeeded." in collect_text(
        outcome
    ).replace("*", "")
    assert list_app_messages(acme, JOHN, SALES) == []
    assert acme.chakra.count(CREATE) == 1
    [asked] = [request for request in acme.chakra.requests if request.path.endswith("bulk-create")]
    assert asked.json[0] == {
        "lead_id": "EXPO-1",
        "data": {"firstname": "Asha1", "phone_number": "919876500001"},
    }


async def test_leads_are_updated_by_key(acme: World, clock: ManualClock) -> None:
    await open_form(acme, "bulk update lead")
    plan = await submit_file(acme, create_csv("lead_id,city\nLEAD-004038,Pune\n"))
    assert "(identifies the record)" in plan
    await confirm_upload(acme)
    await wait_until(acme, lambda: acme.chakra.count(UPDATE) == 1)
    [asked] = [request for request in acme.chakra.requests if request.method == "PATCH"]
    assert asked.json == {
        "processes": [{"lead_id": "LEAD-004038", "update": {"data": {"city": "Pune"}}}]
    }


async def test_double_press_uploads_once(acme: World) -> None:
    await open_form(acme)
    await submit_file(acme, create_csv(build_csv(3)))
    view = acme.slack.find_view(JOHN)
    assert view is not None
    await confirm_upload(acme)
    upload = await acme.bot.context.workflows.uploads.get(1)
    assert upload is not None
    assert not await acme.bot.context.workflows.upload(upload, [], SALES)
    await wait_until(acme, lambda: acme.chakra.count(CREATE) == 1)


async def test_failed_rows_are_sent_as_a_file(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    rows = "Lead Id,First Name\nLEAD-004038,Asha\nEXPO-2,Ravi\n"
    await submit_file(acme, create_csv(rows))
    await confirm_upload(acme)
    [outcome] = await wait_for_outcome(acme, clock)
    assert "1 of 2 succeeded" in collect_text(outcome)
    await acme.slack.press(JOHN, "job.failed", message=outcome.id)
    await wait_until(
        acme,
        lambda: any(message.files for message in list_app_messages(acme, JOHN, JOHNS_MESSAGES)),
    )


async def test_if_the_bot_may_not_post_the_channel_is_not_offered(
    acme: World, clock: ManualClock
) -> None:
    await open_form(acme, channel=GENERAL)
    assert "Tell me" not in await submit_file(acme, create_csv(build_csv(3)))
    await confirm_upload(acme)
    [outcome] = await wait_for_outcome(acme, clock)
    assert "New leads from leads.csv" in collect_text(outcome)


async def test_an_excel_file_is_read_with_its_numbers_stored_as_text(
    acme: World, clock: ManualClock
) -> None:
    """And with those that Excel took for numbers: both are the same to who filled them in."""
    rows = [("EXPO-1", "Asha", "919876500001"), ("EXPO-2", "Ravi", 919876500002)]
    await open_form(acme)
    plan = await submit_file(
        acme, create_workbook("Lead Id", "First Name", "Phone Number", rows=rows)
    )
    assert "Excel, sheet “Leads”" in plan
    assert "Send 2 rows" in plan
    await confirm_upload(acme)
    await wait_until(acme, lambda: acme.chakra.count(CREATE) == 1)
    [asked] = [request for request in acme.chakra.requests if request.path.endswith("bulk-create")]
    assert [(row["lead_id"], row["data"]["phone_number"]) for row in asked.json] == [
        ("EXPO-1", "919876500001"),
        ("EXPO-2", "919876500002"),
    ]


# --- what is found before anything is sent -------------------------------------------------------


async def test_rows_with_problems_are_listed_and_skipped(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    bad = "EXPO-90,Kim,12345\nEXPO-91,Lee,no number\nEXPO-1,Twice,+919876500099\n"
    plan = await submit_file(acme, create_csv(build_csv(3) + bad))
    assert "4 rows have problems" in plan
    assert "Send 2 of 6" in plan
    await acme.slack.press(JOHN, "bulk.problems")
    await wait_until(
        acme,
        lambda: any(message.files for message in list_app_messages(acme, JOHN, JOHNS_MESSAGES)),
    )
    [file] = list_app_messages(acme, JOHN, JOHNS_MESSAGES)[0].files
    assert "EXPO-90" in file.data.decode("utf-8-sig")
    assert acme.chakra.count(CREATE) == 0
    await confirm_upload(acme)
    await wait_until(acme, lambda: acme.chakra.count(CREATE) == 1)
    [asked] = [request for request in acme.chakra.requests if request.path.endswith("bulk-create")]
    assert [row["lead_id"] for row in asked.json] == ["EXPO-2", "EXPO-3"]


async def test_plan_names_the_rows_that_share_a_phone_number(acme: World) -> None:
    await open_form(acme)
    text = await submit_file(
        acme,
        create_csv(
            HEADER
            + "EXPO-1,Asha,+91 98765 43210\n"
            + "EXPO-2,Ravi,+91 98765 43211\n"
            + "EXPO-3,Asha,p:+919876543210\n"
            + "EXPO-4,Asha R,(98765) 43210\n"
            + "EXPO-5,Rosa,+55 11 8765-4321\n"
        ),
        procedure="lead",
    )
    assert "1 row has a number (row 6) in an older form." in text
    assert "1 phone number is in several rows" in text
    assert "Rows 2, 4 and 5" in text
    assert "Send 5 rows" in str(acme.slack.find_view(JOHN))


async def test_unrecognized_column_asks_for_its_attribute(acme: World) -> None:
    await open_form(acme)
    plan = await submit_file(acme, create_csv("Lead Id,First Name,Town\nEXPO-1,Asha,Pune\n"))
    assert "Town" in plan
    await confirm_upload(acme, column_2="city")
    assert "Town → `city`" in read_form(acme)
    assert acme.chakra.count(CREATE) == 0
    await confirm_upload(acme)
    await wait_until(acme, lambda: acme.chakra.count(CREATE) == 1)
    [asked] = [request for request in acme.chakra.requests if request.path.endswith("bulk-create")]
    assert asked.json[0]["data"]["city"] == "Pune"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 whatever", "PDF"),
        (b"\x89PNG\r\n\x1a\n0000", "picture"),
        (HEADER.encode(), "no rows"),
        (b"a,a\n1,2\n", "both called"),
        (b"PK\x03\x04 and then nothing", "compressed archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old version of Office"),
        (b"\x00\x01\x02\x03" * 40, "isn't a CSV or Excel file"),
    ],
)
async def test_non_table_file_is_rejected_under_its_field(
    acme: World, content: bytes, expected: str
) -> None:
    await open_form(acme)
    delivered = await acme.slack.submit(JOHN, {"file": LocalFile("leads.csv", "text/csv", content)})
    await wait_until(acme, lambda: "One moment" not in read_form(acme))
    assert expected in f"{delivered.errors} {read_form(acme)}"
    assert acme.slack.find_view(JOHN) is not None
    assert acme.chakra.count(CREATE) == 0


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + build_csv(2),
        build_csv(2).replace(",", ";"),
        build_csv(2).replace(",", "\t"),
    ],
)
async def test_bom_and_other_delimiters_are_supported(acme: World, text: str) -> None:
    await open_form(acme)
    assert "Send 2 rows" in await submit_file(acme, create_csv(text))


async def test_missing_key_column_is_named_and_blocks_sending(acme: World) -> None:
    await open_form(acme, "bulk update lead")
    plan = await submit_file(acme, create_csv("First Name,city\nAsha,Pune\n"))
    assert "No column says which records to change" in plan
    assert "choose it again with `/chakra bulk update lead`" in plan
    await confirm_upload(acme)
    assert "No column says which records to change" in read_form(acme)
    assert acme.chakra.count(UPDATE) == 0


async def test_a_missing_file_is_an_error_under_the_field(acme: World) -> None:
    await open_form(acme)
    delivered = await acme.slack.submit(JOHN, {})
    assert "file" in delivered.errors
    assert acme.chakra.count(CREATE) == 0


async def test_unknown_words_are_refused(acme: World) -> None:
    await acme.slack.type(JOHN, SALES, "/chakra bulk delete lead")
    await acme.settle()
    assert "Choose create or update" in collect_text(list_messages(acme, JOHN, SALES)[-1])
    await acme.slack.type(JOHN, SALES, "/chakra bulk create spaceship")
    await acme.settle()
    assert "There is no record type “spaceship”. Available: Lead." in read_form(acme)


async def test_non_sender_cannot_upload(acme: World) -> None:
    await acme.slack.type(MEI, SALES, "/chakra bulk create lead")
    await acme.settle()
    assert acme.slack.find_view(MEI) is None
    assert "can't send or change anything" in collect_text(list_messages(acme, MEI, SALES)[-1])


# --- what goes wrong on the way ------------------------------------------------------------------


async def stop_upload(acme: World, clock: ManualClock, rows: int = 2500) -> str:
    """An upload of three pieces, the second of which meets a fault."""
    await open_form(acme)
    await submit_file(acme, create_csv(build_csv(rows)))
    await confirm_upload(acme)

    def list_outcomes() -> list[str]:
        return [
            text
            for text in map(collect_text, list_app_messages(acme, JOHN, JOHNS_MESSAGES))
            if "stopped" in text
        ]

    await advance_until(acme, clock, lambda: bool(list_outcomes()), step=20)
    return list_outcomes()[-1]


async def list_states(acme: World) -> list[BatchState]:
    return [batch.state for batch in await acme.bot.context.workflows.uploads.list_batches(1)]


async def test_unanswered_batch_stops_the_upload_and_is_never_resent(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(CREATE, ResetAfterHandling(), times=1)
    expected = await stop_upload(acme, clock)
    assert "Rows 2 to 1,001 may have been uploaded" in expected
    assert "Rows 1,002 to 2,501 haven't been uploaded yet" in expected
    assert await list_states(acme) == [BatchState.UNKNOWN, BatchState.PENDING, BatchState.PENDING]
    assert acme.chakra.count(CREATE) == 1
    await acme.slack.press(JOHN, "bulk.continue")
    await wait_until(acme, lambda: acme.chakra.count(CREATE) == 3)
    await acme.slack.press(JOHN, "bulk.rows")
    await wait_until(
        acme,
        lambda: any(message.files for message in list_app_messages(acme, JOHN, JOHNS_MESSAGES)),
    )
    assert await list_states(acme) == [BatchState.UNKNOWN, BatchState.SENT, BatchState.SENT]
    assert acme.chakra.count(CREATE) == 3


async def test_rejection_stops_the_upload_with_its_reason(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(CREATE, StatusResponse(400), times=1)
    expected = await stop_upload(acme, clock)
    assert "were rejected by Chakra; none of them were imported" in expected
    assert await list_states(acme) == [BatchState.REFUSED, BatchState.PENDING, BatchState.PENDING]


async def test_rate_limited_chakra_is_waited_for(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(CREATE, StatusResponse(429), times=6)
    await open_form(acme)
    await submit_file(acme, create_csv(build_csv(5)))
    await confirm_upload(acme)
    await wait_for_outcome(acme, clock, step=5)
    assert await list_states(acme) == [BatchState.SENT]


async def test_persistent_rate_limit_stops_the_upload_resumably(
    acme: World, clock: ManualClock
) -> None:
    acme.chakra.fail(CREATE, StatusResponse(429, headers={"Retry-After": "60"}))
    expected = await stop_upload(acme, clock, rows=5)
    assert "haven't been uploaded yet" in expected
    acme.chakra.clear_faults()
    await acme.slack.press(JOHN, "bulk.continue")
    await wait_for_outcome(acme, clock, step=5)
    upload = await acme.bot.context.workflows.uploads.get(1)
    assert upload is not None
    assert upload.stage is UploadStage.DONE


async def test_batches_are_watched_as_one_job(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    await submit_file(acme, create_csv(build_csv(2500)))
    await confirm_upload(acme)
    *_, outcome = await wait_for_outcome(acme, clock, step=10)
    assert "2,500 of 2,500 succeeded" in collect_text(outcome)
    assert acme.chakra.count(CREATE) == 3
