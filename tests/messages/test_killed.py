"""kill -9 through the whole app: a process is killed after Send is pressed, another starts on the
same database, and Send is pressed again. Nothing is sent twice, and the person is notified once."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Literal

import pytest

from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import collect_text
from tests.db.databases import KINDS
from tests.messages.kill_scenario import (
    ACCEPTED_LINE,
    DELIVERED_LINE,
    FAILED_LINE,
    FORM_VALUES,
    JOHN,
    NEXT_PROCESS,
    READ_LINE,
    SEND,
    SERVE_A_MINUTE_LATER,
    UNKNOWN_LINE,
    KillPoint,
    SendScenario,
    kill_bot,
    open_scenario,
    run_until_kill,
)
from tests.process import (
    SERVE_ARGUMENTS,
    Process,
)

pytestmark = [pytest.mark.process, pytest.mark.killed]

# --- the moments ---------------------------------------------------------------------------------


async def kill_before_the_claim(story: SendScenario, bot: Process) -> None:
    async with story.lock_database():
        await story.press_send()
        await kill_bot(bot)


async def kill_before_chakra_received_it(story: SendScenario, bot: Process) -> None:
    story.proxy.drop("requests")
    await story.press_send()
    await story.proxy.dropped.wait()
    await kill_bot(bot)


async def kill_while_chakra_hangs(story: SendScenario, bot: Process) -> None:
    story.stand_ins.chakra.fail(SEND, Hang())
    await story.press_send()
    await story.stand_ins.chakra.wait_for_requests(1, SEND)
    await kill_bot(bot)


async def kill_after_chakra_accepted(story: SendScenario, bot: Process) -> None:
    story.proxy.drop("answers")
    await story.press_send()
    await story.proxy.dropped.wait()
    assert story.sent_count == 1
    await kill_bot(bot)


async def kill_after_the_response_before_recording(story: SendScenario, bot: Process) -> None:
    story.stand_ins.chakra.fail(SEND, Hang())
    await story.press_send()
    await story.stand_ins.chakra.wait_for_requests(1, SEND)
    async with story.lock_database():
        story.stand_ins.chakra.release_hanging()
        await story.wait_for_metric(f'endpoint="{SEND}",status="200"}} 1.0')
        await kill_bot(bot)


async def kill_after_slack_posted_the_report(story: SendScenario, bot: Process) -> None:
    """The bot never learns that it was posted."""
    slack = story.stand_ins.slack
    slack.fail("chat.postMessage", reset="after")
    await story.press_send()
    await slack.wait_until(lambda: bool(story.list_report_texts()))
    await kill_bot(bot)


async def kill_before_slack_posted_the_report(story: SendScenario, bot: Process) -> None:
    slack = story.stand_ins.slack
    slack.fail("chat.postMessage", reset="before")
    await story.press_send()
    await slack.wait_until(lambda: any(call.method == "chat.postMessage" for call in slack.calls))
    await kill_bot(bot)
    assert story.list_report_texts() == []


SENT_COUNT_BY_KILL_POINT: dict[KillPoint, int] = {
    kill_before_chakra_received_it: 0,
    kill_while_chakra_hangs: 0,
    kill_after_chakra_accepted: 1,
    kill_after_the_response_before_recording: 1,
}
"""How many messages Chakra then holds."""


def kill_point_id(parameter: KillPoint | str) -> str:
    return parameter if isinstance(parameter, str) else parameter.__name__


# --- what they see -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "kind"),
    [
        *((moment, "sqlite") for moment in SENT_COUNT_BY_KILL_POINT),
        (kill_after_chakra_accepted, "postgres"),
        (kill_after_the_response_before_recording, "postgres"),
    ],
    ids=kill_point_id,
)
async def test_kill_before_the_response_leaves_unknown_and_never_resends(
    moment: KillPoint, kind: str, tmp_path: Path
) -> None:
    async with open_scenario(kind, tmp_path) as scenario:
        await run_until_kill(scenario, moment)
        assert scenario.sent_count == SENT_COUNT_BY_KILL_POINT[moment]
        async with scenario.start_bot(*NEXT_PROCESS[kind]) as bot:
            await scenario.wait_for_messages(scenario.list_report_texts, [UNKNOWN_LINE])
            assert (
                "may have been sent; it won't be resent automatically"
                in scenario.list_report_texts()[0]
            )
            await scenario.wait_for_recorded_report()
            assert (await scenario.redeliver("view_submission"))[0] == 200
            await scenario.wait_for_messages(
                lambda: [scenario.read_last_message_text()], [UNKNOWN_LINE]
            )
            assert "archives/D0JOHN/p" in scenario.read_last_message_text()
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert scenario.sent_count == SENT_COUNT_BY_KILL_POINT[moment]
        assert scenario.stand_ins.chakra.count(SEND) <= 1
        assert len(scenario.list_report_texts()) == 1
        assert scenario.send_states() == ["unknown"]


@pytest.mark.parametrize(
    ("moment", "kind"),
    [
        (kill_after_slack_posted_the_report, "sqlite"),
        (kill_after_slack_posted_the_report, "postgres"),
        (kill_before_slack_posted_the_report, "sqlite"),
    ],
    ids=kill_point_id,
)
async def test_kill_during_the_report_leaves_one_report(
    moment: KillPoint, kind: str, tmp_path: Path
) -> None:
    """That it is edited to its end shows that the next process knows of it."""
    async with open_scenario(kind, tmp_path) as scenario:
        await run_until_kill(scenario, moment)
        async with scenario.start_bot("-c", SERVE_A_MINUTE_LATER) as bot:
            [sent] = scenario.stand_ins.chakra.sends
            scenario.stand_ins.chakra.push_status(sent, "READ")
            await scenario.wait_for_messages(scenario.list_report_texts, [READ_LINE])
            assert (await scenario.redeliver("view_submission"))[0] == 200
            await scenario.wait_for_messages(
                lambda: [scenario.read_last_message_text()], [READ_LINE]
            )
            assert "archives/D0JOHN/p" in scenario.read_last_message_text()
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert scenario.sent_count == scenario.stand_ins.chakra.count(SEND) == 1
        assert len(scenario.list_report_texts()) == 1
        assert scenario.send_states() == ["read"]


@pytest.mark.parametrize(
    ("reset", "kind"), [("after", "sqlite"), ("after", "postgres"), ("before", "sqlite")]
)
async def test_kill_during_a_failure_s_own_message_leaves_one_of_it(
    reset: Literal["after", "before"], kind: str, tmp_path: Path
) -> None:
    """Slack has posted it, or not, when the bot is killed; the next one ends it as delivered."""
    async with open_scenario(kind, tmp_path) as scenario:
        slack, chakra = scenario.stand_ins.slack, scenario.stand_ins.chakra
        async with scenario.start_bot(*SERVE_ARGUMENTS) as bot:
            await scenario.open_preview()
            await scenario.press_send()
            await scenario.wait_for_messages(scenario.list_report_texts, [ACCEPTED_LINE])
            posted_count = post_count(scenario)
            slack.fail("chat.postMessage", reset=reset)
            chakra.push_status(chakra.sends[0], "FAILED", 131026)
            await slack.wait_until(lambda: post_count(scenario) > posted_count)
            await kill_bot(bot)
        async with scenario.start_bot("-c", SERVE_A_MINUTE_LATER) as bot:
            await scenario.wait_for_messages(scenario.list_report_texts, [FAILED_LINE, FAILED_LINE])
            chakra.push_status(chakra.sends[0], "FAILED", 131026)
            chakra.push_status(chakra.sends[0], "DELIVERED")
            after_all = "*Delivered after all* to +1 202-555-0116"
            await scenario.wait_for_messages(
                scenario.list_report_texts, [DELIVERED_LINE, after_all]
            )
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert scenario.send_states() == ["delivered"]


async def test_two_replicas_notify_of_a_failure_once(tmp_path: Path) -> None:
    async with open_scenario("postgres", tmp_path) as scenario:
        chakra = scenario.stand_ins.chakra
        async with (
            scenario.start_bot(*SERVE_ARGUMENTS) as first,
            scenario.start_bot(*SERVE_ARGUMENTS) as second,
        ):
            await scenario.open_preview()
            await scenario.press_send()
            await scenario.wait_for_messages(scenario.list_report_texts, [ACCEPTED_LINE])
            chakra.push_status(chakra.sends[0], "FAILED", 131026)
            await scenario.wait_for_messages(scenario.list_report_texts, [FAILED_LINE, FAILED_LINE])
            for bot in (first, second):
                assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert len(scenario.list_report_texts()) == 2


def post_count(scenario: SendScenario) -> int:
    return sum(call.method == "chat.postMessage" for call in scenario.stand_ins.slack.calls)


@pytest.mark.smoke
@pytest.mark.parametrize("kind", KINDS)
async def test_kill_before_the_claim_allows_another_send(kind: str, tmp_path: Path) -> None:
    """Nothing can have gone out; the same line, typed again, sends without a question."""
    async with open_scenario(kind, tmp_path) as scenario:
        await run_until_kill(scenario, kill_before_the_claim)
        assert (scenario.send_states(), scenario.stand_ins.chakra.count(SEND)) == ([], 0)
        left = collect_text(scenario.stand_ins.slack.find_view(JOHN) or {})
        assert "Send to" in left or "check `/chakra sends` first" in left, "a way is left"
        await scenario.stand_ins.slack.close_view(JOHN)
        async with scenario.start_bot(*NEXT_PROCESS[kind]) as bot:
            await scenario.open_preview()
            assert "Send it again?" not in collect_text(
                scenario.stand_ins.slack.find_view(JOHN) or {}
            )
            await scenario.press_send()
            await scenario.wait_for_messages(
                lambda: [scenario.read_last_message_text()], [ACCEPTED_LINE]
            )
            await scenario.wait_for_messages(scenario.list_report_texts, [ACCEPTED_LINE])
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert (scenario.send_states(), scenario.sent_count) == (["accepted"], 1)


async def test_form_open_during_a_kill_is_sent_by_the_next_process(
    tmp_path: Path,
) -> None:
    """Which has not seen any template yet."""
    async with open_scenario("sqlite", tmp_path) as scenario:
        async with scenario.start_bot(*SERVE_ARGUMENTS) as bot:
            await scenario.open_form()
            await kill_bot(bot)
        async with scenario.start_bot(*SERVE_ARGUMENTS):
            assert (await scenario.stand_ins.slack.submit(JOHN, FORM_VALUES)).errors == {}
            await scenario.wait_for_check()
            await scenario.press_send()
            await scenario.wait_for_messages(scenario.list_report_texts, [ACCEPTED_LINE])
        assert (scenario.send_states(), scenario.sent_count) == (["accepted"], 1)


async def test_redelivered_form_is_not_resent_by_the_next_process(
    tmp_path: Path,
) -> None:
    async with open_scenario("sqlite", tmp_path) as scenario:
        slack = scenario.stand_ins.slack
        async with scenario.start_bot(*SERVE_ARGUMENTS) as bot:
            await scenario.open_form()
            await slack.submit(JOHN, FORM_VALUES)
            await scenario.wait_for_check()
            scenario.proxy.drop("answers")
            await scenario.press_send()
            await scenario.proxy.dropped.wait()
            await kill_bot(bot)
        scenario.proxy.drop(None)
        async with scenario.start_bot(*SERVE_ARGUMENTS) as bot:
            await scenario.wait_for_messages(scenario.list_report_texts, [UNKNOWN_LINE])
            assert (await scenario.redeliver("view_submission"))[0] == 200
            await scenario.wait_for_messages(
                lambda: [scenario.read_last_message_text()], [UNKNOWN_LINE]
            )
            assert await bot.wait_for_exit(signal.SIGTERM) == 0
        assert (scenario.send_states(), scenario.sent_count, len(scenario.list_report_texts())) == (
            ["unknown"],
            1,
            1,
        )
