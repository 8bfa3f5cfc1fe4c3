"""What the fields of the platform's templates hold, and how words are made to fit (platform document B3).

A field's name begins with its type: `thing1` holds a thing. Types without a rule hold any text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

LINES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "subject": "thing",
        "unit": "thing",
        "matter": "thing",
        "when": "time",
        "state": "thing",
        "note": "thing",
    }
)
"""The lines that a card's template writes, and the type of field that takes whatever stands there."""

_HAN: Final = r"[\u4e00-\u9fff]"
_MONTH, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12][0-9]|3[01])"
_DATE: Final = rf"[0-9]{{4}}(?:\u5e74{_MONTH}\u6708{_DAY}\u65e5|-{_MONTH}-{_DAY})"
_HOUR: Final = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_DOTS: Final = "…"
_CLAUSE_ENDS: Final = "，。；：、！？）」』》,;:!?)"
_LEAST_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Rule:
    """What a type of field takes: at most `longest` characters, all of a form. `words` may be cut."""

    longest: int
    form: str = r"[^\x00-\x1f\x7f]+"
    words: bool = False


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "thing": Rule(20, words=True),
        "character_string": Rule(32, r"[\x20-\x7e]+"),
        "number": Rule(32, r"[0-9]+(?:\.[0-9]+)?"),
        "letter": Rule(32, r"[A-Za-z]+"),
        "symbol": Rule(5, r"[^\w\s]+"),
        "phrase": Rule(5, rf"{_HAN}+"),
        "name": Rule(20, rf"(?:{_HAN}|\u00b7){{1,10}}|[A-Za-z .'-]{{1,20}}"),
        "time": Rule(40, rf"(?:{_DATE} ?)?{_HOUR}(?: ?~ ?(?:{_DATE} ?)?{_HOUR})?"),
        "date": Rule(40, rf"{_DATE}(?: ?{_HOUR})?(?: ?~ ?{_DATE}(?: ?{_HOUR})?)?"),
        "amount": Rule(15, r"[^\w\s]?[0-9]{1,10}(?:\.[0-9]{1,2})?\u5143?"),
        "phone_number": Rule(17, r"[0-9+*() -]+"),
        "car_number": Rule(8, r"\w+"),
    }
)
_ANY: Final = Rule(200, words=True)
CONST: Final = "const"


class Misfit(ValueError):
    """A value that its field does not take; `field` is the field's name."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} does not take this value")
        self.field = field


def type_of(field: str) -> str:
    """`thing` of `thing1`."""
    return field.rstrip("0123456789")


def fitted(field: str, value: str, choices: Collection[str] = ()) -> str:
    """The value as the field takes it: words are shortened, all else is as it is or a `Misfit`.

    `choices` are the values of a `const` field.
    """
    value = " ".join(value.split())
    kind = type_of(field)
    if kind == CONST:
        if value in choices:
            return value
        raise Misfit(field)
    rule = RULES.get(kind, _ANY)
    if rule.words:
        value = shortened(value, rule.longest)
    if len(value) <= rule.longest and re.fullmatch(rule.form, value):
        return value
    raise Misfit(field)


def shortened(text: str, longest: int) -> str:
    """`text` in at most `longest` characters: whole clauses where half of the room holds one, else whole
    words; never a piece of a number, which would be another number."""
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    clause = max(head.rfind(sign) for sign in _CLAUSE_ENDS)
    if clause >= longest * _LEAST_SHARE:
        return head[:clause].rstrip(_CLAUSE_ENDS + " ") + _DOTS
    word = re.sub(r"[0-9A-Za-z][0-9A-Za-z.,:/%-]*$", "", head).rstrip(_CLAUSE_ENDS + " ")
    return (word or head) + _DOTS
