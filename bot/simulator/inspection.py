"""The simulator's own HTTP side, for tests and for the page. JSON in and out.

| request | answer |
|---|---|
| GET /sim/state | account, people with their last line, menu, clock (one to set?), now, the last push |
| GET /sim/words | the page's words |
| GET /sim/stream | server-sent events: snapshot (as state), entry, person, typing, menu, push, clock |
| POST /sim/people {nickname, note?, openid?, followed?} | the person |
| GET /sim/people/{openid} | the person with chat and windows |
| POST /sim/people/{openid}/ACT | the settled push; ACT and its body: |
| | text {text, choice?}, voice {recognition}, image {url}, location {latitude, longitude, label}, |
| | link {title, url, description?}, menu {button}, scan {scene} or {ticket}, follow {}, unfollow {}, |
| | allow {templates: {id: true or false}}, forbid {templates: [id]} (subscribe messages); |
| | each may also have fault (PushFault) |
| POST /sim/people/{openid}/refuse {errcode} | the person; messages to it end with this errcode (0: no more) |
| POST /sim/verify | {"ok"}: the outcome of the URL verification |
| GET /sim/pushes, /sim/calls, /sim/tokens | what happened, newest last |
| GET /sim/deliveries?openid, channel, key, fate | the messages that fit, newest last |
| GET /sim/counts | [{openid, key, fate, count}] of all messages, the text where there is no key |
| GET /sim/templates; POST /sim/templates Template | the account's templates |
| DELETE /sim/templates/{id} | the templates that are left |
| DELETE /sim/tokens | the tokens, all dead |
| GET, PATCH /sim/knobs | Knobs |
| POST /sim/faults ApiFault; DELETE /sim/faults | the faults that wait |
| GET, POST /sim/clock {now?, rate?} | the service's clock, forwarded |

A bad body is 400, an unknown person or button 404, a silent service clock 502, all as {"error"}.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from aiohttp import web
from pydantic import TypeAdapter, validate_call
from pydantic_core import to_jsonable_python

from bot.simulator.clock import ClockError, Move, RemoteClock
from bot.simulator.knobs import ApiFault, Knobs
from bot.simulator.people import Person
from bot.simulator.pushing import Push
from bot.simulator.simulator import Simulator, summary
from bot.simulator.templates import Template

ACTS: Final[Mapping[str, Callable[..., Awaitable[Push]]]] = {
    "text": validate_call(Simulator.say),
    "voice": validate_call(Simulator.speak),
    "image": validate_call(Simulator.picture),
    "location": validate_call(Simulator.place),
    "link": validate_call(Simulator.link),
    "menu": validate_call(Simulator.click),
    "scan": validate_call(Simulator.scan),
    "follow": validate_call(Simulator.follow),
    "unfollow": validate_call(Simulator.unfollow),
    "allow": validate_call(Simulator.allow),
    "forbid": validate_call(Simulator.forbid),
}

KNOBS: Final = TypeAdapter(Knobs)
FAULT: Final = TypeAdapter(ApiFault)
TEMPLATE: Final = TypeAdapter(Template)
MOVE: Final = TypeAdapter(Move)
FILTERS: Final = ("openid", "channel", "key", "fate")
BODY: Final = TypeAdapter(dict[str, Any])


class Inspection:
    def __init__(self, simulator: Simulator, words: Mapping[str, object]) -> None:
        self._simulator = simulator
        self._words = words

    def routes(self) -> list[web.RouteDef]:
        person = "/sim/people/{openid}"
        return [
            web.get("/sim/state", _json(self._state)),
            web.get("/sim/words", _json(self._shown_words)),
            web.get("/sim/stream", self._stream),
            web.post("/sim/people", _json(self._new_person)),
            web.get(person, _json(self._person)),
            web.post(f"{person}/refuse", _json(self._refuse)),
            *(web.post(f"{person}/{name}", _json(self._act(act))) for name, act in ACTS.items()),
            web.post("/sim/verify", _json(self._verify)),
            *(web.get(f"/sim/{name}", _json(self._log(name))) for name in ("pushes", "calls", "tokens")),
            web.get("/sim/deliveries", _json(self._deliveries)),
            web.get("/sim/counts", _json(self._counts)),
            web.get("/sim/templates", _json(self._templates)),
            web.post("/sim/templates", _json(self._add_template)),
            web.delete("/sim/templates/{id}", _json(self._remove_template)),
            web.delete("/sim/tokens", _json(self._kill_tokens)),
            web.get("/sim/knobs", _json(self._knobs)),
            web.patch("/sim/knobs", _json(self._turn)),
            web.post("/sim/faults", _json(self._add_fault)),
            web.delete("/sim/faults", _json(self._clear_faults)),
            web.get("/sim/clock", _json(self._read_clock)),
            web.post("/sim/clock", _json(self._move_clock)),
        ]

    async def _state(self, _: web.Request) -> object:
        simulator = self._simulator
        account = simulator.account
        return {
            "account": {"app_id": account.app_id, "original_id": account.original_id, "mode": account.mode},
            "people": [summary(person) for person in simulator.people.values()],
            "menu": simulator.menu.buttons,
            "clock": simulator.remote_clock is not None,
            "now": simulator.clock(),
            "push": simulator.pushes[-1] if simulator.pushes else None,
        }

    async def _shown_words(self, _: web.Request) -> object:
        return self._words

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """The snapshot comes first, so that a listener who was cut off misses nothing."""
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        with self._simulator.stream.listen() as events:
            await response.write(b"retry: 1000\n")
            await response.write(_frame("snapshot", to_jsonable_python(await self._state(request))))
            while (event := await events.get()) is not None:
                await response.write(_frame(event.name, event.data))
        return response

    async def _new_person(self, request: web.Request) -> object:
        return validate_call(self._simulator.person)(**await _body(request))

    async def _person(self, request: web.Request) -> object:
        return self._named(request)

    async def _refuse(self, request: web.Request) -> object:
        person = self._named(request)
        person.refuses = TypeAdapter(int).validate_python((await _body(request)).get("errcode"))
        return person

    def _act(self, act: Callable[..., Awaitable[Push]]) -> Callable[[web.Request], Awaitable[object]]:
        async def handle(request: web.Request) -> object:
            return await act(self._simulator, self._named(request).openid, **await _body(request))

        return handle

    async def _verify(self, _: web.Request) -> object:
        return {"ok": await self._simulator.verify()}

    def _log(self, name: str) -> Callable[[web.Request], Awaitable[object]]:
        async def handle(_: web.Request) -> object:
            return list(getattr(self._simulator, name))

        return handle

    async def _deliveries(self, request: web.Request) -> object:
        wanted = [(name, request.query[name]) for name in FILTERS if name in request.query]
        return [
            delivery
            for delivery in self._simulator.deliveries
            if all(getattr(delivery, name) == value for name, value in wanted)
        ]

    async def _counts(self, _: web.Request) -> object:
        return self._simulator.deliveries.counts()

    async def _templates(self, _: web.Request) -> object:
        return list(self._simulator.templates)

    async def _add_template(self, request: web.Request) -> object:
        self._simulator.templates.add(TEMPLATE.validate_python(await _body(request)))
        return list(self._simulator.templates)

    async def _remove_template(self, request: web.Request) -> object:
        self._simulator.templates.remove(request.match_info["id"])
        return list(self._simulator.templates)

    async def _kill_tokens(self, _: web.Request) -> object:
        self._simulator.tokens.kill()
        return list(self._simulator.tokens)

    async def _knobs(self, _: web.Request) -> object:
        return self._simulator.knobs

    async def _turn(self, request: web.Request) -> object:
        knobs = self._simulator.knobs
        wanted = KNOBS.validate_python({**asdict(knobs), **await _body(request)})
        for name, value in asdict(wanted).items():
            setattr(knobs, name, value)
        return knobs

    async def _add_fault(self, request: web.Request) -> object:
        self._simulator.faults.append(FAULT.validate_python(await _body(request)))
        return self._simulator.faults

    async def _clear_faults(self, _: web.Request) -> object:
        self._simulator.faults.clear()
        return self._simulator.faults

    async def _read_clock(self, _: web.Request) -> object:
        return await self._clock().read(self._simulator.pusher.session)

    async def _move_clock(self, request: web.Request) -> object:
        change = MOVE.validate_python(await _body(request))
        reading = await self._clock().move(self._simulator.pusher.session, change)
        self._simulator.stream.tell("clock", reading)
        return reading

    def _clock(self) -> RemoteClock:
        if self._simulator.remote_clock is None:
            raise LookupError("no clock_url was given")
        return self._simulator.remote_clock

    def _named(self, request: web.Request) -> Person:
        return self._simulator.someone(request.match_info["openid"])


def _json(
    handle: Callable[[web.Request], Awaitable[object]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            return web.json_response(to_jsonable_python(await handle(request)))
        except ClockError as error:
            return web.json_response({"error": str(error)}, status=502)
        except LookupError as error:
            return web.json_response({"error": str(error)}, status=404)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer


async def _body(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent; nothing sent is an empty one. Raises ValueError."""
    return BODY.validate_json(await request.read() or b"{}")


def _frame(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
