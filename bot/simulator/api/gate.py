"""What holds for every path: method, token, limits, grants, errors, faults (platform document E1, E10)."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from aiohttp import web

from bot.simulator.api.contract import Call, Endpoint, Result
from bot.simulator.errors import ApiError
from bot.simulator.knobs import ApiFault, FaultKind
from bot.simulator.simulator import ApiCall, Simulator


class Gate:
    def __init__(self, simulator: Simulator, endpoints: Sequence[Endpoint]) -> None:
        self._simulator = simulator
        self._endpoints = {endpoint.path: endpoint for endpoint in endpoints}

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", path, self._handler(endpoint)) for path, endpoint in self._endpoints.items()]

    def _handler(self, endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            fault = self._fault(endpoint.path)
            if fault is None:
                return self._json(endpoint, await self._result(endpoint, request), fault)
            return await self._spoilt(endpoint, request, fault)

        return handle

    async def _result(self, endpoint: Endpoint, request: web.Request) -> Result:
        """What the platform answers when all is well with it: the handler's word, or an errcode."""
        call = Call(
            simulator=self._simulator,
            endpoints=self._endpoints,
            query=request.query,
            raw=await request.read(),
            address=request.remote or "",
        )
        try:
            self._admit(endpoint, request.method, call)
            return await endpoint.handle(call)
        except ApiError as error:
            return {"errcode": error.errcode, "errmsg": error.errmsg, **error.more}

    def _admit(self, endpoint: Endpoint, method: str, call: Call) -> None:
        """The checks before a handler, in the platform's order: method, token, grant, limits."""
        knobs = self._simulator.knobs
        if method != endpoint.method:
            raise ApiError(43001 if endpoint.method == "GET" else 43002)
        if not endpoint.open:
            self._simulator.tokens.check(call.query.get("access_token"))
        if endpoint.path in knobs.denied:
            raise ApiError(48001)
        daily, minute = endpoint.limits(knobs)
        self._simulator.limits.spend(endpoint.path, daily=daily, minute=minute)

    def _fault(self, path: str) -> ApiFault | None:
        """The next fault that waits for this path, used up by one."""
        faults = self._simulator.faults
        for place, fault in enumerate(faults):
            if fault.path == path:
                faults[place : place + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                return fault
        return None

    async def _spoilt(self, endpoint: Endpoint, request: web.Request, fault: ApiFault) -> web.Response:
        result = {"errcode": fault.errcode, "errmsg": ApiError(fault.errcode).errmsg}
        if fault.accepted:
            done = await self._result(endpoint, request)
            result = result if fault.kind is FaultKind.ERRCODE else {**done}
        answer = self._json(endpoint, result, fault)
        if fault.kind is FaultKind.HANG:
            await asyncio.sleep(fault.seconds)
        elif fault.kind is FaultKind.RESET and request.transport is not None:
            request.transport.abort()
        return _spoil(answer, fault)

    def _json(self, endpoint: Endpoint, result: Result, fault: ApiFault | None) -> web.Response:
        """The answer on the wire; every call ends here and is remembered."""
        now, errcode = self._simulator.wall(), result.get("errcode", 0)
        rid = f"{int(now.timestamp()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        if errcode:
            comma = "," if endpoint.path.startswith("/sns/") else ""
            result = {**result, "errmsg": f"{result['errmsg']}{comma} rid: {rid}"}
        self._simulator.calls.append(
            ApiCall(
                at=now,
                path=endpoint.path,
                errcode=errcode if isinstance(errcode, int) else -1,
                rid=rid,
                fault=fault.kind if fault else "",
            )
        )
        kind = "text/plain" if self._simulator.knobs.text_plain else "application/json"
        return web.Response(text=json.dumps(result, ensure_ascii=False), content_type=kind)


def _spoil(answer: web.Response, fault: ApiFault) -> web.Response:
    text = answer.text or ""
    match fault.kind:
        case FaultKind.STATUS:
            return web.Response(status=fault.status, text="<html><body>Bad Gateway</body></html>")
        case FaultKind.HTML:
            return web.Response(text="<html><body>busy</body></html>", content_type="text/html")
        case FaultKind.TRUNCATED:
            return web.Response(text=text[: len(text) // 2], content_type="application/json")
        case FaultKind.CONTROL:
            return web.Response(text=text.replace("{", '{"note": "\x01\x1f", ', 1), content_type="text/plain")
    return answer
