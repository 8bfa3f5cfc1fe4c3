"""People with applications, without a store: they lead to every word that is said of progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.dialogue import Dialogue
from bot.wording import Wording
from handlers.affairs import EnteredDay
from handlers.alerts import Sending
from handlers.registry import TELLING
from handlers.reviews import Change
from knowledge.library import Library
from store.applications import Application, Step
from store.progress import Speaking
from tests.talk import WHOLE, incoming_text

NOW = datetime.fromisoformat("2023-06-12T10:00:00+08:00")
OPINION = "请修改：1、职业资格证书缺少照片页；2、照片不清楚"
CODE = "K7M2-9QXD"


def application(number: int = 1, **changes: Any) -> Application:
    """王五's, sent back two days ago; changes are fields."""
    sent_back = NOW - timedelta(days=2)
    values: dict[str, Any] = {
        "id": number,
        "unit_id": 1,
        "unit_name": "武汉重工锻造有限公司",
        "city": "武汉",
        "district": "东西湖区",
        "department": "",
        "notice": "wuhan-2023",
        "programme": "wuhan-gongjiang",
        "category": "武汉市工匠",
        "name": "王五",
        "declared_at": "2023-04-10 17:44",
        "unit_rank": "1",
        "district_rank": "",
        "status": "初审退回",
        "status_id": "returned",
        "phase": "returned",
        "opinion": OPINION,
        "exported_at": sent_back,
        "changed_at": sent_back,
        "gone_at": None,
        "contact_id": None,
        "return_id": number,
        "returned_at": sent_back,
        "mended_at": None,
        "history": tuple(
            Step(status=status, status_id="", opinion="", exported_at=sent_back)
            for status in ("进入初审", "初审退回")
        ),
    }
    return Application(**{**values, **changes})


def settled(number: int = 1, **changes: Any) -> Application:
    return application(
        number, **{"status": "进入初审", "opinion": "", "return_id": None, "returned_at": None, **changes}
    )


@dataclass
class Person:
    """What a person may ask of the store, as `handlers.affairs` says: a unit's contact, a candidate, or
    neither."""

    speaking: Sequence[Speaking] = ()
    own: Sequence[Application] = ()
    outcome: str = "offered"
    purposes: set[str] = field(default_factory=set)
    contact: int = 1
    wishes: Any = None
    entered: Any = None
    bulletins: Any = None
    talking: bool = False

    def __post_init__(self) -> None:
        self.entered = _Entered()

    @property
    def desk(self) -> _Desk:
        return _Desk(self.talking)

    def mine(self) -> Sequence[Any]:
        return ()

    def last_push(self) -> None:
        return None

    @property
    def units(self) -> Any:
        return self

    @property
    def privacy(self) -> Any:
        return self

    @property
    def progress(self) -> Any:
        return _Progress(self)

    def hashed(self, code: str) -> str:
        return code

    def offer(self, *, code_hash: str, counts: bool = True) -> Any:
        return type("Tried", (), {"outcome": "elsewhere"})

    def consents(self) -> frozenset[str]:
        return frozenset(self.purposes)

    def agree(self, *, purposes: Sequence[str], version: str) -> None:
        self.purposes.update(purposes)


class _Entered:
    """Nothing that staff have entered."""

    def days(self) -> dict[date, EnteredDay]:
        return {}


@dataclass
class _Asked:
    why: str = "asked"
    state: str = "talking"
    city: str = "武汉"
    district: str = "东西湖区"
    opened_at: datetime = NOW
    waits_since: datetime | None = None


@dataclass
class _Desk:
    """Staff who talk with the person, or nobody of them."""

    talking: bool

    def asked(self) -> _Asked | None:
        return _Asked() if self.talking else None

    def hours(self, *, city: str, district: str) -> None:
        return None


@dataclass
class _Progress:
    person: Person

    def units(self) -> Sequence[Speaking]:
        return self.person.speaking

    def own(self) -> Sequence[Application]:
        return self.person.own

    def mend(self, *, return_id: int) -> bool:
        return True

    def code(self, *, application: int) -> str:
        return CODE

    def look(self, *, code_hash: str, counts: bool) -> str:
        return self.person.outcome

    def redeem(self, *, code_hash: str) -> str:
        self.person.own = [application()]
        return "bound"


def speaking(
    *applications: Application, name: str = "武汉重工锻造有限公司", confirmed: bool = True
) -> Speaking:
    return Speaking(name=name, confirmed=confirmed, applications=applications)


def talk(dialogue: Dialogue, person: Person | None, *texts: str) -> list[str]:
    """What is said to a person's messages, one after the other."""
    state: str | None = None
    heard = []
    for text in texts:
        said = dialogue.turn(
            incoming_text(text, NOW), state, limit_bytes=WHOLE, real_seconds=0, affairs=person
        )
        state = said.state
        heard.append(said.text or "")
    return heard


def everything(dialogue: Dialogue, wording: Wording) -> None:
    """Every word of progress is said once."""
    gone, mended = settled(3, name="李四", gone_at=NOW), application(2, name="赵六", mended_at=NOW)
    hr = Person(speaking=[speaking(application(), mended, gone, application(4, opinion=""))])
    talk(dialogue, None, "我的进度")
    talk(dialogue, Person(), "我的进度", "退回意见", "进度码")
    talk(dialogue, Person(speaking=[speaking(confirmed=False)]), "我的进度", "进度码")
    talk(dialogue, hr, "我的进度", "退回意见", "已改好", "1", "进度码", "给王五开进度码", "给张三开进度码")
    talk(dialogue, Person(speaking=[speaking(), speaking(name="东湖精密机械厂")]), "我的进度", "2")
    talk(dialogue, Person(speaking=[speaking(settled())]), "我的进度", "退回意见", "已改好", "给王五开进度码")
    talk(dialogue, Person(outcome="wrong"), f"进度码 {CODE}")
    talk(dialogue, Person(outcome="paused"), f"进度码 {CODE}")
    talk(dialogue, Person(), CODE, "武汉工匠几号截止", "同意")
    talk(dialogue, Person(), CODE, "不同意")
    for template, values in ALERTS:
        told = tell(dialogue.library, template, values)
        wording.render(template, **told)
        wording.render(f"{template}.card", **told)


def change(**changes: Any) -> dict[str, Any]:
    """A change as an alert keeps it."""
    values = Change(
        application=1,
        unit=1,
        district="东西湖区",
        notice="wuhan-2023",
        programme="wuhan-gongjiang",
        category="武汉市工匠",
        name="王五",
        before="进入初审",
        status="初审退回",
        opinion=OPINION,
        return_id=1,
        contact=2,
        seats=2,
    )
    return asdict(replace(values, **changes))


MOVED = change(status="初审未通过", opinion="材料不符合条件", return_id=0, before="")
ALERTS: Sequence[tuple[str, dict[str, Any]]] = (
    ("status/returned", {"mine": False, "changes": [change(), MOVED]}),
    ("status/returned", {"mine": True, "changes": [change()]}),
    ("status/changed", {"mine": False, "changes": [MOVED]}),
    ("status/reminder", {"mine": False, "changes": [change()], "since": "2023-06-10T10:00:00+08:00"}),
)


def tell(library: Library, template: str, values: dict[str, Any], now: datetime = NOW) -> Any:
    """What a template shows of an alert at a moment."""
    handler = next(one for one in TELLING if one.name == "status")
    sending = Sending(template=template, values=values, now=now, library=library, unit="武汉重工锻造有限公司")
    return handler.tell(sending).values
