"""Lists one after the other: what differs, what is told to whom, and what is left to staff."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.announce import announce
from bot.desk import comparison, status
from bot.desk.comparison import Comparison, Delivered, Sort
from bot.desk.status import Applied
from handlers.alerts import Alert, Audience, Premise, Who
from store import seats, turns
from store.applications import Application
from store.database import Store
from store.schema import deliveries, metadata, staff_notes
from store.schema import returns as returns_table
from tests.databases import VAULT
from tests.desk.lists import EXPORTED, LIBRARY, OPINION, UNIT, delivered, entry, returned
from tests.store.scene import message, rows
from tests.store.units import DONGHU, WUZHONG, keep

NOW = EXPORTED + timedelta(hours=1)


async def seat(store: Store, name: str = UNIT, *, sender: str = "hr-1", confirmed: bool = True) -> int:
    """A contact of a unit; gives the contact's number."""
    async with store.work() as work:
        unit = next(one for one in await work.roster(city="武汉") if one.name == name)
        return await work.do(lambda session: sit(session, unit.id, sender, confirmed=confirmed))


def sit(session: Any, unit: int, sender: str, *, confirmed: bool) -> int:
    arrival = message(sender=sender, received_at=NOW)
    person = {"channel": arrival.channel, "account": arrival.account, "sender": sender}
    contact: int = session.run(turns.MEET, **person, created_at=NOW)[0]["id"]
    seats.sit(session, contact, unit, how="test", now=NOW, person=None, confirmed=confirmed)
    return contact


async def take(
    store: Store, given: Delivered, *, now: datetime | None = None
) -> tuple[Comparison, Applied | None]:
    async with store.work() as work:
        return await status.apply(work, given, now=now or given.exported_at + timedelta(hours=1))


async def known(store: Store, notice: str = "wuhan-2023") -> tuple[Application, ...]:
    async with store.work() as work:
        return await work.applications_of(notice=notice)


async def told(store: Store) -> list[dict[str, Any]]:
    """What was posted, with its content opened."""
    found = await rows(store, deliveries)
    for row in found:
        row["content"] = json.loads(VAULT.open("deliveries.content", row["content"]))
    return found


async def notes(store: Store) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in await rows(store, staff_notes):
        found.setdefault(row["kind"], []).append(json.loads(row["content"]))
    return found


def shown(found: Comparison) -> list[tuple[Sort, str]]:
    return [(one.sort, one.row.name) for one in found.differences]


async def test_what_is_new_changed_and_gone_is_shown_before_anything_is_kept(store: Store) -> None:
    await keep(store)
    await take(store, delivered(entry(), entry(name="李四")))
    async with store.work() as work:
        found = await comparison.compare(
            work, delivered(returned(), entry(name="赵六", declared_at="2023-04-11"), hours=1)
        )

    assert shown(found) == [(Sort.CHANGED, "王五"), (Sort.NEW, "赵六"), (Sort.GONE, "李四")]
    assert [one.status for one in await known(store)] == ["进入初审", "进入初审"]


async def test_the_same_list_twice_changes_and_sends_nothing(store: Store) -> None:
    await keep(store)
    await seat(store)
    await take(store, delivered(returned()))
    before = await told(store), await known(store), await rows(store, staff_notes)
    found, applied = await take(store, delivered(returned()))

    assert (found.empty, applied) == (True, None)
    assert (await told(store), await known(store), await rows(store, staff_notes)) == before


async def test_an_older_list_is_shown_and_not_taken(store: Store) -> None:
    await keep(store)
    await take(store, delivered(returned(), hours=2))
    found, applied = await take(store, delivered(entry(), hours=1))

    assert applied is None
    assert found.last == EXPORTED + timedelta(hours=2)
    assert shown(found) == [(Sort.STALE, "王五")]
    assert [one.status for one in await known(store)] == ["初审退回"]


async def test_a_newer_list_that_changes_nothing_still_makes_those_between_old(store: Store) -> None:
    await keep(store)
    await take(store, delivered(entry()))
    await take(store, delivered(entry(), hours=4))
    _, applied = await take(store, delivered(returned(), hours=2))

    assert applied is None


async def test_a_step_back_in_a_newer_list_is_a_true_change(store: Store) -> None:
    await keep(store)
    await seat(store)
    await take(store, delivered(entry(status="初审未通过")))
    await take(store, delivered(entry(status="进入初审"), hours=1))

    assert [row["content"]["changes"][0]["before"] for row in await told(store)] == ["", "初审未通过"]


async def test_several_changes_of_a_unit_are_one_message(store: Store) -> None:
    await keep(store)
    contact = await seat(store)
    people = [entry(name=f"申报人{n}", number=n) for n in range(12)]
    await take(store, delivered(*people))
    found = await told(store)

    assert [(row["contact_id"], row["kind"], row["template"]) for row in found] == [
        (contact, "status", "status/changed")
    ]
    assert len(found[0]["content"]["changes"]) == 12


async def test_a_return_is_told_at_once_and_again_after_one_and_two_working_days(store: Store) -> None:
    await keep(store)
    await seat(store)
    friday = datetime.fromisoformat("2023-06-09T15:00:00+08:00")
    await take(store, delivered(returned(), entry(name="李四"), hours=-72), now=friday)
    found = await told(store)

    assert [row["template"] for row in found] == ["status/returned", "status/reminder", "status/reminder"]
    assert {row["kind"] for row in found} == {"returned"}
    assert [row["due_at"].isoformat() for row in found[1:]] == [
        "2023-06-12T01:30:00+00:00",
        "2023-06-13T01:30:00+00:00",
    ]
    (open_,) = await rows(store, returns_table)
    assert json.loads(found[1]["premises"]) == [{"what": "return", "of": str(open_["id"]), "version": ""}]


async def test_names_and_opinions_are_sealed_wherever_they_are_kept(store: Store) -> None:
    await keep(store)
    await seat(store)
    await take(store, delivered(returned()))

    text = json.dumps([await rows(store, table) for table in metadata.sorted_tables], default=str)
    assert (
        "王五" not in json.loads(f'"{text}"')
        if False
        else "王五" not in text.encode().decode("unicode_escape")
    )


async def test_only_confirmed_contacts_hear_of_applicants(store: Store) -> None:
    await keep(store)
    await seat(store, confirmed=False)
    _, applied = await take(store, delivered(returned()))

    assert applied is not None
    assert applied.unheard == 1
    assert await told(store) == []
    assert (await notes(store))["status_unheard"] == [{"changes": 1, "notice": "wuhan-2023"}]


async def test_what_nobody_has_described_is_passed_on_word_for_word(store: Store) -> None:
    await keep(store)
    await seat(store)
    await take(store, delivered(entry(status="待 市局 复核", category="武汉市首席技师")))

    (change,) = (await told(store))[0]["content"]["changes"]
    assert (change["status"], change["category"], change["programme"]) == (
        "待 市局 复核",
        "武汉市首席技师",
        "",
    )
    left = await notes(store)
    assert left["status_unknown"] == [{"notice": "wuhan-2023", "status": "待 市局 复核"}]
    assert left["category_unknown"] == [{"category": "武汉市首席技师", "notice": "wuhan-2023"}]


async def test_a_unit_that_nobody_knows_is_proposed_and_told_once_staff_have_said_which(store: Store) -> None:
    await keep(store)
    await seat(store)
    name = "武汉重工锻造公司"
    found, applied = await take(store, delivered(returned(unit=name)))

    assert [unit.name for unit in found.proposals[name]] == [UNIT]
    assert applied is not None
    assert applied.unheard == 1
    (note,) = (await notes(store))["unit_unknown"]
    assert (note["unit"], [one["code"] for one in note["proposals"]]) == (name, [WUZHONG.code])
    assert await told(store) == []

    async with store.work() as work:
        unit = next(one for one in await work.roster(city="武汉") if one.name == UNIT)
        linked = await status.link(work, LIBRARY.notices["wuhan-2023"], name, unit, now=NOW)
    assert linked == 1
    assert (await told(store))[0]["template"] == "status/returned"

    again, _ = await take(store, delivered(entry(unit=name), entry(unit=name, name="李四"), hours=1))
    assert again.proposals == {}
    assert {one.unit_id for one in await known(store)} == {unit.id}


async def test_rows_that_contradict_each_other_are_left_to_staff(store: Store) -> None:
    await keep(store)
    await seat(store)
    both = delivered(entry(number=2), returned(number=3), entry(name="李四", number=4))
    found, _ = await take(store, both)

    assert [one.number for one in found.of(Sort.AMBIGUOUS)] == [2, 3]
    assert [one.name for one in await known(store)] == ["李四"]
    assert (await notes(store))["status_ambiguous"] == [
        {"notice": "wuhan-2023", "rows": [2, 3], "source": "list.xlsx"}
    ]


async def test_one_row_twice_is_one(store: Store) -> None:
    found, _ = await take(store, delivered(entry(), entry()))

    assert shown(found) == [(Sort.NEW, "王五")]


async def test_a_name_of_two_units_is_no_unit(store: Store) -> None:
    twin = type(WUZHONG)(
        code="914201007179000000",
        name=UNIT,
        city="武汉",
        district="汉阳区",
        department="",
        people=(),
    )
    await keep(store, WUZHONG, DONGHU, twin)
    found, _ = await take(store, delivered(entry()))

    assert [unit.code for unit in found.proposals[UNIT]] == [WUZHONG.code, twin.code]
    assert [one.unit_id for one in await known(store)] == [None]


async def test_spacing_and_width_make_nobody_another(store: Store) -> None:
    await keep(store)
    await take(store, delivered(entry()))
    found, _ = await take(
        store, delivered(entry(name=" 王 五", unit=f"{UNIT} ", category="武汉市 工匠"), hours=1)
    )

    assert found.of(Sort.NEW, Sort.CHANGED, Sort.GONE) == []


async def test_who_is_gone_hears_nothing_and_goes_on_when_shown_again(store: Store) -> None:
    await keep(store)
    await seat(store)
    await take(store, delivered(returned(), entry(name="李四")))
    await take(store, delivered(entry(name="李四"), hours=1))
    assert [row["closed_at"] is None for row in await rows(store, returns_table)] == [False]
    assert len((await notes(store))["status_gone"]) == 1
    posted = len(await told(store))
    await take(store, delivered(returned(), entry(name="李四"), hours=2))

    assert len(await told(store)) == posted
    assert [row["closed_at"] for row in await rows(store, returns_table)] == [None]
    assert [one.gone_at for one in await known(store)] == [None, None]


async def test_a_link_instead_of_the_opinion_takes_no_opinion_away(store: Store) -> None:
    await keep(store)
    await seat(store)
    await take(store, delivered(returned()))
    posted = len(await told(store))
    await take(store, delivered(returned(opinion=""), hours=1))

    assert [one.opinion for one in await known(store)] == [OPINION]
    assert len(await told(store)) == posted


async def test_another_opinion_is_another_return(store: Store) -> None:
    await keep(store)
    await take(store, delivered(returned()))
    await take(store, delivered(returned(opinion="还缺公示材料"), hours=1))

    assert [row["closed_at"] is None for row in await rows(store, returns_table)] == [False, True]


async def test_a_districts_list_says_nothing_of_the_others(store: Store) -> None:
    await keep(store)
    await take(store, delivered(entry(), district="武昌区"))
    await take(store, delivered(entry(name="李四"), district="汉阳区", hours=-1))

    assert [(one.name, one.gone_at) for one in await known(store)] == [("王五", None), ("李四", None)]


async def test_a_part_of_a_list_says_nothing_of_who_is_missing_and_takes_nothing_back(store: Store) -> None:
    await keep(store)
    await take(store, delivered(entry(), entry(name="李四")))
    await take(store, delivered(returned(), hours=2, whole=False))
    found, _ = await take(store, delivered(entry(), hours=1, whole=False))

    assert shown(found) == [(Sort.STALE, "王五")]
    assert [one.status for one in await known(store)] == ["初审退回", "进入初审"]


async def test_a_unit_has_handed_in_while_nothing_is_left_to_mend(store: Store) -> None:
    await keep(store)
    await seat(store)
    alert = Alert(
        kind="reminder",
        template="status/reminder",
        values={},
        audience=Audience(who=Who.UNITS, city="武汉", confirmed=True),
        occasion="near",
        due_at=NOW,
        not_after=NOW + timedelta(days=1),
        premises=[Premise(what="unsubmitted", of="wuhan-2023")],
    )

    async def reminded(occasion: str) -> int:
        async with store.work() as work:
            return await announce(work, [replace(alert, occasion=occasion)], NOW)

    assert await reminded("nothing handed in") == 1
    await take(store, delivered(entry(), entry(name="李四")))
    assert await reminded("handed in") == 0
    await take(store, delivered(entry(), returned(name="李四"), hours=1))
    assert await reminded("sent back") == 1
    await take(store, delivered(entry(), hours=2))
    assert await reminded("withdrawn") == 0
    await take(store, delivered(entry(name="赵六"), hours=3))
    await take(store, delivered(entry(name="钱七", unit=DONGHU.name), hours=4))
    assert await reminded("gone") == 1


async def test_wuxi_goes_by_the_same_way(store: Store) -> None:
    for hours, word in enumerate(
        ["初审", "初核", "复核", "专家评审", "入围", "现场考察", "公示", "认定命名"]
    ):
        one = entry(category="技能大师工作室", status=word, unit="无锡某厂", department="惠山区人社局")
        await take(store, delivered(one, notice="wuxi-2024", hours=hours))

    (found,) = await known(store, "wuxi-2024")
    assert (found.programme, found.district, found.phase) == ("wuxi-studio", "惠山区", "done")
    assert "status_unknown" not in await notes(store)


PEOPLE = ("王五", "李四", "赵六")
STATUSES = ("进入初审", "初审退回", "初审未通过", "别的状态")
LISTS = st.lists(
    st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(STATUSES), min_size=1), min_size=1, max_size=4
)


def listed(people: dict[str, str], hours: int) -> Delivered:
    rows = [
        entry(name=name, status=word, opinion=OPINION if word == "初审退回" else "")
        for name, word in people.items()
    ]
    return delivered(*rows, hours=hours)


def standing(found: Sequence[Application]) -> dict[str, tuple[str, str, bool]]:
    return {
        one.name: (one.status, one.opinion, one.return_id is not None) for one in found if not one.gone_at
    }


@given(lists=LISTS, order=st.randoms(use_true_random=False))
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
async def test_lists_in_any_order_come_to_what_the_last_one_says(
    lists: list[dict[str, str]], order: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In order of time each list leaves what it says; shuffled, none takes back what a later one has said."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('law')}/law.db"
    last = {
        name: (word, OPINION if word == "初审退回" else "", word == "初审退回")
        for name, word in lists[-1].items()
    }
    store = await Store.open(url, VAULT)
    for hours, people in enumerate(lists):
        await take(store, listed(people, hours))
    assert standing(await known(store)) == last
    shuffled = list(enumerate(lists))
    order.shuffle(shuffled)
    for hours, people in shuffled:
        await take(store, listed(people, hours), now=NOW + timedelta(days=9))
    assert standing(await known(store)) == last
    await store.close()

    other = await Store.open(f"{url}.other", VAULT)
    for hours, people in shuffled:
        await take(other, listed(people, hours))
    assert standing(await known(other)) == last
    await other.close()
