"""Kinds of messages and the templates chosen for them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bot.cards import Misfit
from bot.channels.contract import Card
from bot.kinds import ROWS, Kinds, Template
from bot.settings import Settings, SettingsError, load
from store.records import Path

REMINDER = {
    "id": "t1",
    "fields": {"unit": "thing1", "when": "time2", "state": "phrase3"},
    "otherwise": {"phrase3": "见详情"},
}
LINES = {"unit": "无锡某厂", "when": "2024年7月5日 17:00", "state": "待申报", "note": "回复“详情”看全文"}


def kinds(**templates: Any) -> Kinds:
    return Kinds(Settings(templates=templates).templates)


def test_every_kind_ends_with_a_path_and_names_each_once() -> None:
    assert {
        "reply",
        "reminder",
        "status",
        "returned",
        "notice",
        "correction",
        "news",
        "binding",
        "answer",
        "test",
    } == set(ROWS)
    for row in ROWS.values():
        assert row.paths
        assert len(set(row.paths)) == len(row.paths)
        assert Path.CALL not in row.paths[:-1]


def test_templates_belong_to_kinds_and_paths() -> None:
    made = kinds(reminder={"template": REMINDER, "subscribe": {"id": "s1", "fields": {"note": "thing1"}}})
    kind = made.without((), mail=True)["reminder"]
    assert kind.templates == {Path.TEMPLATE: "t1", Path.SUBSCRIBE: "s1"}
    assert made.without(["t1"], mail=True)["reminder"].templates == {Path.SUBSCRIBE: "s1"}
    assert made.without((), mail=True)["status"].templates == {}


def test_without_a_mail_server_nothing_goes_by_mail() -> None:
    assert Path.EMAIL in kinds().without((), mail=True)["reminder"].paths
    assert Path.EMAIL not in kinds().without((), mail=False)["reminder"].paths


def test_a_card_fills_the_fields() -> None:
    made = kinds(reminder={"template": REMINDER})
    fields = {"thing1": "无锡某厂", "time2": "2024年7月5日 17:00", "phrase3": "待申报"}
    assert made.card("reminder", Path.TEMPLATE, LINES, "https://x") == Card(
        template_id="t1", fields=fields, url="https://x"
    )
    otherwise = made.card("reminder", Path.TEMPLATE, {**LINES, "state": "专家评审未通过"})
    assert otherwise.fields["phrase3"] == "见详情"
    with pytest.raises(Misfit):
        made.card("reminder", Path.TEMPLATE, {**LINES, "when": "月底"})
    with pytest.raises(Misfit, match="time2"):
        made.card("reminder", Path.TEMPLATE, {"unit": "无锡某厂"})


@pytest.mark.parametrize(
    "templates",
    [
        {"gossip": {"template": REMINDER}},
        {"binding": {"subscribe": REMINDER}},
        {"reminder": {"mass": REMINDER}},
        {"reminder": {"template": {**REMINDER, "id": ""}}},
        {"reminder": {"template": {**REMINDER, "fields": {}}}},
        {"reminder": {"template": {**REMINDER, "fields": {"colour": "thing1"}}}},
        {"reminder": {"template": {**REMINDER, "fields": {"state": "const1"}}}},
        {"reminder": {"template": {**REMINDER, "fields": {"unit": "thing1", "note": "thing1"}}}},
        {"reminder": {"template": {**REMINDER, "otherwise": {"phrase3": "see details"}}}},
    ],
)
def test_a_template_that_cannot_be_used_is_a_fault(templates: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(templates=templates)


def test_templates_come_as_json_in_the_environment() -> None:
    text = '{"news": {"subscribe": {"id": "s1", "lasting": true, "fields": {"subject": "thing1"}}}}'
    made = Kinds(load({"JIANGWEN_TEMPLATES": text}).templates)
    assert made.lasting == {"s1"}
    with pytest.raises(SettingsError, match="JIANGWEN_TEMPLATES"):
        load({"JIANGWEN_TEMPLATES": "{"})


def test_the_account_is_held_against_the_settings() -> None:
    made = kinds(
        reminder={"template": REMINDER},
        status={"template": {"id": "t2", "fields": {"when": "thing1", "subject": "date2"}}},
        news={"template": {"id": "t9", "fields": {"note": "thing1"}}},
    )
    forms = {"t1": ("thing1", "time2", "phrase3"), "t2": ("thing1", "thing4")}
    assert list(made.faults(Path.TEMPLATE, forms)) == [
        "status: the template t2 has no field date2",
        "status: nothing fills the field thing4 of the template t2",
        "news: the account has no template template t9",
        "status: date2 does not take every subject: say what stands there otherwise",
    ]
    assert list(made.faults(Path.SUBSCRIBE, {})) == []


def test_a_template_is_shown_as_it_is() -> None:
    assert Template.model_validate(REMINDER).filled(LINES)["thing1"] == "无锡某厂"
