"""How far sweeps have come, and the knowledge that everybody was told of.

A sweep takes its cursor first: on PostgreSQL the row stays locked until the transaction ends, so that of
several processes that tick at once each slot is one's alone; on SQLite there is one writer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite's compiler reads its ON CONFLICT as well

from store.engine import Session
from store.schema import known_stages, sweeps

_begun = insert(sweeps).values(name=bindparam("name"), done_until=bindparam("now"))
SINCE: Final = _begun.on_conflict_do_update(
    index_elements=["name"], set_={"done_until": sweeps.c.done_until}
).returning(sweeps.c.done_until)
DONE: Final = (
    update(sweeps).where(sweeps.c.name == bindparam("of_name")).values(done_until=bindparam("until"))
)
KNOWN: Final = select(known_stages.c.stage, known_stages.c.notice, known_stages.c.until)
_learnt = insert(known_stages).values({column: bindparam(column.name) for column in known_stages.c})
LEARN: Final = _learnt.on_conflict_do_update(
    index_elements=["stage"],
    set_={name: _learnt.excluded[name] for name in ("notice", "until", "seen_at")},
)
FORGET: Final = delete(known_stages).where(known_stages.c.stage == bindparam("of_stage"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStage:
    """A stage as it was when reminders were last planned: `until` is its end (ISO)."""

    notice: str
    until: str


def since(session: Session, *, name: str, now: datetime) -> datetime:
    """Up to when a sweep has done its work, `now` for one that begins; the caller has the sweep until its
    transaction ends."""
    done_until: datetime = session.run(SINCE, name=name, now=now)[0]["done_until"]
    return done_until


def done(session: Session, *, name: str, until: datetime) -> None:
    """The sweep has done its work up to `until`."""
    session.run(DONE, of_name=name, until=until)


def stages_known(session: Session) -> Mapping[str, KnownStage]:
    """The stages that everybody was told of, by `<notice>/<stage>`."""
    return {row["stage"]: KnownStage(notice=row["notice"], until=row["until"]) for row in session.run(KNOWN)}


def know_stages(session: Session, *, stages: Mapping[str, KnownStage], now: datetime) -> None:
    """These are the stages now; what is no longer among them is forgotten."""
    known = stages_known(session)
    for id_ in known.keys() - stages.keys():
        session.run(FORGET, of_stage=id_)
    for id_, stage in stages.items():
        if known.get(id_) != stage:
            session.run(LEARN, stage=id_, notice=stage.notice, until=stage.until, seen_at=now)
