"""Nothing reaches guests or people from other companies before the person was asked."""

from __future__ import annotations

import pytest

from bot.sandbox.slack import collect_text
from tests.commands.watch_scenarios import FINISHED
from tests.conftest import OpenSandbox
from tests.people import JOHN, MEI, SALES, SUPPORT
from tests.shared_world import shared_world
from tests.world import World

PARTNERS, SAM, GITA, ARJUN = "C0PARTNERS", "U0SAM", "U0GITA", "U0ARJUN"
QUESTION = (
    "#globex-partners* has people from Globex and a guest (Gita). "
    "Share Priya Sharma's card with them?"
)


def list_public_texts(acme: World, channel: str = PARTNERS) -> list[str]:
    """Return what the app posted for everyone in the channel."""
    posted = acme.slack.list_messages(SAM if channel == PARTNERS else JOHN, channel)
    return [collect_text(m) for m in posted if m.author == "U0CHAKRA" and not m.ephemeral]


@shared_world
async def test_a_pressed_share_asks_and_then_posts_once(acme: World) -> None:
    await acme.type("/chakra user priya@acme.com", channel=PARTNERS)
    await acme.press("user.share", channel=PARTNERS)
    view = acme.slack.find_view(JOHN)
    assert view is not None
    assert QUESTION in str(view["blocks"])
    assert list_public_texts(acme) == []
    await acme.submit({})
    [card] = list_public_texts(acme)
    assert "Priya Sharma" in card
    assert "priya@acme.com" not in card
    assert acme.slack.find_view(JOHN) is None


@shared_world
async def test_a_closed_question_shares_nothing(acme: World) -> None:
    await acme.type("/chakra user priya@acme.com", channel=PARTNERS)
    await acme.press("user.share", channel=PARTNERS)
    await acme.slack.close_view(JOHN)
    await acme.wait_until_idle()
    assert list_public_texts(acme) == []


@shared_world
async def test_a_typed_share_is_answered_privately_with_a_button_that_asks(acme: World) -> None:
    answer = await acme.type("/chakra user priya@acme.com share", channel=PARTNERS)
    assert answer.ephemeral
    assert QUESTION in collect_text(answer)
    await acme.press("help.run:share", channel=PARTNERS)
    assert list_public_texts(acme) == []
    await acme.submit({})
    assert len(list_public_texts(acme)) == 1


@pytest.mark.parametrize("line", ["templates order_update", "job {job}"])
async def test_other_cards_ask_too(acme: World, line: str) -> None:
    job = acme.chakra.add_job(succeed=2, seconds=20).id
    await acme.type(f"/chakra {line.format(job=job)}", channel=PARTNERS)
    await acme.press("templates.share" if "templates" in line else "job.share", channel=PARTNERS)
    assert list_public_texts(acme) == []
    assert acme.slack.find_view(JOHN) is not None
    await acme.submit({})
    assert len(list_public_texts(acme)) == 1


@pytest.mark.parametrize(
    ("line", "share", "show"),
    [
        ("user priya@acme.com", "user.share", "user.show"),
        ("templates order_update", "templates.share", "templates.show"),
        ("job {job}", "job.share", "job.show"),
    ],
)
async def test_a_reader_of_a_shared_card_is_shown_their_own(
    acme: World, line: str, share: str, show: str
) -> None:
    job = acme.chakra.add_job(succeed=2, fail=1, seconds=20).id
    await acme.type(f"/chakra {line.format(job=job)}", channel=SUPPORT)
    await acme.press(share, channel=SUPPORT)
    await acme.submit({})
    [shared] = list_public_texts(acme, SUPPORT)
    assert "Show me" in shared
    own = await acme.press(show, by=MEI, channel=SUPPORT)
    assert own.ephemeral
    assert len(list_public_texts(acme, SUPPORT)) == 1
    refused = await acme.press(show, by=GITA, channel=SUPPORT)
    assert "Guests can't use Chakra from Slack." in collect_text(refused)


async def test_failed_rows_go_to_senders_only(acme: World) -> None:
    card = await acme.type(f"/chakra job {FINISHED}", by=MEI)
    assert "Failed rows as a file" not in collect_text(card)
    await acme.type(f"/chakra job {FINISHED}")
    await acme.press("job.share")
    await acme.press("job.show")
    await acme.press("job.failed")
    assert len(acme.slack.files) == 1


async def test_guests_of_the_workspace_are_asked_about(acme: World) -> None:
    answer = await acme.type("/chakra user priya@acme.com share", channel=SUPPORT)
    assert answer.ephemeral
    asked = "#support* has 2 guests (Arjun and Gita). Share Priya Sharma's card with them?"
    assert asked in collect_text(answer)
    await acme.press("help.run:share", channel=SUPPORT)
    assert list_public_texts(acme, SUPPORT) == []
    await acme.submit({})
    assert len(list_public_texts(acme, SUPPORT)) == 1


async def test_a_guest_who_was_invited_a_moment_ago_is_asked_about(acme: World) -> None:
    await acme.type("/chakra user priya@acme.com share", channel=SUPPORT)
    acme.slack.workspace.add_member(SALES, GITA)
    answer = await acme.type("/chakra user priya@acme.com share")
    assert "#sales* has a guest (Gita)." in collect_text(answer)
    assert list_public_texts(acme, SALES) == []


@pytest.mark.parametrize("method", ["users.list", "conversations.members"])
async def test_unknown_guests_are_asked_about(acme: World, method: str) -> None:
    acme.slack.fail(method, error="internal_error")
    answer = await acme.type("/chakra user priya@acme.com share")
    assert "#sales* may have guests: Slack doesn't say who reads it." in collect_text(answer)
    assert list_public_texts(acme, SALES) == []


@shared_world
async def test_colleagues_need_no_question(acme: World) -> None:
    await acme.type("/chakra user priya@acme.com share")
    assert len(list_public_texts(acme, SALES)) == 1
    assert acme.slack.find_view(JOHN) is None


async def test_without_the_scope_it_asks_without_a_name(open_sandbox: OpenSandbox) -> None:
    async with open_sandbox(declined_scopes=("team:read", "channels:read")) as world:
        answer = await world.type("/chakra user priya@acme.com share", channel=PARTNERS)
        assert "We can't see who else reads this conversation." in collect_text(answer)
    async with open_sandbox(declined_scopes=("team:read",)) as world:
        answer = await world.type("/chakra user priya@acme.com share", channel=PARTNERS)
        assert "has people from outside your company and a guest (Gita)." in collect_text(answer)


async def test_a_member_who_was_removed_a_minute_ago_shares_nothing(acme: World) -> None:
    await acme.type("/chakra user priya@acme.com")
    acme.slack.workspace.change_member_kind(JOHN, "deactivated")
    await acme.clock.advance(60)
    refused = await acme.type("/chakra user priya@acme.com share")
    assert refused.ephemeral
    assert list_public_texts(acme, SALES) == []
