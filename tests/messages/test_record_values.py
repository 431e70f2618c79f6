"""Variables that a lead's fields fill: a table of texts and variables."""

from __future__ import annotations

import pytest

from bot.chakra.process import Process
from bot.messages.form_values import SendForm
from bot.messages.prefill import refill
from bot.messages.recipients import Recipient, RecipientKind
from bot.messages.record_values import fill_from_record
from tests.templates.builders import build_body_component, build_template

LEAD = {
    "lead_id": "LEAD-7",
    "firstname": "Ada",
    "lastname": "Byron",
    "phone_number": "+12025550140",
    "email": "ada@example.com",
    "city": "Pune",
    "score": 72,
    "dueDate": "3 May",
    "Policy Number": "P-9",
    "is_vip": True,
    "address": {"street": "x"},
    "otp": "1234",
    "password": "x",
    "note": "two\nlines",
    "blank": " ",
    "long": "x" * 500,
    "agent": "Priya",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # named as an attribute
        ("From {{city}}.", "Pune"),
        ("From {{City}}.", "Pune"),
        ("From {{lead_city}}.", "Pune"),
        ("From {{customer_city}}.", "Pune"),
        ("Score {{score}}.", "72"),
        ("Due {{due_date}}.", "3 May"),
        ("Due {{duedate}}.", None),
        ("Policy {{policy_number}}.", "P-9"),
        ("Key {{lead_id}}.", "LEAD-7"),
        ("By {{agent}}.", "Priya"),
        ("To {{email}}.", "ada@example.com"),
        ("To {{email_address}}.", "ada@example.com"),
        ("Call {{phone}}.", "+12025550140"),
        ("Call {{mobile_number}}.", "+12025550140"),
        # the person's name
        ("Hi {{first_name}}.", "Ada"),
        ("Hi {{firstname}}.", "Ada"),
        ("Hi {{customer_first_name}}.", "Ada"),
        ("Dear {{last_name}}.", "Byron"),
        ("Dear {{name}}.", "Ada Byron"),
        ("Dear {{full_name}}.", "Ada Byron"),
        ("Dear {{customer_name}}.", "Ada Byron"),
        ("Dear {{lead_name}}.", "Ada Byron"),
        # not certain, or not fit to be sent
        ("Your {{product}}.", None),
        ("Your {{order_number}}.", None),
        ("VIP {{is_vip}}.", None),
        ("At {{address}}.", None),
        ("Code {{otp}}.", None),
        ("Use {{password}}.", None),
        ("Note {{note}}.", "two lines"),
        ("Blank {{blank}}.", None),
        ("Long {{long}}.", None),
        ("By {{agent_name}}.", None),
        ("For {{product_name}}.", None),
        ("For {{company_name}}.", None),
        # numbered: only at a greeting
        ("Hi {{1}}, welcome.", "Ada"),
        ("Hi {{1}}! Welcome.", "Ada"),
        ("Hi *{{1}}*, welcome.", "Ada"),
        ("Hello {{1}}\nWelcome.", "Ada"),
        ("Dear {{1}}, welcome.", "Ada"),
        ("Hey {{1}} 👋 welcome.", "Ada"),
        ("👋 Hi {{1}}, welcome.", "Ada"),
        ("Good news.\nHi {{1}}, welcome.", "Ada"),
        ("Hola {{1}}, bienvenida.", "Ada"),
        ("Olá {{1}}, bem-vinda.", "Ada"),
        ("नमस्ते {{1}}, स्वागत है।", "Ada"),
        ("مرحبًا {{1}}، أهلا.", "Ada"),
        ("Welcome back, {{1}}!", "Ada"),
        ("Good morning {{1}}, welcome.", "Ada"),
        ("Hi {{1}} team, welcome.", None),
        ("Hi {{1}}{{2}}, welcome.", None),
        ("Hi, your order {{1}} is ready.", None),
        ("Your order {{1}} has left.", None),
        ("{{1}}, welcome.", None),
        ("Say hi to {{1}}, please.", None),
        ("Delhi {{1}}, welcome.", None),
        ("Hi {{1}}, {{1}} is ready.", None),
    ],
)
def test_variable_is_filled_only_where_that_is_certain(text: str, value: str | None) -> None:
    template = build_template(components=[build_body_component(text)])
    found = fill_from_record(template, Process.model_validate({"id": "1", "data": LEAD}))
    first = next(iter(template.variables))
    assert found.get(f"var_body_{first.name}") == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ({"name": "Kavya Iyer"}, "Kavya"),
        ({"name": "Kavya"}, "Kavya"),
        ({"full_name": "Kavya Lakshmi Iyer"}, "Kavya"),
        ({"name": "Iyer and Sons Private Limited"}, None),
        ({"firstname": "Kavya"}, "Kavya"),
        ({"lastname": "Iyer"}, None),
        ({"city": "Pune"}, None),
    ],
)
def test_first_name_comes_from_the_parts_of_the_name(
    data: dict[str, str], value: str | None
) -> None:
    template = build_template(components=[build_body_component("Hi {{1}}, welcome.")])
    found = fill_from_record(template, Process.model_validate({"id": "1", "data": data}))
    assert found.get("var_body_1") == value


def build_lead(key: str, **data: str) -> Recipient:
    process = Process.model_validate({"id": key, "data": data})
    return Recipient(RecipientKind.PROCESS, "", "", procedure="lead", key=key, process=process)


def test_another_lead_empties_what_the_first_one_filled() -> None:
    template = build_template(components=[build_body_component("Hi {{1}}, from {{2}}.")])
    form = refill(SendForm(), template, build_lead("1", firstname="Ada"))
    assert (form.values, form.filled_keys) == ({"var_body_1": "Ada"}, frozenset({"var_body_1"}))
    other = refill(form, template, build_lead("2", city="Pune"))
    assert (other.values, other.filled_keys) == ({}, frozenset())
    number = Recipient(RecipientKind.PHONE, "12025550140", "")
    assert refill(form, template, number).values == {}


def test_typed_and_emptied_fields_stay_as_they_are() -> None:
    template = build_template(components=[build_body_component("Hi {{1}}, from {{2}}.")])
    ada = build_lead("1", firstname="Ada")
    typed = SendForm(values={"var_body_1": "Countess"})
    assert refill(typed, template, ada).values == {"var_body_1": "Countess"}
    filled = refill(SendForm(), template, ada)
    emptied = SendForm(filled=filled.filled)
    assert refill(emptied, template, ada).values == {}
    changed = SendForm(values={"var_body_1": "Countess"}, filled=filled.filled)
    assert refill(changed, template, build_lead("2")).values == {"var_body_1": "Countess"}
