"""Broadcasts: written by one member of staff, approved by another, and called back by anybody of the place.

What the second person approves is named by a digest of text, file and frozen list: the list is written down
when the broadcast is submitted (`store.recipients`), and nothing of it is changed but by making it a draft
again. Every verb that moves one names the states that it may be in, so that of two at once one comes late.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import BigInteger, Text, bindparam, delete, func, insert, null, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite's compiler reads its ON CONFLICT as well

from store.columns import UtcDateTime, fixed
from store.engine import Session
from store.records import BroadcastState
from store.schema import broadcast_files, broadcast_templates, broadcasts, recipients, staff
from store.scope import Scope, covering, within


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """For whom a broadcast is. `who`: `units` (those of its districts that fit all the rest), `silent` (who
    received the broadcast that it follows and has not acknowledged it) or `told` (who received it, or may
    have). `status`: `unsubmitted` or `returned`, for `notice`; `list_id` 0 is no list."""

    who: str = "units"
    programme: str = ""
    status: str = ""
    notice: str = ""
    tags: tuple[str, ...] = ()
    list_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What staff write: `receipt` asks for an acknowledgement; no district is the whole city; without
    `send_at` it goes as soon as it is approved."""

    title: str
    body: str
    receipt: bool
    city: str
    districts: tuple[str, ...]
    aim: Aim
    send_at: datetime | None
    not_after: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """The file of a broadcast, without its bytes; `size` in bytes."""

    id: int
    name: str
    type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """A broadcast as staff see it. `people` and `duplicates` count its frozen list, `confirmed` are words
    that were found in it and confirmed, `remark` is why it was handed back."""

    id: int
    kind: str
    state: BroadcastState
    draft: Draft
    follows: int | None
    file: File | None
    created_by: int
    author: str
    edited_by: int
    approver: str
    created_at: datetime
    submitted_at: datetime | None
    approved_at: datetime | None
    digest: str
    submissions: int
    people: int
    duplicates: int
    confirmed: tuple[str, ...]
    remark: str

    @property
    def occasion(self) -> str:
        """Of its deliveries."""
        return f"broadcast:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text of a city's staff that is used again and again."""

    id: int
    title: str
    body: str


_author, _approver = staff.alias("author"), staff.alias("approver")
_written = ("title", "body", "receipt", "city", "districts", "aim", "send_at", "not_after")
_inside = covering(broadcasts.c.city, broadcasts.c.districts)
_one = select(
    broadcasts,
    _author.c.name.label("author"),
    func.coalesce(_approver.c.name, "").label("approver"),
    broadcast_files.c.id.label("file_id"),
    broadcast_files.c.name.label("file_name"),
    broadcast_files.c.type.label("file_type"),
    broadcast_files.c.size.label("file_size"),
    broadcast_files.c.sha256.label("file_sha256"),
).select_from(
    broadcasts.join(_author, _author.c.id == broadcasts.c.created_by)
    .outerjoin(_approver, _approver.c.id == broadcasts.c.approved_by)
    .outerjoin(broadcast_files, broadcast_files.c.broadcast_id == broadcasts.c.id)
)
GET: Final = _one.where(_inside, broadcasts.c.id == bindparam("of_broadcast", type_=BigInteger))
LOCK: Final = GET.with_for_update(of=broadcasts)
NEWEST: Final = (
    _one.where(_inside, broadcasts.c.id < bindparam("below", type_=BigInteger))
    .order_by(broadcasts.c.id.desc())
    .limit(bindparam("limit"))
)
FOLLOWERS: Final = (
    _one.where(_inside, broadcasts.c.follows_id == bindparam("of_broadcast", type_=BigInteger))
).order_by(broadcasts.c.id)
ADD: Final = (
    upsert(broadcasts)
    .values(
        **{
            name: bindparam(name)
            for name in ("token", "kind", "follows_id", "created_by", "created_at", *_written)
        },
        edited_by=bindparam("created_by"),
        state=BroadcastState.DRAFT,
        digest="",
        submissions=0,
        people=0,
        duplicates=0,
        confirmed="[]",
        remark="",
    )
    .on_conflict_do_nothing(index_elements=["token"])
    .returning(broadcasts.c.id)
)
BY_TOKEN: Final = select(broadcasts.c.id).where(
    broadcasts.c.token == bindparam("token"), broadcasts.c.created_by == bindparam("created_by")
)


def _move(*sources: BroadcastState, **values: Any) -> Any:
    return (
        update(broadcasts)
        .where(
            broadcasts.c.id == bindparam("of_broadcast"),
            broadcasts.c.state.in_([fixed(source) for source in sources]),
        )
        .values(**values)
        .returning(broadcasts.c.id)
    )


_S = BroadcastState
EDIT: Final = _move(
    _S.DRAFT, edited_by=bindparam("by_staff"), **{name: bindparam(f"new_{name}") for name in _written}
)
TOUCH: Final = _move(_S.DRAFT, edited_by=bindparam("by_staff"))
SUBMIT: Final = _move(
    _S.DRAFT,
    state=_S.PENDING,
    edited_by=bindparam("by_staff"),
    submitted_at=bindparam("now"),
    digest=bindparam("new_digest"),
    submissions=broadcasts.c.submissions + 1,
    people=bindparam("new_people"),
    duplicates=bindparam("new_duplicates"),
    confirmed=bindparam("new_confirmed"),
    remark="",
)
HAND_BACK: Final = _move(
    _S.PENDING, state=_S.DRAFT, submitted_at=null(), digest="", confirmed="[]", remark=bindparam("new_remark")
)
APPROVE: Final = _move(
    _S.PENDING,
    state=_S.APPROVED,
    approved_by=bindparam("by_staff", type_=BigInteger),
    approved_at=bindparam("now"),
    send_at=bindparam("new_send_at"),
    not_after=bindparam("new_not_after"),
).where(
    broadcasts.c.digest == bindparam("seen_digest"),
    broadcasts.c.submissions == bindparam("seen_submission"),
    broadcasts.c.created_by != bindparam("by_staff", type_=BigInteger),
    broadcasts.c.edited_by != bindparam("by_staff", type_=BigInteger),
)
PAUSE: Final = _move(_S.APPROVED, state=_S.PAUSED)
RESUME: Final = _move(_S.PAUSED, state=_S.APPROVED)
CANCEL: Final = _move(_S.DRAFT, _S.PENDING, _S.APPROVED, _S.PAUSED, state=_S.CANCELLED)

LISTED: Final = (
    select(recipients.c.contact_id)
    .where(recipients.c.broadcast_id == bindparam("of_broadcast"))
    .order_by(recipients.c.contact_id)
)
ALIKE: Final = _one.where(
    broadcasts.c.digest == bindparam("same_digest", type_=Text),
    broadcasts.c.digest != "",
    broadcasts.c.id != bindparam("but", type_=BigInteger),
    broadcasts.c.approved_at >= bindparam("since", type_=UtcDateTime()),
    broadcasts.c.state != _S.CANCELLED,
).order_by(broadcasts.c.id.desc())

ATTACH: Final = insert(broadcast_files).values(
    {column: bindparam(column.name) for column in broadcast_files.c if column.name != "id"}
)
DETACH: Final = delete(broadcast_files).where(broadcast_files.c.broadcast_id == bindparam("of_broadcast"))
READ_FILE: Final = select(broadcast_files.c.name, broadcast_files.c.type, broadcast_files.c.data).where(
    broadcast_files.c.id == bindparam("file_id")
)

_of_city = within(broadcast_templates.c.city)
TEMPLATES: Final = (
    select(broadcast_templates.c.id, broadcast_templates.c.title, broadcast_templates.c.body)
    .where(_of_city)
    .order_by(broadcast_templates.c.title, broadcast_templates.c.id)
)
KEEP_TEMPLATE: Final = insert(broadcast_templates).values(
    {column: bindparam(column.name) for column in broadcast_templates.c if column.name != "id"}
)
DROP_TEMPLATE: Final = (
    delete(broadcast_templates)
    .where(_of_city, broadcast_templates.c.id == bindparam("template_id", type_=BigInteger))
    .returning(broadcast_templates.c.title)
)


def add_broadcast(
    session: Session,
    *,
    token: str,
    draft: Draft,
    by: int,
    now: datetime,
    kind: str = "notice",
    follows: int | None = None,
) -> int:
    """A new draft, or the one that this form made already."""
    of_form = {"token": token, "created_by": by}
    made = session.run(ADD, **of_form, kind=kind, follows_id=follows, created_at=now, **_values(draft))
    found = made or session.run(BY_TOKEN, **of_form)
    number: int = found[0]["id"]
    return number


def broadcast(session: Session, *, scope: Scope, broadcast_id: int, lock: bool = False) -> Broadcast | None:
    """One broadcast, if all its districts are inside the scope; locked for what is going to change it."""
    found = session.run(LOCK if lock else GET, **scope.values, of_broadcast=broadcast_id)
    return _broadcast(found[0]) if found else None


def broadcast_list(
    session: Session, *, scope: Scope, below: int = (1 << 62), limit: int = 50
) -> tuple[Broadcast, ...]:
    """Broadcasts of a scope, newest first."""
    return tuple(map(_broadcast, session.run(NEWEST, **scope.values, below=below, limit=limit)))


def followers(session: Session, *, scope: Scope, broadcast_id: int) -> tuple[Broadcast, ...]:
    """Those that chase or correct another."""
    return tuple(map(_broadcast, session.run(FOLLOWERS, **scope.values, of_broadcast=broadcast_id)))


def edit_broadcast(session: Session, *, broadcast_id: int, draft: Draft, by: int) -> bool:
    """Write a draft anew; False where it is none any more."""
    values = {f"new_{name}": value for name, value in _values(draft).items()}
    return bool(session.run(EDIT, of_broadcast=broadcast_id, by_staff=by, **values))


def attach(session: Session, *, broadcast_id: int, name: str, type: str, data: bytes, by: int) -> bool:
    """Give a draft its file, in place of any other; without a name, none."""
    if not session.run(TOUCH, of_broadcast=broadcast_id, by_staff=by):
        return False
    session.run(DETACH, of_broadcast=broadcast_id)
    if name:
        hashed = sha256(data).hexdigest()
        session.run(
            ATTACH, broadcast_id=broadcast_id, name=name, type=type, data=data, sha256=hashed, size=len(data)
        )
    return True


def attachment(session: Session, *, file_id: int) -> tuple[str, str, bytes] | None:
    """Name, type and bytes of a file."""
    found = session.run(READ_FILE, file_id=file_id)
    return (found[0]["name"], found[0]["type"], bytes(found[0]["data"])) if found else None


def digest(session: Session, of: Broadcast) -> str:
    """What a second person approves: the sha256 of kind, text, file and frozen list, in hexadecimal."""
    written = [of.kind, of.draft.title, of.draft.body, of.draft.receipt, of.follows]
    told = json.dumps([*written, of.file.sha256 if of.file else ""], ensure_ascii=False)
    listed = ",".join(str(row["contact_id"]) for row in session.run(LISTED, of_broadcast=of.id))
    return sha256(f"{told}\n{listed}".encode()).hexdigest()


def submit(
    session: Session,
    *,
    of: Broadcast,
    by: int,
    people: int,
    duplicates: int,
    confirmed: Sequence[str],
    now: datetime,
) -> str | None:
    """Lay a draft with its frozen list before a second person; the digest of what is to be approved."""
    named = digest(session, of)
    moved = session.run(
        SUBMIT,
        of_broadcast=of.id,
        by_staff=by,
        now=now,
        new_digest=named,
        new_people=people,
        new_duplicates=duplicates,
        new_confirmed=json.dumps(confirmed, ensure_ascii=False),
    )
    return named if moved else None


def hand_back(session: Session, *, broadcast_id: int, remark: str = "") -> bool:
    """Make it a draft again, with a reason or because its author says so."""
    return bool(session.run(HAND_BACK, of_broadcast=broadcast_id, new_remark=remark))


def approve(
    session: Session,
    *,
    of: Broadcast,
    by: int,
    seen: str,
    send_at: datetime,
    not_after: datetime,
    now: datetime,
) -> bool:
    """Let it go, as a second person who has `seen` this digest (of this submission) decides: neither who made
    nor who wrote it last. False where anything is otherwise than it was seen."""
    return digest(session, of) == seen and bool(
        session.run(
            APPROVE,
            of_broadcast=of.id,
            by_staff=by,
            seen_digest=seen,
            seen_submission=of.submissions,
            new_send_at=send_at,
            new_not_after=not_after,
            now=now,
        )
    )


def pause_broadcast(session: Session, *, broadcast_id: int) -> bool:
    """Note that it is held back (its deliveries: `recipients.hold`)."""
    return bool(session.run(PAUSE, of_broadcast=broadcast_id))


def resume_broadcast(session: Session, *, broadcast_id: int) -> bool:
    """Note that it goes on (its deliveries: `recipients.release`)."""
    return bool(session.run(RESUME, of_broadcast=broadcast_id))


def cancel_broadcast(session: Session, *, broadcast_id: int) -> bool:
    """Call it back: what comes back from a failed try is not tried again either."""
    return bool(session.run(CANCEL, of_broadcast=broadcast_id))


def sent_alike(session: Session, *, of: Broadcast, since: datetime) -> Broadcast | None:
    """Another with the same text, file and list that was approved since then."""
    found = session.run(ALIKE, same_digest=digest(session, of), but=of.id, since=since)
    return _broadcast(found[0]) if found else None


def message_templates(session: Session, *, scope: Scope) -> tuple[Template, ...]:
    """The texts of the scope's city."""
    return tuple(Template(**row) for row in session.run(TEMPLATES, **scope.values))


def keep_template(session: Session, *, city: str, title: str, body: str, by: int, now: datetime) -> None:
    """Keep a text for later."""
    session.run(KEEP_TEMPLATE, city=city, title=title, body=body, created_by=by, created_at=now)


def drop_template(session: Session, *, scope: Scope, template_id: int) -> str | None:
    """Drop a text; its title, None where there is none."""
    found = session.run(DROP_TEMPLATE, **scope.values, template_id=template_id)
    return found[0]["title"] if found else None


def _values(draft: Draft) -> dict[str, Any]:
    values = {name: getattr(draft, name) for name in _written}
    aim = json.dumps(asdict(draft.aim), ensure_ascii=False)
    return {**values, "aim": aim, "districts": json.dumps(draft.districts, ensure_ascii=False)}


def _broadcast(row: Mapping[str, Any]) -> Broadcast:
    aim = Aim(**json.loads(row["aim"]))
    values = {name: row[name] for name in _written}
    file = {name: row[f"file_{name}"] for name in ("id", "name", "type", "size", "sha256")}
    return Broadcast(
        draft=Draft(
            **{
                **values,
                "aim": replace(aim, tags=tuple(aim.tags)),
                "districts": tuple(json.loads(row["districts"])),
            }
        ),
        state=BroadcastState(row["state"]),
        follows=row["follows_id"],
        file=File(**file) if file["id"] else None,
        confirmed=tuple(json.loads(row["confirmed"])),
        **{
            name: row[name]
            for name in (
                "id",
                "kind",
                "created_by",
                "author",
                "edited_by",
                "approver",
                "created_at",
                "submitted_at",
                "approved_at",
                "digest",
                "submissions",
                "people",
                "duplicates",
                "remark",
            )
        },
    )
