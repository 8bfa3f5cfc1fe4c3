"""Mass messages by openid (platform document B5, E7)."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.simulator.api.contract import OK, Call, Endpoint, Result
from bot.simulator.deliveries import Channel, Delivery, Fate
from bot.simulator.errors import ApiError
from bot.simulator.limits import CHINA
from bot.simulator.people import Person

FORMS: Final = {  # msgtype -> the object that holds its substance, and the key inside
    "text": ("text", "content"),
    "mpnews": ("mpnews", "media_id"),
    "image": ("images", "media_ids"),
    "voice": ("voice", "media_id"),
    "mpvideo": ("mpvideo", "media_id"),
    "wxcard": ("wxcard", "card_id"),
}
A_MONTH: Final = 4
KEY_BYTES: Final = 64
REPEAT: Final = timedelta(hours=24)
SENT: Final = "send success"
HELPER: Final = "mphelper"  # in whose name the platform tells of a job
NOTHING: Final = {"Count": 0, "ResultList": {}}


@dataclass(slots=True, kw_only=True)
class Job:
    msg_id: int
    status: str
    accepted: datetime
    tried: datetime


class Jobs:
    """The account's mass messages, and how many each person has had of them in a month of China time."""

    def __init__(self) -> None:
        self._by_key: dict[str, Job] = {}
        self._by_id: dict[str, Job] = {}
        self._had: Counter[tuple[str, int, int]] = Counter()

    def begin(self, key: str, job: Job) -> None:
        self._by_key[key] = self._by_id[str(job.msg_id)] = job

    def find(self, msg_id: object) -> Job:
        """Raises ApiError 40059."""
        job = self._by_id.get(str(msg_id))
        if job is None:
            raise ApiError(40059)
        return job

    def refuse_repeat(self, key: str, now: datetime, pause: timedelta) -> None:
        """Raises ApiError 45066 to a retry that comes too soon, else 45065 with the msg_id of the job."""
        job = self._by_key.get(key)
        if job is None or now - job.accepted >= REPEAT:
            return
        tried, job.tried = job.tried, now
        if now - tried < pause:
            raise ApiError(45066)
        raise ApiError(45065, msg_id=job.msg_id)

    def fate(self, person: Person, now: datetime, status: str) -> tuple[Fate, str]:
        """What becomes of a message to this person, and why if it does not come."""
        local = now.astimezone(CHINA)
        month = (person.openid, local.year, local.month)
        if not person.followed:
            return Fate.SKIPPED, "not a follower"
        if person.refuses:
            return Fate.SKIPPED, "refused"
        if status != SENT:
            return Fate.FAILED, status
        if self._had[month] == A_MONTH:
            return Fate.SKIPPED, "four a month"
        self._had[month] += 1
        return Fate.DELIVERED, ""


async def send(call: Call) -> Result:
    body, simulator, now = call.body(), call.simulator, call.simulator.clock()
    jobs, knobs, key = simulator.of(Jobs), simulator.knobs, str(body.get("clientmsgid") or "")
    people = _people(call, body.get("touser"))
    kind, text, data = _substance(body)
    if len(key.encode()) > KEY_BYTES:
        raise ApiError(45067)
    mark = key or hashlib.sha256(call.raw).hexdigest()
    jobs.refuse_repeat(mark, now, timedelta(seconds=knobs.mass_retry_seconds))
    job = Job(msg_id=simulator.new_id(), status=knobs.mass_status, accepted=now, tried=now)
    jobs.begin(mark, job)
    draft = Delivery(
        at=now,
        openid="",
        channel=Channel.MASS,
        kind=kind,
        key=key,
        text=text,
        data=data,
        message_id=job.msg_id,
    )
    fates = Counter[Fate]()
    for person in people:
        fate, reason = jobs.fate(person, now, job.status)
        simulator.deliver(replace(draft, openid=person.openid, fate=fate, reason=reason))
        fates[fate] += 1
    await simulator.receipts.promise(HELPER, _finished(job, sum(person.followed for person in people), fates))
    return {**OK, "errmsg": "send job submission success", "msg_id": job.msg_id, "msg_data_id": job.msg_id}


async def state(call: Call) -> Result:
    job = call.simulator.of(Jobs).find(call.body().get("msg_id"))
    return {"msg_id": job.msg_id, "msg_status": "SEND_SUCCESS" if job.status == SENT else "SEND_FAIL"}


def _people(call: Call, touser: object) -> list[Person]:
    """Those who exist. Raises ApiError 40031, 40130, 40032, and 40003 if nobody does."""
    if not isinstance(touser, list):
        raise ApiError(40031)
    if len(touser) < 2:
        raise ApiError(40130)
    if len(touser) > 10_000:
        raise ApiError(40032)
    known = call.simulator.people
    people = [known[openid] for openid in dict.fromkeys(map(str, touser)) if openid in known]
    if not people:
        raise ApiError(40003)
    return people


def _substance(body: Mapping[str, object]) -> tuple[str, str, dict[str, object]]:
    """Type, text and the rest of a message. Raises ApiError 40008 (unknown type), 44004 (empty)."""
    kind = str(body.get("msgtype"))
    if kind not in FORMS:
        raise ApiError(40008)
    holder, key = FORMS[kind]
    given = body.get(holder)
    if not isinstance(given, dict) or not given.get(key):
        raise ApiError(44004)
    return (kind, str(given[key]), {}) if kind == "text" else (kind, "", given)


def _finished(job: Job, followers: int, fates: Counter[Fate]) -> dict[str, object]:
    sent, failed = fates[Fate.DELIVERED], fates[Fate.FAILED]
    return {
        "Event": "MASSSENDJOBFINISH",
        "MsgID": job.msg_id,
        "Status": job.status,
        "TotalCount": followers,
        "FilterCount": sent + failed,
        "SentCount": sent,
        "ErrorCount": failed,
        "CopyrightCheckResult": {**NOTHING, "CheckState": 1},
        "ArticleUrlResult": NOTHING,
    }


ENDPOINTS: Final = (
    Endpoint(method="POST", path="/cgi-bin/message/mass/send", handle=send, daily=100, minute=60),
    Endpoint(method="POST", path="/cgi-bin/message/mass/get", handle=state, daily=100_000),
)
