"""The typed facts of a notice: what it says, each fact with the clause it stands on.

Every type is immutable and is filled from YAML by `knowledge.library`. `docs/notices.md` tells
authors what to write where. Dates are China's (Asia/Shanghai); money is whole yuan.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

CHINA = ZoneInfo("Asia/Shanghai")

PHONE = re.compile(r"(0\d{2,3}-)?\d{7,8}(-\d{1,6})?|1[3-9]\d{9}")
"""A number to dial: 0510-81822591, 83919071, 0510-83597000-87521 or 18019306941."""
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00)))?")
_DASHES = re.compile(r"[-‐-―－]+")


def _one_or_many(value: object) -> object:
    """One text for a list of one; a bare number among texts is meant as text."""
    if isinstance(value, list):
        return [str(item) if isinstance(item, int) and not isinstance(item, bool) else item for item in value]
    return (value,) if isinstance(value, str) else value


Strings = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]


class Aspect(StrEnum):
    """What can be asked of a notice."""

    ELIGIBILITY = "eligibility"
    EXCLUSION = "exclusion"
    DEADLINE = "deadline"
    TIMELINE = "timeline"
    MATERIALS = "materials"
    PROCEDURE = "procedure"
    WHERE_TO_APPLY = "where_to_apply"
    QUOTA = "quota"
    AWARD_COUNT = "award_count"
    SUPPORT_MONEY = "support_money"
    CONTACT = "contact"
    ADDRESS = "address"
    SYSTEM_MANUAL = "system_manual"
    REVIEW_STATUS = "review_status_meaning"
    FORMS = "forms"
    SITE_VISIT = "site_visit"
    ONE_CASE = "one_case_one_discussion"
    RENAMING = "renaming"
    DUPLICATES = "duplicate_rules"
    COMPARE = "compare"
    DISTRICT_ROUTING = "district_routing"
    SELFCHECK = "selfcheck_start"
    REQUIREMENTS = "requirements"
    ABOUT = "about"


class Record(BaseModel):
    """Immutable, and strict about what it is given: an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)


class Clause(Record):
    """One numbered piece of the source text, word for word.

    `id` is the ordinal path that people quote: `二（一）4`, `附件5·二`, `手册1.3.2`. Clauses of all a
    notice's parts follow one another as in the source, and together they are the source.
    """

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    cite: str = ""

    @property
    def citation(self) -> str:
        """The clause as a reply cites it: `二（一）第4项`."""
        return self.cite or re.sub(r"(?<=）)(\d+)", r"第\1项", self.id)


class Basis(Record):
    """A document that the notice rests on and that this library does not hold."""

    doc_no: str
    title: str = ""
    clause: Strings


class Programme(Record):
    """A title or a studio that one may be selected for.

    `names` are further full names and the short forms people use; `old_names` are former official
    names. `subject` is who is judged: a person, or a studio with its leader and host.
    """

    id: str
    name: str
    names: Strings = ()
    old_names: Strings = ()
    edition: str
    subject: Literal["person", "studio"]
    clause: Strings


class Fact(Record, ABC):
    """One thing that the notice says.

    `clause` names its clauses; `programmes` those it holds for (none: the whole notice); `about` the
    matters of the shared vocabulary that it answers; `words` are further words by which people ask
    for it; `say` is the fact in plain words, with no figure that the clauses lack but what it `reckons`
    of theirs (10×1.2＝12); `quote` is verbatim. `region` limits a fact to a district.
    """

    id: str
    clause: Strings = Field(min_length=1)
    programmes: Strings = ()
    about: Strings = Field(min_length=1)
    words: Strings = ()
    say: str
    reckons: Strings = ()
    quote: str = ""
    region: str = ""

    @property
    @abstractmethod
    def aspect(self) -> Aspect:
        """The question that this fact answers before all others."""


class Condition(Fact):
    """Who may apply. `role`: `all` must be met, of `any` one per `group`, `soft` is a tendency,
    `judged` is for the jury alone, `exclusion` bars, `preference` helps, `host` binds the unit."""

    role: Literal["all", "any", "soft", "judged", "exclusion", "preference", "host", "slot"]
    group: str = ""

    @property
    def aspect(self) -> Aspect:
        return Aspect.EXCLUSION if self.role == "exclusion" else Aspect.ELIGIBILITY


def _china_instant(value: object) -> object:
    """`2024-07-14` or `2024-07-14T18:00`, up to T24:00; the end of a day is the next 00:00."""
    if not isinstance(value, str):
        return value
    match = _MOMENT.fullmatch(value)
    if not match:
        raise ValueError("a moment is written YYYY-MM-DD or YYYY-MM-DDTHH:MM, China's time, up to T24:00")
    day = datetime.fromisoformat(match[1]).replace(tzinfo=CHINA)
    if match[2] is None:
        return day + timedelta(days=1)  # a bare day, or its 24:00
    return day + timedelta(hours=int(match[2]), minutes=int(match[3]))


def _china_day(value: object) -> object:
    """A day only as `YYYY-MM-DD`: YAML's own dates would hide malformed ones."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("a day is written YYYY-MM-DD")
    return value


Instant = Annotated[datetime, BeforeValidator(_china_instant)]
Day = Annotated[date, BeforeValidator(_china_day)]


class Stage(Fact):
    """A step of the season: who does what until when.

    `until` is the exclusive end of the period (24:00 of a day is 00:00 of the next). `opens` and
    `closes` bound a stage that the notice gives without a day (上旬, 9月底前); then `vague` is true
    and no countdown may be made. `binds`: the applicant's side or an office. `disputed` tells
    what the wording leaves open (whether 27日前 includes the 27th), `safe_day` what is safe then.
    `late`: what befalls whoever comes after the end. `within`, of a stage for one district: the city's stage
    that it is a nearer date for.
    """

    name: str
    actor: str
    binds: Literal["applicant", "office"]
    order: int
    until: Instant | None = None
    opens: Day | None = None
    closes: Day | None = None
    vague: bool = False
    as_written: str
    disputed: str = ""
    safe_day: Day | None = None
    late: str = ""
    within: str = ""

    @model_validator(mode="after")
    def _has_a_time(self) -> Stage:
        if self.vague == (self.until is not None):
            raise ValueError("a stage has either `until`, or `vague: true` with `opens` and `closes`")
        if self.vague and not (self.opens and self.closes):
            raise ValueError("a vague stage needs `opens` and `closes`")
        if self.opens and self.opens > self.last_day:
            raise ValueError("`opens` comes after the stage's last day")
        if self.safe_day and self.safe_day > self.last_day:
            raise ValueError("`safe_day` comes after the stage's last day")
        return self

    @property
    def ends(self) -> datetime:
        """The exclusive end; for a vague stage the end of its last possible day."""
        if self.until is not None:
            return self.until
        assert self.closes is not None  # the validator above saw to it
        return datetime.combine(self.closes, datetime.min.time(), CHINA) + timedelta(days=1)

    @property
    def last_day(self) -> date:
        """The last day within the stage, as people name it (24:00 of the 14th: the 14th)."""
        return (self.ends - timedelta(microseconds=1)).date()

    @property
    def counted_from(self) -> date:
        """The last day on which one is surely in time: the day that days are counted to."""
        return self.safe_day or self.last_day

    @property
    def aspect(self) -> Aspect:
        return Aspect.DEADLINE if self.binds == "applicant" else Aspect.TIMELINE


class SubLimit(Record):
    """A ceiling within a quota: 紫砂类不超过1人."""

    of: str
    at_most: int
    unit: str


class Quota(Fact):
    """How many a body may recommend; `total` marks the table's own sum."""

    body: str
    bodies: Strings = ()
    count: int = Field(ge=0)
    unit: str
    sub_limits: tuple[SubLimit, ...] = ()
    total: bool = False

    @field_validator("programmes")
    @classmethod
    def _one_programme(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) != 1:
            raise ValueError("a quota is for exactly one programme")
        return value

    @property
    def aspect(self) -> Aspect:
        return Aspect.QUOTA


class Award(Fact):
    """How many are selected in the end; `word` is the notice's own vagueness: 左右, 以上."""

    count: int = Field(gt=0)
    unit: str
    word: str = ""

    @property
    def aspect(self) -> Aspect:
        return Aspect.AWARD_COUNT


class Money(Fact):
    """A sum and who gets it, `amount` in yuan; `cap` bounds what repeats."""

    amount: int | None = None
    to: str
    when: str
    cap: int | None = None

    @property
    def aspect(self) -> Aspect:
        return Aspect.SUPPORT_MONEY


class Phone(Record):
    """A number as printed and as dialled; `note` where the notice leaves something out."""

    shown: str
    dial: str
    note: str = ""

    @field_validator("dial")
    @classmethod
    def _well_formed(cls, value: str) -> str:
        if not PHONE.fullmatch(value):
            raise ValueError(
                "a number to dial is written 0510-81822591, 83919071, 0510-83597000-87521 or 18019306941"
            )
        return value

    @model_validator(mode="after")
    def _same_number(self) -> Phone:
        printed = re.sub(r"\D", "", _DASHES.sub("-", self.shown))
        if not re.sub(r"\D", "", self.dial).endswith(printed):
            raise ValueError(f"`dial` must hold the digits of `shown` ({printed})")
        return self


class Contact(Fact):
    """An office or a line to ask. `role` says for what: the city, a district, the platform's support…"""

    office: str
    role: Literal["city", "district", "centre", "platform", "account"]
    people: Strings = ()
    phones: tuple[Phone, ...] = ()
    address: str = ""
    purpose: str = ""

    @property
    def aspect(self) -> Aspect:
        return Aspect.CONTACT


class Limit(Record):
    """What an item may not exceed: 2000 字, 5 张, 近五年 (5 年)."""

    of: str
    at_most: int
    unit: str


class Material(Fact):
    """Something to hand in: by whom, over which way, with which limits."""

    item: str
    way: Literal["online", "offline", "both"]
    group: str = ""
    limits: tuple[Limit, ...] = ()

    @property
    def aspect(self) -> Aspect:
        return Aspect.MATERIALS


class Place(Fact):
    """Where to apply or to fetch forms: a web address or a counter.

    A `closed_to_public` place is reached from an office network alone; it is never offered to a person
    as the way to apply.
    """

    name: str
    way: Literal["online", "offline"]
    url: str = ""
    closed_to_public: bool = False

    @property
    def aspect(self) -> Aspect:
        return Aspect.WHERE_TO_APPLY


class Step(Fact):
    """A step of a procedure (`guide` says which), in order."""

    guide: str
    order: int
    system: bool = False

    @property
    def aspect(self) -> Aspect:
        return Aspect.SYSTEM_MANUAL if self.system else Aspect.PROCEDURE


class Status(Fact):
    """A review status as a screen of the manual shows it; `review.yaml` says what it comes to."""

    name: str
    actions: Strings = ()

    @property
    def aspect(self) -> Aspect:
        return Aspect.REVIEW_STATUS


class Form(Fact):
    """A form among the annexes: its title, what it is for, its fields or contents in order."""

    annex: str
    title: str
    fields: Strings = ()

    @property
    def aspect(self) -> Aspect:
        return Aspect.FORMS


class Provision(Fact):
    """Any other thing that the notice lays down, under the aspect it answers."""

    kind: Aspect

    @property
    def aspect(self) -> Aspect:
        return self.kind


class Silence(Record):
    """Something people ask and this notice does not say; `near` are the nearest facts it does hold.

    Without an entry a matter that no fact is about is silent all the same; an entry adds words of its
    own (`say`) or what to show beside it.
    """

    id: str
    about: Strings = Field(min_length=1)
    programmes: Strings = ()
    say: str = ""
    near: Strings = ()


class Header(Record):
    """What a notice is; `parent` names the notice that a district's relay adds to, `edition_words` are
    further words for this edition."""

    id: str = Field(pattern=r"[a-z0-9]+(-[a-z0-9]+)*")
    title: str
    short: str
    doc_no: str = ""
    issuer: str
    issued: Day
    city: str
    cities: Strings = ()
    district: str = ""
    edition: str
    edition_words: Strings = ()
    year: int
    parent: str = ""
    supersedes: str = ""
    annexes: Strings = ()
    basis: tuple[Basis, ...] = ()
    programmes: tuple[Programme, ...] = ()


FACT_FILES: dict[str, type[Fact]] = {
    "conditions": Condition,
    "stages": Stage,
    "quotas": Quota,
    "awards": Award,
    "money": Money,
    "contacts": Contact,
    "materials": Material,
    "places": Place,
    "steps": Step,
    "statuses": Status,
    "forms": Form,
    "provisions": Provision,
}
"""File name (without `.yaml`) to the type of its rows."""
