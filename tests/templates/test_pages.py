"""The pages of the list of templates: what their buttons carry, and what Slack takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.template import Template
from bot.sandbox.slack.limits import check_response_body
from bot.slack.commands.reply import Message, build_response_body
from bot.templates import pages
from bot.templates.list_query import TemplateFamily
from bot.templates.pages import TemplateListQuery
from tests.templates.builders import WILD_TEMPLATES


@pytest.mark.parametrize("page", [-5, 0, 1, 10**9])
def test_the_longest_filters_fit_into_a_button(page: int) -> None:
    words = '“order” \\ "<&>" 🌻' * 5
    query = TemplateListQuery(
        page=page, words=words, status='"' * 200, category="utility", language="en"
    )
    assert TemplateListQuery.from_value(query.to_value()) == query


@given(st.lists(WILD_TEMPLATES, min_size=1, max_size=4))
def test_any_templates_render_a_valid_page(found: list[Template]) -> None:
    row = pages.render_row(TemplateFamily(found[0].name, tuple(found)))
    message = Message("Templates", (row,) * pages.ROWS_PER_PAGE)
    assert check_response_body(build_response_body(message)) == []
