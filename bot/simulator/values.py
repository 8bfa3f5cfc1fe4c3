"""Which values a template's fields take, by the kind before the field's number (platform document B3)."""

import re
from typing import Final

HAN: Final = r"[\u4e00-\u9fff]"
MONTH, DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12][0-9]|3[01])"
DATE: Final = rf"[0-9]{{4}}(?:\u5e74{MONTH}\u6708{DAY}\u65e5|-{MONTH}-{DAY})"
HOUR: Final = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
RULES: Final = {
    "thing": r"[^\x00-\x1f\x7f]{1,20}",
    "character_string": r"[\x20-\x7e]{1,32}",
    "number": r"(?=.{1,32}\Z)[0-9]+(?:\.[0-9]+)?",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "phrase": rf"{HAN}{{1,5}}",
    "name": rf"(?:{HAN}|\u00b7){{1,10}}|[A-Za-z .'-]{{1,20}}",
    "time": rf"(?:{DATE} ?)?{HOUR}(?: ?~ ?(?:{DATE} ?)?{HOUR})?",
    "date": rf"{DATE}(?: ?{HOUR})?(?: ?~ ?{DATE}(?: ?{HOUR})?)?",
    "amount": r"[^\w\s]?[0-9]{1,10}(?:\.[0-9]{1,2})?\u5143?",
    "phone_number": r"[0-9+*() -]{1,17}",
    "car_number": r"\w{1,8}",
}
MATCHERS: Final = {kind: re.compile(rule).fullmatch for kind, rule in RULES.items()}


def takes(key: str, value: str) -> bool:
    """Whether the field may hold this. Fields of no known kind (`keyword1`) hold any text."""
    matches = MATCHERS.get(key.rstrip("0123456789"))
    return matches is None or matches(value) is not None
