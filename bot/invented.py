"""What the demo's town is made of (`demo.yaml`), its units and their people: invented, and always alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict
from stdnum.cn import uscc

from knowledge import yaml_source
from store.records import Role
from store.rosters import Listing, Registration

_FILE: Final = Path(__file__).with_name("demo.yaml")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Row):
    """Where so many units are."""

    city: str
    notice: str
    prefix: str
    code: str
    districts: tuple[str, ...]
    streets: tuple[str, ...] = ("",)
    units: int
    department: str


class Bound(_Row):
    """A contact who has bound a unit, and what they say the day before and on the morning."""

    unit: int
    before: tuple[str, ...]
    says: tuple[str, ...]


class Claim(_Row):
    """Somebody who asks to be bound; `known`: by the phone that the roster has."""

    unit: int
    known: bool
    says: tuple[str, ...]


class Account(_Row):
    """An account of the console."""

    login: str
    name: str
    role: Role
    city: str
    districts: tuple[str, ...]


class Application(_Row):
    """A row of the platform's export: its status the day before (empty: not there yet) and on the morning."""

    category: str
    name: str
    unit: int
    named: str = ""
    days: int
    before: str
    status: str
    opinion: str


class Text(_Row):
    """What staff write to many."""

    title: str
    body: str
    receipt: bool = False


class Kept(_Row):
    """A list of the first units, and the tag that they have by it."""

    name: str
    tag: str
    units: int


class Answer(_Row):
    """What staff answer; `title` where they do so often."""

    title: str = ""
    text: str


class Card(_Row):
    """The one template of the simulator's account, and which line fills which field."""

    id: str
    title: str
    fields: Mapping[str, str]
    otherwise: Mapping[str, str]
    content: str


class Words(_Row):
    """All that the town is made of."""

    notices: tuple[Place, ...]
    heads: tuple[str, ...]
    trades: tuple[str, ...]
    tail: str
    surnames: tuple[str, ...]
    given: tuple[str, ...]
    phone: str
    bound: tuple[Bound, ...]
    agrees: str
    claims: tuple[Claim, ...]
    password: str
    accounts: tuple[Account, ...]
    roster: tuple[str, ...]
    headings: tuple[str, ...]
    applications: tuple[Application, ...]
    opinions: tuple[str, ...]
    told: Text
    waits: Text
    list: Kept
    template: Text
    answer: Answer
    canned: tuple[Answer, ...]
    hours: tuple[tuple[str, str], ...]
    card: Card
    kinds: tuple[str, ...]

    @classmethod
    def read(cls) -> Words:
        """From the file."""
        return cls.model_validate(yaml_source.read(_FILE).value)


def units_of(words: Words) -> Iterator[Registration]:
    """So many units for each place, with one contact each."""
    names = product(words.trades, words.heads)
    people = product(words.given, words.surnames)
    for place in words.notices:
        for number, (trade, head) in enumerate(islice(names, place.units)):
            district = place.districts[number % len(place.districts)]
            given, surname = next(people)
            body = f"{place.code}MA{number:07d}"
            phone = f"{words.phone}{int(place.code[-4:]) % 10}{number:03d}"
            yield Registration(
                code=body + uscc.calc_check_digit(body),
                name=f"{place.prefix}{head}{trade}{words.tail}",
                city=place.city,
                district=district,
                department=place.department.format(district=district),
                street=place.streets[number % len(place.streets)],
                people=(Listing(name=surname + given, phone=phone),),
            )
