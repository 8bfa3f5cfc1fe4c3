"""`POST /api/v1/status`: another system says how applications stand (docs/api.yaml)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import structlog
from aiohttp import web

from bot.api.signing import Signed, Unsigned, check
from bot.desk import comparison, listing, status
from bot.desk.comparison import Comparison, Delivered, Sort
from bot.desk.listing import WORDS, Entry
from bot.desk.status import Applied
from bot.moments import aware
from knowledge.library import Library
from store.calls import Answer
from store.database import Store, Work

_log = structlog.get_logger(__name__)

PATH: Final = "/api/v1/status"
BYTES: Final = 5 << 20
ROWS: Final = 5000
FIELDS: Final = ("city", "notice", "district", "exported_at", "whole", "rows")
_KEY: Final = re.compile(r"[!-~]{8,128}")
_TEXTS: Final = ("city", "notice", "district", "exported_at")
_MUST: Final = ("city", "exported_at", "rows")


class Refused(Exception):
    """The answer to a request that is not carried out."""

    def __init__(self, status: int, error: str, faults: list[dict[str, Any]] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, **({"faults": faults} if faults else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that is signed and whole."""

    signed: Signed
    key: str
    digest: str
    delivered: Delivered


class StatusApi:
    """Takes lists of other systems as `jiangwen status import --apply` takes files."""

    def __init__(
        self, store: Store, library: Library, now: Callable[[], datetime], secrets: Mapping[str, str]
    ) -> None:
        self._store = store
        self._library = library
        self._now = now
        self._secrets = secrets

    def routes(self) -> list[web.RouteDef]:
        """The one route."""
        return [web.post(PATH, self.post)]

    async def post(self, request: web.Request) -> web.Response:
        """Takes the rows in one transaction, once for each idempotency key."""
        try:
            body = await _body(request)
            signed = self._signed(request, body)
            async with self._store.work() as work:
                # what is used up stays used up, whatever else is wrong
                fresh = await work.use_nonce(
                    client=signed.client, nonce=signed.nonce, real_now=datetime.now(UTC)
                )
            if not fresh:
                raise Refused(401, "nonce: used before")
            read = self._read(request, signed, body)
            async with self._store.work() as work:
                answer, repeated = await self._answer(work, read)
        except Refused as refused:
            _log.info("a request is refused", action="api_refused", status=refused.status)
            return _json(refused.status, json.dumps(refused.body, ensure_ascii=False))
        headers = {"Idempotent-Replayed": "true"} if repeated else {}
        return _json(answer.status, answer.body, headers)

    def _signed(self, request: web.Request, body: bytes) -> Signed:
        try:
            return check(
                request.headers,
                self._secrets,
                method=request.method,
                path=request.raw_path,
                body=body,
                real_now=datetime.now(UTC),
            )
        except Unsigned as fault:
            raise Refused(401, str(fault)) from None

    def _read(self, request: web.Request, signed: Signed, body: bytes) -> Request:
        key = request.headers.get("Idempotency-Key", "")
        if not _KEY.fullmatch(key):
            raise Refused(400, "Idempotency-Key: 8 to 128 visible signs of ASCII")
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused(400, "the body is no JSON") from None
        digest = sha256(body).hexdigest()
        delivered = _delivered(self._library, content, by=signed.client, digest=digest, now=self._now())
        return Request(signed=signed, key=key, digest=digest, delivered=delivered)

    async def _answer(self, work: Work, read: Request) -> tuple[Answer, bool]:
        now = self._now()
        # of two copies of a request the second waits here, and finds the answer of the first
        await work.enter(notice=read.delivered.notice.id, now=now)
        before = await work.answer(client=read.signed.client, key=read.key)
        if before:
            if before.request_hash != read.digest:
                raise Refused(422, "Idempotency-Key: used before for another body")
            return before, True
        comparison, applied = await status.apply(work, read.delivered, now=now)
        code = 409 if comparison.last else 200
        answer = Answer(request_hash=read.digest, status=code, body=_report(comparison, applied))
        if code == 200:
            await work.keep_answer(
                client=read.signed.client, key=read.key, given=answer, real_now=datetime.now(UTC)
            )
        return answer, False


async def _body(request: web.Request) -> bytes:
    """The body, as far as it may be; the application's own limit is for callbacks."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BYTES:
            raise Refused(413, f"more than {BYTES} bytes")
    return bytes(body)


def _delivered(library: Library, content: Any, *, by: str, digest: str, now: datetime) -> Delivered:
    """The list of a body; raises Refused with every fault."""
    if not isinstance(content, dict):
        raise Refused(422, "faults", [_fault(0, "", "an object")])
    faults = [_fault(0, name, WORDS.faults["field"]) for name in content if name not in FIELDS]
    faults += [_fault(0, name, WORDS.faults["empty"]) for name in _MUST if not content.get(name)]
    odd = [name for name in _TEXTS if not isinstance(content.get(name, ""), str)]
    faults += [_fault(0, name, WORDS.faults["text"]) for name in odd]
    texts = {name: "" if name in odd else content.get(name, "") for name in _TEXTS}
    if not isinstance(whole := content.get("whole", False), bool):
        faults.append(_fault(0, "whole", "true / false"))
    found = comparison.scope(library, city=texts["city"], notice=texts["notice"], district=texts["district"])
    if isinstance(found, list):
        faults += [_fault(0, field, text) for field, text in found if texts[field] or field == "notice"]
    exported_at = aware(texts["exported_at"])
    if texts["exported_at"] and (exported_at is None or exported_at > now):
        faults.append(_fault(0, "exported_at", WORDS.faults["exported_at"]))
    entries = _entries(content.get("rows"), faults) if content.get("rows") else ()
    if faults or exported_at is None or isinstance(found, list):
        raise Refused(422, "faults", faults)
    return Delivered(
        notice=found.notice,
        district=found.district,
        whole=whole,
        exported_at=exported_at,
        source="api",
        digest=digest,
        by=by,
        entries=entries,
    )


def _entries(rows: Any, faults: list[dict[str, Any]]) -> tuple[Entry, ...]:
    """The rows, as the desk reads those of a file; their faults join the others."""
    if not isinstance(rows, list) or not 0 < len(rows) <= ROWS:
        faults.append(_fault(0, "rows", WORDS.faults["rows"].format(most=ROWS)))
        return ()
    entries = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            faults.append(_fault(number, "", "an object"))
            continue
        faults += [_fault(number, name, WORDS.faults["field"]) for name in row if name not in WORDS.columns]
        odd = [name for name, value in row.items() if type(value) not in (str, int, type(None))]
        faults += [_fault(number, name, WORDS.faults["text"]) for name in odd]
        entry, wrong = listing.clean(number, {name: v for name, v in row.items() if name not in odd})
        faults += [_fault(fault.row, fault.field, fault.text) for fault in wrong if fault.field not in odd]
        entries.append(entry)
    return tuple(entries)


def _fault(row: int, field: str, problem: str) -> dict[str, Any]:
    return {"row": row, "field": field, "problem": problem}


def _report(comparison: Comparison, applied: Applied | None) -> str:
    """What a system is told of its list: counts and rows, nothing that it did not send."""
    report: dict[str, Any] = {
        "applied": applied is not None,
        "counts": comparison.counts,
        "ambiguous_rows": [found.number for found in comparison.of(Sort.AMBIGUOUS)],
        "stale_rows": [found.number for found in comparison.of(Sort.STALE)],
        "unknown_statuses": comparison.unknown,
        "unknown_categories": comparison.categories,
        "unknown_units": list(comparison.proposals),
    }
    if comparison.last:
        report |= {"reason": "older", "last": comparison.last.isoformat()}
    if applied:
        report |= {
            "units_told": applied.units,
            "candidates_told": applied.candidates,
            "unheard": applied.unheard,
        }
    return json.dumps(report, ensure_ascii=False)


def _json(code: int, body: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=code, text=body, content_type="application/json", headers=headers)
