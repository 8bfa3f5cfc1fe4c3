"""What the store takes and gives: frozen records. Every moment is aware."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from store.scope import Scope

if TYPE_CHECKING:
    from store.affairs import Affairs  # which knows these records


class Route(StrEnum):
    """How the reply of a turn leaves: as the passive reply, through the outbox, or not at all."""

    PASSIVE = "passive"
    OUTBOX = "outbox"
    SILENT = "silent"


class Answer(StrEnum):
    """What a message came to: no question at all, one that was answered, one on which a notice is silent, or
    one to which nothing was found."""

    NONE = ""
    FOUND = "found"
    SILENT = "silent"
    UNKNOWN = "unknown"


class Counted(StrEnum):
    """What is counted of self-checks."""

    BEGUN = "begun"
    OUTCOME = "outcome"
    FAILED = "failed"


class Why(StrEnum):
    """Why a question is a gap."""

    UNKNOWN = "unknown"
    SILENT = "silent"
    UNHELPFUL = "unhelpful"


class DeliveryState(StrEnum):
    """Where a delivery stands; `ARROWS` says where it may go from there."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    RECEIVED = "received"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Purpose(StrEnum):
    """What a page that is opened by a link is for."""

    RESULT = "result"
    ROSTER = "roster"
    REMIND = "remind"
    FEED = "feed"
    ATTACHMENT = "attachment"


class SeatState(StrEnum):
    """What a contact may see of a unit: its deadlines alone, or its applicants as well."""

    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"


class BroadcastState(StrEnum):
    """Where a broadcast stands: written, before a second person, going out, held or called back."""

    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class TicketState(StrEnum):
    """Where a question for staff stands: waiting, taken by somebody, in conversation, over."""

    OPEN = "open"
    TAKEN = "taken"
    TALKING = "talking"
    CLOSED = "closed"


class TicketWhy(StrEnum):
    """Whether a person was asked for, or the bot had no answer."""

    ASKED = "asked"
    UNANSWERED = "unanswered"


class CodePurpose(StrEnum):
    """What a one-time code does for whoever sends it."""

    INVITE = "invite"
    HAND_OVER = "hand_over"
    CONFIRM = "confirm"
    PROGRESS = "progress"


class Path(StrEnum):
    """The ways by which a message can legally reach a person; `store.reach` says which, and why not."""

    TEMPLATE = "template"
    SUBSCRIBE = "subscribe"
    CUSTOM = "custom"
    MASS = "mass"
    EMAIL = "email"
    CALL = "call"


ARROWS: Final[Mapping[DeliveryState, frozenset[DeliveryState]]] = {
    # refused without a call where no path is open; unclear where a try of unknown end cannot be repeated
    DeliveryState.WAITING: frozenset(
        {
            DeliveryState.SENDING,
            DeliveryState.EXPIRED,
            DeliveryState.CANCELLED,
            DeliveryState.REFUSED,
            DeliveryState.UNCLEAR,
        }
    ),
    DeliveryState.SENDING: frozenset(
        {DeliveryState.SENT, DeliveryState.WAITING, DeliveryState.REFUSED, DeliveryState.UNCLEAR}
    ),
    DeliveryState.SENT: frozenset({DeliveryState.RECEIVED, DeliveryState.REFUSED}),
    DeliveryState.UNCLEAR: frozenset({DeliveryState.SENT, DeliveryState.RECEIVED, DeliveryState.REFUSED}),
    DeliveryState.RECEIVED: frozenset(),
    DeliveryState.REFUSED: frozenset(),
    DeliveryState.EXPIRED: frozenset(),
    DeliveryState.CANCELLED: frozenset(),
}


def custom_lane(channel: str, account: str) -> str:
    """The lane (platform account and API) of replies, which are custom messages."""
    return f"{channel}:{account}:custom"


def push_lane(channel: str, account: str) -> str:
    """The lane of what an account says first, by whichever API; `roster::push` for people without WeChat."""
    return f"{channel}:{account}:push"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One message or event of a person; `text` is masked already, `received_at` is service time."""

    channel: str
    account: str
    sender: str
    message_id: str
    kind: str
    received_at: datetime
    text: str = ""
    event: str = ""
    event_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person at one platform account, and the window in which custom messages may reach them."""

    id: int
    channel: str
    account: str
    sender: str
    follows: bool
    window_until: datetime | None
    window_left: int
    created_at: datetime
    barred: str = ""
    ticket_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the store knows of a person when their message comes; `state` is None for a new talk, `affairs`
    are asked within the turn."""

    contact: Contact
    state: str | None
    affairs: Affairs


class EffectLike(Protocol):
    """A record that a reply asks for; `store.effects` has the names."""

    @property
    def name(self) -> str: ...

    @property
    def values(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What is counted of a message when its words are gone; `topic` is a matter, or `aspect:` and its id."""

    answer: Answer = Answer.NONE
    city: str = ""
    district: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """The outcome of thinking: the reply (None says nothing), the conversation after it, its trace."""

    text: str | None
    state: str
    trace: str
    effects: Sequence[EffectLike] = ()
    noted: Noted = field(default_factory=Noted)


Think = Callable[[Before], Thought]
Passive = Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A turn that is kept. `repeated`: the answer was there already and nothing was thought."""

    inbound_id: int
    text: str | None
    trace: str | None
    route: Route
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days of China, both among them, and a place: a city, a district of it, or (both empty) all."""

    first: date
    last: date
    city: str = ""
    district: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How often something happened on a day of China."""

    day: date
    name: str
    count: int
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A question that was not answered, or not helpfully."""

    id: int
    contact_id: int
    question: str
    why: Why
    city: str
    district: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GapTask:
    """What whoever owns the knowledge has to add, and how often it was asked when that was said."""

    id: int
    wording: str
    times: int
    city: str
    district: str
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A wording of a topic, of a city or (empty) of all."""

    id: int
    city: str
    wording: str
    topic: str
    taught_by: str
    taught_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeCorrection:
    """What is right of an office that a notice `printed` otherwise; `fact` is its id in the knowledge."""

    id: int
    fact: str
    city: str
    district: str
    printed: str
    phones: tuple[str, ...]
    address: str
    remark: str
    source: str
    entered_by: str
    entered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeCheck:
    """Somebody of the staff made sure of an office as `printed`, or as corrected."""

    fact: str
    city: str
    district: str
    printed: str
    correction_id: int | None
    checked_by: str
    checked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeReports:
    """What nobody has settled of an office: how often people did not get through by a number (empty: none was
    said), how often outside its hours (`closed`), and when last."""

    fact: str
    city: str
    district: str
    number: str
    count: int
    closed: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An armed delivery: its intent to send is committed, and `owner` and `attempt` guard its outcome.

    `burned` counts the failures that used up a step of the ladder; `window_until` names the window that
    this send was taken from, if it was. A reply has its `text`; a push has the `template` and the `content`
    (JSON) that its words are made of, the name of the `unit` it concerns, and goes by `path`: to
    `recipient`, or to `email`, as `template_id` where the platform wants one. `key` (32 of [0-9a-f]) is what
    the platform knows a second copy by, the same for all of one mass send; `again_until` is how long it may
    be used again, None where the path has no such key; `again`: this send repeats one of unknown end. `day`
    is the day of China that the call counts for; a reply's is not counted.
    """

    id: int
    lane: str
    contact_id: int
    recipient: str
    text: str
    dedupe_key: str
    due_at: datetime
    not_after: datetime
    owner: str
    attempt: int
    burned: int
    window_until: datetime | None
    kind: str = "reply"
    path: Path = Path.CUSTOM
    template: str = ""
    template_id: str = ""
    content: str = ""
    occasion: str = ""
    unit: str = ""
    key: str = ""
    email: str = ""
    again: bool = False
    again_until: datetime | None = None
    day: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one claim armed, and how many it could not: `refused` for want of a path, `cancelled` because
    what they rested on holds no more, `put_off` to a later moment, `unclear` because their end is unknown
    and they can be tried under their key no more."""

    ready: tuple[Delivery, ...]
    refused: int = 0
    cancelled: int = 0
    put_off: int = 0
    unclear: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of one send: SENT, WAITING (until `due_at`: it was certainly not sent), REFUSED or UNCLEAR.

    An UNCLEAR one with a `due_at` waits until then for another try under the same key, if its key holds so
    long. `shuts`: the platform says that the path is not open to this person, so what was known of it
    (window, allowance, mass messages) is corrected. `bars`: nothing reaches this person, for this reason.
    """

    delivery: Delivery
    state: DeliveryState
    reason: str = ""
    platform_id: str = ""
    due_at: datetime | None = None
    burns: bool = True
    shuts: bool = False
    bars: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Where one delivery of an occasion stands."""

    id: int
    contact_id: int
    unit: str
    kind: str
    state: DeliveryState
    path: Path | None
    reason: str
    due_at: datetime
    settled_at: datetime | None
    resend_of: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Somebody whom no message reached and whom staff should ring up; `name` and `phone` are opened."""

    delivery_id: int
    unit: str
    district: str
    name: str
    phone: str
    kind: str
    template: str
    content: str
    occasion: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What a person was told last by a push, for whoever wants it in full."""

    kind: str
    template: str
    content: str
    occasion: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token that all processes share."""

    account: str
    access_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that is opened by a link: `token_hash` is the SHA-256 of its token, `content` JSON."""

    token_hash: str
    purpose: Purpose
    content: str
    contact_id: int | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceClock:
    """Service time is `service_at + (real - real_at) * rate`."""

    real_at: datetime
    service_at: datetime
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A person's question for staff. `question` is None once the person is forgotten; `staff_id` and `staff`
    (a name) say who has taken it, `waits_since` since when a word of the person is not answered."""

    id: int
    contact_id: int
    why: TicketWhy
    question: str | None
    city: str
    district: str
    programme: str
    state: TicketState
    staff_id: int | None
    staff: str
    opened_at: datetime
    waits_since: datetime | None
    moved_at: datetime
    escalated_at: datetime | None
    closed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffNote:
    """What staff of a place should know or do."""

    id: int
    kind: str
    city: str
    district: str
    content: Mapping[str, Any]
    noted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a person agrees to, by which version of the words, since when."""

    purpose: str
    version: str
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Somebody said that an answer did not help; `inbound_id` is the message that it answered."""

    id: int
    contact_id: int
    inbound_id: int | None
    question: str | None
    given_at: datetime


class Role(StrEnum):
    """What a member of staff is; what each may do says the console."""

    ADMIN = "admin"
    CLERK = "clerk"
    APPROVER = "approver"
    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """One account of the console; `guarded` where a second factor is enrolled, `recovery_left` codes for its
    loss."""

    id: int
    login: str
    name: str
    phone: str
    role: Role
    scope: Scope
    password_due: bool
    guarded: bool
    recovery_left: int
    locked_until: datetime | None
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A session with its account. `second_at`: when the second factor was given; `offered`: the secret of one
    that is being enrolled."""

    id_hash: str
    staff: Staff
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    second_at: datetime | None
    offered: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSession:
    """A session as its owner sees it in a list; `address` is masked."""

    id_hash: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: an account with its role, or nobody known (before a sign-in, on the command line)."""

    staff_id: int | None
    role: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One act; `before` and `after` are None where nothing was noted or where it has been erased."""

    id: int
    at: datetime
    staff_id: int | None
    login: str
    role: str
    address: str
    action: str
    object: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
