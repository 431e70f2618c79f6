"""Each refusal of WhatsApp has a sentence and a remedy, whatever its code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.meta import ERROR_CLASS_BY_CODE, build_meta_error
from bot.chakra.meta_errors import UnknownMetaCode
from bot.errors import ChakraError
from bot.messages.error_copy import EXPLAINER, WHATSAPP_ERROR_COPY
from bot.slack.copy.explanation import ADMIN

ERROR_CLASSES = [*dict.fromkeys([*ERROR_CLASS_BY_CODE.values(), UnknownMetaCode])]


def test_every_error_class_has_its_own_row() -> None:
    assert set(WHATSAPP_ERROR_COPY) == set(ERROR_CLASSES)


@pytest.mark.parametrize("kind", ERROR_CLASSES)
def test_each_row_has_a_summary_and_a_remedy(kind: type[ChakraError]) -> None:
    explanation = EXPLAINER.explain(kind("(#7) Title", code=7))
    assert explanation.summary.endswith(".")
    assert explanation.remedy.endswith(".")
    assert "{" not in explanation.summary + explanation.remedy
    assert "  " not in explanation.summary + explanation.remedy


def test_summaries_are_distinct() -> None:
    assert len({row.summary for row in WHATSAPP_ERROR_COPY.values()}) == len(WHATSAPP_ERROR_COPY)


@pytest.mark.parametrize(
    "kind", [kind for kind, row in WHATSAPP_ERROR_COPY.items() if row.is_service_error]
)
def test_service_errors_name_the_admin_or_a_time(kind: type[ChakraError]) -> None:
    remedy = EXPLAINER.explain(kind()).remedy
    assert ADMIN in remedy or "Try again in" in remedy


@pytest.mark.parametrize(
    ("code", "wait"),
    [(131056, "6 seconds"), (131049, "1 day"), (80007, "1 hour"), (130429, "a minute")],
)
def test_wait_is_humanized(code: int, wait: str) -> None:
    assert wait in EXPLAINER.explain(build_meta_error(code)).remedy


def test_details_of_meta_are_quoted_if_they_name_the_mistake() -> None:
    error = build_meta_error(132000, "Number of parameters", "expected 2, got <!channel> & 1")
    explanation = EXPLAINER.explain(error)
    assert explanation.remedy.startswith(
        "WhatsApp says: “expected 2, got &lt;!channel&gt; &amp; 1” (132000). "
    )


def test_details_of_meta_are_left_out_if_ours_are_clearer() -> None:
    assert (
        "undeliverable"
        not in EXPLAINER.explain(build_meta_error(131026, "x", "Message undeliverable")).remedy
    )


def test_unknown_code_is_shown() -> None:
    message = EXPLAINER.render_message(build_meta_error(139999, "New", "Brand new"), "ref-1")
    assert "139999" in message.text
    assert "Brand new" in message.text
    assert "ref-1" in str(message.blocks)


@given(st.sampled_from(sorted(ERROR_CLASS_BY_CODE)), st.text(), st.text())
def test_texts_of_meta_mention_no_one(code: int, title: str, details: str) -> None:
    message = EXPLAINER.render_message(
        build_meta_error(code, title, f"<!channel> {details}"), "ref-1"
    )
    assert "<!" not in message.text
    assert len(message.text) < 3000
