"""Every error as a person reads it: what happened, what to do, and nothing that was not meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors
from bot.errors import SuggestedLine
from bot.messages.error_copy import EXPLAINER
from bot.sandbox.slack import collect_text
from bot.sandbox.slack.limits import check_message, check_view
from bot.slack import blocks
from bot.slack.copy.explanation import format_wait
from bot.slack.copy.notices import (
    render_outdated_button,
    render_still_working,
    render_unknown_command,
)

REFERENCE = "7F3K-92QD"
ROOTS = (errors.BotError, errors.UserError, errors.ChakraError)
"""Kinds that nothing raises as they are."""


def iter_error_classes(
    root: type[errors.BotError] = errors.BotError,
) -> Iterator[type[errors.BotError]]:
    """Every error of the tree."""
    for kind in root.__subclasses__():
        if kind.__module__ in ("bot.errors", "bot.chakra.meta_errors"):
            yield from {kind, *iter_error_classes(kind)}


ALL_ERROR_CLASSES = sorted(
    {kind for kind in iter_error_classes() if kind not in ROOTS}, key=lambda kind: kind.__name__
)


def build_error(kind: type[errors.BotError], text: str = "") -> errors.BotError:
    """One with as little in it as there may be, or with ``text`` wherever there is room."""
    if kind is errors.NotAllowed:
        return errors.NotAllowed("sender", reason=text)
    if kind is errors.NotFound:
        return errors.NotFound("user", text, hint=text, suggestions=(text, text) if text else ())
    if kind is errors.NotLinked:
        return errors.NotLinked("U0JOHN", text)
    if kind is errors.NotConfigured:
        return errors.NotConfigured("CHAKRA_PLUGIN_ID", text)
    if kind is errors.UsageError:
        return errors.UsageError(text, example=text or None)
    if issubclass(kind, errors.SlackError):
        return kind("views.open", text or "fatal_error")
    return kind(text)


def find_violations(payload: dict[str, Any], *, view: bool = False) -> list[str]:
    found = check_view(payload) if view else check_message(payload)
    return [str(finding) for finding in found if finding.is_error]


def render(error: BaseException) -> dict[str, Any]:
    message = EXPLAINER.render_message(error, REFERENCE)
    return {"text": message.text, "blocks": list(message.blocks)}


@pytest.mark.parametrize("kind", ALL_ERROR_CLASSES)
def test_every_error_says_what_happened_and_what_to_do(kind: type[errors.BotError]) -> None:
    message = EXPLAINER.explain(build_error(kind))
    assert message.summary.endswith((".", "?"))
    assert message.remedy
    assert message != EXPLAINER.explain(RuntimeError()), (
        f"{kind.__name__} has no sentence of its own"
    )
    assert not re.search(
        r"(?i)\b(oops|sorry|error|exception|failed to|invalid|you (forgot))\b", render_text(message)
    )
    assert len(message.summary) <= 130
    assert len(message.remedy) <= 300


def render_text(message: Any) -> str:
    return f"{message.summary} {message.remedy}"


@pytest.mark.parametrize("kind", ALL_ERROR_CLASSES)
def test_every_explanation_is_valid_for_slack(kind: type[errors.BotError]) -> None:
    for text in ("", "<!channel> & <b>", "x" * 5_000, "\n" * 50):
        assert find_violations(render(build_error(kind, text))) == []


@given(
    kind=st.sampled_from(ALL_ERROR_CLASSES),
    text=st.text(max_size=50) | st.sampled_from(["<!here>", "&lt;"]),
)
def test_no_text_of_an_error_mentions_anybody(kind: type[errors.BotError], text: str) -> None:
    sent = render(build_error(kind, text))
    assert find_violations(sent) == []
    assert not re.search("<[!@#]", str(sent))


@pytest.mark.parametrize("error", [RuntimeError("secret detail"), KeyError("x"), OSError(5, "y")])
def test_an_unexpected_error_is_a_service_error_without_details(error: Exception) -> None:
    sent = str(render(error))
    assert "Something in this app failed" in sent
    assert REFERENCE in sent
    assert "secret" not in sent
    assert type(error).__name__ not in sent


@pytest.mark.parametrize("kind", ALL_ERROR_CLASSES)
def test_only_service_errors_have_a_reference(
    kind: type[errors.BotError],
) -> None:
    error = build_error(kind)
    assert (REFERENCE in str(render(error))) is EXPLAINER.explain(error).is_service_error
    if isinstance(error, errors.UserError):
        assert not EXPLAINER.explain(error).is_service_error


@pytest.mark.parametrize("kind", [*ALL_ERROR_CLASSES, RuntimeError])
def test_no_reference_is_named_where_none_is_shown(kind: type[Exception]) -> None:
    error = build_error(kind) if issubclass(kind, errors.BotError) else kind()
    message = EXPLAINER.render_message(error, REFERENCE)
    assert "reference" not in message.text
    assert "reference" not in EXPLAINER.explain_as_text(error)
    assert "reference" not in EXPLAINER.explain(error).remedy
    shown = str(message.blocks)
    assert "reference below" not in shown or f"Reference `{REFERENCE}`" in shown


def test_an_error_without_a_sentence_uses_that_of_its_parent() -> None:
    class Gone(errors.ResourceNotFound):
        pass

    assert EXPLAINER.explain(Gone()) == EXPLAINER.explain(errors.ResourceNotFound())
    assert EXPLAINER.explain(errors.ChakraError()) == EXPLAINER.explain(RuntimeError())


def test_a_usage_error_shows_a_line_to_copy() -> None:
    message = EXPLAINER.render_message(
        errors.UsageError("Which user?", example="/chakra user john@acme.com"), REFERENCE
    )
    assert "`/chakra user john@acme.com`" in str(message.blocks)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.NotFound("user", "jhon"), ("No one in Chakra matches *jhon*", "spelling")),
        (errors.NotFound("user", "jhon", suggestions=("john", "joan")), ("`john`, `joan`",)),
        (errors.NotFound("user", "jhon", hint="Ask Priya."), ("Ask Priya.",)),
        (errors.NotFound("user", ""), ("nothing",)),
        (errors.NotFound("recipient", "Aarav"), ("Can't find *Aarav*",)),
        (errors.NotFound("phone number", "Ann"), ("*Ann* has no phone number",)),
        (errors.NotFound("job", "x-1"), ("Can't find job *x-1*",)),
        (errors.UsageError("Name one."), ("Name one. ",)),
        (errors.NotAllowed("sender"), ("can't do that", "*sender*")),
        (errors.NotAllowed("member"), ("workspace admin",)),
        (errors.NotAllowed("sender", is_unverified=True), ("couldn't verify your account",)),
        (errors.NotConfigured("CHAKRA_PLUGIN_ID"), ("CHAKRA_PLUGIN_ID",)),
        (errors.AuthenticationError(), ("CHAKRA_ACCESS_TOKEN",)),
        (errors.PermissionDenied(), ("role",)),
        (errors.RateLimited(retry_after=30), ("30 seconds",)),
        (errors.Unavailable(retry_after=90), ("Nothing was changed", "1 minute and 30 seconds")),
        (errors.OutcomeUnknown(), ("don't know whether", "Check in Chakra before")),
        (errors.Rejected("too long"), ("“too long”",)),
        (errors.Rejected(""), ("Fix the problem",)),
        (errors.SlackError("x", "missing_scope"), ("chakra-bot doctor",)),
        (errors.SlackError("x", "fatal_error"), ("`fatal_error`", "Try again in a minute")),
        (errors.SlackError("x", "ratelimited", retry_after=30), ("rate limiting", "30 seconds")),
        (errors.SlackError("conversations.info", "http_503"), ("didn't answer", "a minute")),
        (errors.SlackError("x", "invalid_blocks"), ("won't help",)),
        (errors.TriggerExpired("x", "expired_trigger_id"), ("gave up waiting", "again")),
        (errors.NotInChannel("x", "not_in_channel"), ("/invite",)),
        (errors.Interrupted(), ("stopped", "Wait a minute")),
    ],
)
def test_remedy_matches_the_error(error: errors.BotError, words: tuple[str, ...]) -> None:
    sent = render_text(EXPLAINER.explain(error))
    assert all(word in sent for word in words), sent


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (None, "a minute"),
        (float("nan"), "a minute"),
        (0, "1 second"),
        (0.2, "1 second"),
        (30, "30 seconds"),
        (60, "1 minute"),
        (90, "1 minute and 30 seconds"),
        (3_600, "1 hour"),
        (-5, "1 second"),
        (1e30, "1 day"),
        (float("inf"), "1 day"),
    ],
)
def test_a_wait_is_formatted_for_people(wait: float | None, expected: str) -> None:
    assert format_wait(wait) == expected


# --- other lines ---------------------------------------------------------------------------------


@given(typed=st.text(min_size=1, max_size=300), rest=st.text(max_size=3_000))
def test_an_unknown_command_is_quoted_harmlessly(typed: str, rest: str) -> None:
    for suggested in ((), (SuggestedLine(f"user {rest}"),)):
        message = render_unknown_command(typed, suggested)
        sent = {"text": message.text, "blocks": list(message.blocks)}
        assert find_violations(sent) == []
        assert not re.search("<[!@#]", str(sent))


def test_a_suggestion_keeps_the_arguments() -> None:
    message = render_unknown_command("usr john doe", (SuggestedLine("user john doe"),))
    assert "Did you mean:" in message.text
    [button] = message.blocks[-1]["elements"]
    assert (button["text"]["text"], button["value"]) == ("/chakra user john doe", "user john doe")


def test_a_suggestion_that_is_too_long_for_a_button_is_named() -> None:
    message = render_unknown_command("usr", (SuggestedLine("user " + "x" * 3_000),))
    assert "Did you mean `/chakra user xxx" in message.text
    assert len(message.blocks) == 1


def test_notices_are_valid_for_slack() -> None:
    waiting = [render_still_working(for_chakra=for_chakra) for for_chakra in (True, False)]
    for message in (*waiting, render_outdated_button()):
        assert find_violations({"text": message.text, "blocks": list(message.blocks)}) == []


# --- in forms ------------------------------------------------------------------------------------

FORM = {
    **blocks.form_modal(
        "a.submit",
        "A form",
        "Save",
        [
            blocks.text_field("name", "Name", action="a.name", initial="before"),
            blocks.text_field("nick", "Nick", action="a.nick", optional=True),
        ],
    ),
    "id": "V1",
    "hash": "1.2",
    "private_metadata": '{"state":{}}',
    "state": {"values": {}},
}


def test_a_form_returns_with_the_error_above_and_its_values() -> None:
    view = EXPLAINER.render_view(errors.Unavailable(), REFERENCE, FORM, {"name": "Ann", "nick": ""})
    assert find_violations(view, view=True) == []
    assert "cannot be reached" in collect_text(view)
    assert REFERENCE in collect_text(view)
    name, nick = view["blocks"][-2:]
    assert name["element"]["initial_value"] == "Ann"
    assert "initial_value" not in nick["element"]
    assert view["private_metadata"] == FORM["private_metadata"]


def test_a_form_that_fails_twice_shows_only_the_last_error() -> None:
    once = EXPLAINER.render_view(errors.Unavailable(), REFERENCE, FORM, {})
    again = EXPLAINER.render_view(errors.RateLimited(retry_after=5), REFERENCE, once, {})
    assert len(again["blocks"]) == len(once["blocks"])
    assert "rate limiting" in collect_text(again)
    assert "cannot be reached" not in collect_text(again)


@pytest.mark.parametrize("view", [None, {"blocks": [], "title": {}}, {"submit": None}])
def test_an_error_without_a_form_opens_a_notice(view: Any) -> None:
    message = EXPLAINER.render_view(RuntimeError(), REFERENCE, view, {})
    assert find_violations(message, view=True) == []
    assert "submit" not in message
    assert REFERENCE in collect_text(message)


@given(kind=st.sampled_from(ALL_ERROR_CLASSES), text=st.text(max_size=80))
def test_every_form_with_an_error_is_valid_for_slack(
    kind: type[errors.BotError], text: str
) -> None:
    for view in (None, FORM):
        message = EXPLAINER.render_view(build_error(kind, text), REFERENCE, view, {"name": text})
        assert find_violations(message, view=True) == []
