"""The guard before every page: session, permission, form, in this order; and what every answer carries."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import BodyPartReader, web

from bot.console.form import Form, Upload
from bot.console.passwords import Busy
from bot.console.roles import Permission, may
from bot.console.routes import ROUTES, Route
from bot.console.session import due, give_id, given_id, hashed, new_id
from bot.console.visit import PROOF, House, Missing, Visit
from store.database import Unavailable

_log = structlog.get_logger(__name__)

_FIELDS_BYTES: Final = 64 << 10
_PART_BYTES: Final = 100
"""What a part costs besides what it holds."""
_CHUNK: Final = 64 << 10
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # not no-referrer: browsers would then send our own forms with the origin null
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_PAGES: Final = {route.path: route.permission for route in ROUTES if route.method == "GET"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Refused(Exception):
    """The visit ends here, with this status and this reason (a key of the words of `error.html`)."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def handlers(house: House) -> list[web.RouteDef]:
    """Every route of the console, guarded."""
    return [
        web.route(route.method, f"/console{route.path.rstrip('/')}", _guarded(house, route))
        for route in ROUTES
    ]


def _guarded(house: House, route: Route) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        visit = _stranger(house, request)
        try:
            visit = await _known(visit)
            response = _led_elsewhere(route, visit) or await _answered(route, visit)
        except _Refused as refusal:
            response = visit.page("error.html", status=refusal.status, reason=refusal.reason)
        except Busy:
            response = visit.page("error.html", status=503, reason="busy")
        except Unavailable:
            _log.exception("the console cannot reach its database", action="console_failed")
            response = visit.page("error.html", status=503, reason="unavailable")
        if not given_id(house, request) and response.content_type == "text/html" and not response.cookies:
            give_id(house, response, visit.cookie)
        response.headers.update(_HEADERS)
        if house.secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return handle


def _stranger(house: House, request: web.Request) -> Visit:
    return Visit(
        house=house,
        request=request,
        signed=None,
        cookie=given_id(house, request) or new_id(),
        address=_address(house.proxies, request),
        leads=lambda path: False,
    )


async def _known(visit: Visit) -> Visit:
    """The visit with the account behind its cookie, if the session is alive."""
    if not given_id(visit.house, visit.request):
        return visit
    async with visit.work() as work:
        signed = await work.signed(id_hash=hashed(visit.cookie), now=visit.real_now)
    if signed is None:
        return visit
    whole, role = not due(signed), signed.staff.role
    return replace(visit, signed=signed, leads=lambda path: whole and may(role, _PAGES[path]))


def _led_elsewhere(route: Route, visit: Visit) -> web.Response | None:
    """To the sign-in for a stranger, to what is still due for somebody half signed in."""
    if route.permission is Permission.OPEN:
        return None
    if visit.signed is None:
        if visit.request.method == "GET":
            wanted = visit.request.rel_url.raw_path_qs.partition("/console")[2]
            return visit.see("/login", next=wanted or "/")
        return visit.see("/login", "expired")
    page = due(visit.signed)
    return visit.see(page) if page and route.permission is not Permission.BEGUN else None


async def _answered(route: Route, visit: Visit) -> web.StreamResponse:
    anybody = route.permission in (Permission.OPEN, Permission.BEGUN)
    if not anybody and not may(visit.staff.role, route.permission):
        await _note(visit, "refused")
        raise _Refused(403, "forbidden")
    if visit.request.method == "POST":
        visit = await _filled_in(route, visit)
    try:
        return await route.view(visit)
    except Missing:
        if visit.signed:
            await _note(visit, "missing")
        raise _Refused(404, "missing") from None


async def _note(visit: Visit, action: str) -> None:
    async with visit.work() as work:
        await visit.record(work, action, f"{visit.request.method} {visit.request.path}")


async def _filled_in(route: Route, visit: Visit) -> Visit:
    """The visit with what was typed, if the form is ours and was sent from one of our pages."""
    if not _from_our_page(visit):
        raise _Refused(403, "forged")
    fields, files = await _fields(visit.request, route.upload)
    form = Form(fields)
    if not hmac.compare_digest(form[PROOF].encode(), visit.token.encode()):
        raise _Refused(403, "forged")
    return replace(visit, form=form, files=files)


def _from_our_page(visit: Visit) -> bool:
    """What browsers tell of where a form was; those that tell nothing are left to the token."""
    headers = visit.request.headers
    if headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    origin = headers.get("Origin")
    return origin is None or origin == visit.house.origin or urlsplit(origin).netloc == visit.request.host


async def _fields(request: web.Request, upload: int) -> tuple[dict[str, list[str]], dict[str, Upload]]:
    """Fields and files of a form; files are read up to `upload` bytes in all, everything else up to 64 KB."""
    fields: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    left = _FIELDS_BYTES + (upload if request.content_type == "multipart/form-data" else 0)
    if (request.content_length or 0) > left:
        raise _Refused(413, "too_long")
    if request.content_type != "multipart/form-data":
        for name, value in (await request.post()).items():
            fields.setdefault(name, []).append(str(value))
        return fields, files
    with suppress(ValueError):  # a form that breaks off
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise _Refused(400, "broken")
            data = await _body(part, left)
            left -= len(data) + _PART_BYTES
            if part.filename is None:
                fields.setdefault(part.name, []).append(data.decode(errors="replace"))
            else:
                files[part.name] = Upload(name=part.filename, data=data)
    return fields, files


async def _body(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        data += chunk
        if len(data) > most:
            raise _Refused(413, "too_long")
    return bytes(data)


def _address(proxies: Sequence[IPv4Network | IPv6Network], request: web.Request) -> str:
    """Where the request comes from: the last address that no proxy of ours has vouched for."""
    chain = [*request.headers.get("X-Forwarded-For", "").split(","), request.remote or ""]
    for text in reversed(chain):
        try:
            address = ip_address(text.strip())
        except ValueError:
            break
        known = str(address)
        if not any(address in proxy for proxy in proxies):
            return known
    return request.remote or ""
