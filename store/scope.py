"""Which rows a member of staff may see: the one place where city and district become a condition.

A statement that reads or changes something of a place takes `within(table.c.city, table.c.district)` into its
WHERE and is run with `**scope.values`. What is outside does not exist for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, and_, bindparam, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


@dataclass(frozen=True, slots=True)
class Scope:
    """Districts of a city; no district stands for the whole city, no city for all of them."""

    city: str = ""
    districts: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, str]:
        """What `within` needs when a statement is run."""
        return {"scope_city": self.city, "scope_districts": json.dumps(self.districts, ensure_ascii=False)}

    def holds(self, city: str, district: str = "") -> bool:
        """Whether something of this place is inside; what belongs to a whole city is in no district."""
        return not self.city or (city == self.city and (not self.districts or district in self.districts))

    def covers(self, other: Scope) -> bool:
        """Whether all that `other` sees is inside."""
        if not other.districts:
            return not self.city or (other.city == self.city and not self.districts)
        return all(self.holds(other.city, district) for district in other.districts)


EVERYWHERE: Final = Scope()


class _Texts(GenericFunction[Any]):
    """A JSON array of texts as a table with the column `value`."""

    name = "texts"
    inherit_cache = True


@compiles(_Texts, "postgresql")
def _texts_postgresql(element: _Texts, compiler: Any, **options: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS JSON))"


@compiles(_Texts, "sqlite")
def _texts_sqlite(element: _Texts, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


def within(city: ColumnElement[str], district: ColumnElement[str] | None = None) -> ColumnElement[bool]:
    """The condition that a row is inside `Scope.values`; without `district`, that it is of the city."""
    wanted, several = bindparam("scope_city", type_=Text), bindparam("scope_districts", type_=Text)
    if district is None:
        return or_(wanted == "", city == wanted)
    return or_(
        wanted == "",
        and_(
            city == wanted,
            or_(several == "[]", district.in_(select(_Texts(several).table_valued("value").c.value))),
        ),
    )
