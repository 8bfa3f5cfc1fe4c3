"""Customer-service messages: window, count, forms, and the typing state (platform document B2, E4)."""

from datetime import datetime, timedelta
from typing import Final

from bot.simulator.api.contract import OK, Call, Endpoint, Result
from bot.simulator.deliveries import Channel, Delivery
from bot.simulator.errors import ApiError
from bot.simulator.people import Person

TEXT_LIMIT: Final = 2048  # bytes of UTF-8
BY_MEDIA: Final = {"image", "voice", "video"}
OTHER: Final = {"music", "mpnews", "mpnewsarticle", "wxcard", "miniprogrampage"}
TYPING_LASTS: Final = timedelta(seconds=15)
TYPING_AFTER: Final = timedelta(seconds=30)


class Typing:
    """Until when each person sees that the account is typing."""

    def __init__(self) -> None:
        self.until: dict[str, datetime] = {}

    def on(self, openid: str, now: datetime) -> bool:
        return self.until.get(openid, now) > now


async def send(call: Call) -> Result:
    body, simulator = call.body(), call.simulator
    kind, person = str(body.get("msgtype")), call.recipient(body)
    text, data = _substance(kind, body.get(kind))
    draft = Delivery(
        at=simulator.clock(),
        openid=person.openid,
        channel=Channel.CUSTOM,
        kind=kind,
        text=text,
        data=data,
    )
    with call.refusals_of(draft):
        _spend(call, person)
    _typing(call, person, on=False)
    simulator.deliver(draft)
    return OK


async def typing(call: Call) -> Result:
    body, simulator = call.body(), call.simulator
    person, command, now = call.recipient(body), body.get("command"), call.simulator.clock()
    if command not in ("Typing", "CancelTyping"):
        raise ApiError(45072)
    if person.spoke_at is None or now - person.spoke_at > TYPING_AFTER:
        raise ApiError(45080)
    if command == "Typing" and simulator.of(Typing).on(person.openid, now):
        raise ApiError(45081)
    _typing(call, person, on=command == "Typing")
    return OK


def _spend(call: Call, person: Person) -> None:
    """Takes one message off the window that closes first. Raises ApiError if none may be sent now."""
    if person.refuses:
        raise ApiError(person.refuses)
    if not person.followed:
        raise ApiError(call.simulator.knobs.unfollowed_errcode)
    windows = person.open_windows(call.simulator.clock())
    usable = next((window for window in windows if window.left), None)
    if usable is None:
        raise ApiError(45047 if windows else 45015)
    usable.left -= 1


def _substance(kind: str, given: object) -> tuple[str, dict[str, object]]:
    """Text and the rest of a message. Raises ApiError when the form is wrong."""
    known = kind in BY_MEDIA | OTHER | {"text", "news", "msgmenu"}
    if not known or not isinstance(given, dict):
        raise ApiError(40008 if not known else 44004)
    if kind in BY_MEDIA and not given.get("media_id"):
        raise ApiError(40007)
    if kind == "news" and len(_list(given.get("articles"))) != 1:
        raise ApiError(45008)
    if kind == "msgmenu":
        _list(given.get("list"))
    return (_text(given.get("content")), {}) if kind == "text" else ("", given)


def _text(content: object) -> str:
    if not isinstance(content, str) or not content:
        raise ApiError(44004)
    if len(content.encode()) > TEXT_LIMIT:
        raise ApiError(45002)
    return content


def _list(found: object) -> list[object]:
    if not isinstance(found, list) or not found:
        raise ApiError(44004)
    return found


def _typing(call: Call, person: Person, *, on: bool) -> None:
    now = call.simulator.clock()
    call.simulator.of(Typing).until[person.openid] = now + TYPING_LASTS if on else now
    call.simulator.stream.tell("typing", {"openid": person.openid, "on": on})


ENDPOINTS: Final = (
    Endpoint(method="POST", path="/cgi-bin/message/custom/send", handle=send, daily=500_000),
    Endpoint(method="POST", path="/cgi-bin/message/custom/typing", handle=typing, daily=500_000),
)
