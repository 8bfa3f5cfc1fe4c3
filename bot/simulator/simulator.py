"""The platform as one object: its people, what they do, what the account may do, and what happened."""

import asyncio
import contextlib
import itertools
import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self, TypeVar

from bot.simulator.clock import ClockError, RemoteClock, real_time
from bot.simulator.deliveries import Deliveries, Delivery, Fate
from bot.simulator.knobs import NO_FAULT, ApiFault, Knobs, PushFault
from bot.simulator.limits import Limits
from bot.simulator.menu import Menu
from bot.simulator.people import Entry, Person, Side, Trigger
from bot.simulator.pushing import Account, Mode, Outcome, Push, Pusher
from bot.simulator.receipts import Receipts
from bot.simulator.scenes import Scenes
from bot.simulator.stream import Stream
from bot.simulator.templates import TemplateKind, Templates
from bot.simulator.tokens import Tokens

State = TypeVar("State")
REMEMBERED: Final = 20_000  # pushes and calls kept for inspection
SUBSCRIBABLE: Final = (TemplateKind.ONCE, TemplateKind.LASTING)
SHOWN_FAILURES: Final = {"event:subscribe", "event:CLICK", "event:SCAN"}  # besides those of messages


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    at: datetime
    path: str
    errcode: int
    rid: str
    fault: str


class Simulator:
    """Plays the platform for one account.

    `async with` opens it for pushing; `app(simulator)` serves its HTTP side as well.
    `clock` is service time (chats, windows, limits); without one it follows `clock_url`, else real time.
    `wall` is real time (signatures, tokens, MarkFail).
    """

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: str,
        token: str,
        aes_key: str,
        callback_url: str,
        mode: Mode = Mode.SAFE,
        original_id: str = "gh_7c3a5d1e9b24",
        clock: Callable[[], datetime] | None = None,
        wall: Callable[[], datetime] = real_time,
        clock_url: str | None = None,
    ) -> None:
        self.account = Account(
            app_id=app_id,
            app_secret=app_secret,
            token=token,
            aes_key=aes_key,
            callback_url=callback_url,
            mode=mode,
            original_id=original_id,
        )
        self.remote_clock = RemoteClock(clock_url) if clock_url else None
        self.clock = clock or self.remote_clock or real_time
        self.wall = wall
        self.knobs, self.menu, self.stream = Knobs(), Menu(), Stream()
        self.faults: list[ApiFault] = []
        self.people: dict[str, Person] = {}
        self.tokens = Tokens(wall)
        self.limits = Limits(self.clock)
        self.pusher = Pusher(self.account, self.knobs, wall)
        self.pushes: deque[Push] = deque(maxlen=REMEMBERED)
        self.calls: deque[ApiCall] = deque(maxlen=REMEMBERED)
        self.deliveries, self.templates, self.scenes = Deliveries(), Templates(), Scenes(self.clock)
        self.receipts = Receipts(self.knobs, self._tell_server)
        self._states: dict[type, object] = {}
        self._seq, self._push_ids = itertools.count(1), itertools.count(1)
        # Ids begin where no earlier simulator has been: a bot with a memory must not take one for a repeat.
        self._message_ids = itertools.count(int(wall().timestamp() * 1_000_000) * 1000)

    async def __aenter__(self) -> Self:
        await self.pusher.open()
        if self.remote_clock is not None:
            with contextlib.suppress(ClockError):
                await self.remote_clock.read(self.pusher.session)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stream.close()
        await self.receipts.close()
        await self.pusher.close()

    def of(self, kind: type[State]) -> State:
        """The one `kind()` of this simulator: state that an API file keeps for itself."""
        state = self._states.setdefault(kind, kind())
        assert isinstance(state, kind)
        return state

    async def verify(self) -> bool:
        """Sends the GET of the platform's settings page; says whether the echo came back exactly."""
        return await self.pusher.verify()

    def person(
        self, nickname: str = "", *, openid: str | None = None, note: str = "", followed: bool = True
    ) -> Person:
        """Somebody new. Raises ValueError if the openid is taken."""
        openid = openid or "o" + secrets.token_urlsafe(21)[:27]
        if openid in self.people:
            raise ValueError(f"there is a person {openid} already")
        person = Person(
            openid=openid,
            nickname=nickname or openid[-6:],
            note=note,
            followed=followed,
            followed_at=self.clock(),
        )
        self.people[openid] = person
        self.tell_person(person)
        return person

    def someone(self, openid: str) -> Person:
        """Raises LookupError."""
        if openid not in self.people:
            raise LookupError(f"there is no person {openid}")
        return self.people[openid]

    async def say(
        self, openid: str, text: str, *, choice: str | None = None, fault: PushFault = NO_FAULT
    ) -> Push:
        """A typed text; `choice` is the id of a pressed msgmenu line."""
        fields = {"MsgType": "text", "Content": text}
        if choice is not None:
            fields["bizmsgmenuid"] = choice
        return await self._message(openid, fields, fault, text=text)

    async def speak(self, openid: str, recognition: str | None, *, fault: PushFault = NO_FAULT) -> Push:
        """A voice message, with the platform's transcript if speech recognition is switched on."""
        fields = {"MsgType": "voice", "MediaId": secrets.token_urlsafe(48), "Format": "amr"}
        if recognition is not None:
            fields["Recognition"] = recognition
        return await self._message(openid, fields, fault, text=recognition or "")

    async def picture(self, openid: str, url: str, *, fault: PushFault = NO_FAULT) -> Push:
        fields = {"MsgType": "image", "PicUrl": url, "MediaId": secrets.token_urlsafe(48)}
        return await self._message(openid, fields, fault, url=url)

    async def place(
        self, openid: str, latitude: float, longitude: float, label: str, *, fault: PushFault = NO_FAULT
    ) -> Push:
        fields = {
            "MsgType": "location",
            "Location_X": latitude,
            "Location_Y": longitude,
            "Scale": 16,
            "Label": label,
        }
        return await self._message(openid, fields, fault, text=label)

    async def link(
        self, openid: str, title: str, url: str, description: str = "", *, fault: PushFault = NO_FAULT
    ) -> Push:
        fields = {"MsgType": "link", "Title": title, "Description": description, "Url": url}
        return await self._message(openid, fields, fault, text=title, url=url, description=description)

    async def click(self, openid: str, button: str, *, fault: PushFault = NO_FAULT) -> Push:
        """Presses the published button with this key or url. Raises LookupError if there is none to press."""
        person, found = self._follower(openid), self.menu.find(button)
        match found["type"]:
            case "click":
                person.opens(Trigger.MENU, self.clock())
                return await self._event(person, "CLICK", {"EventKey": found["key"]}, fault)
            case "view":
                return await self._event(person, "VIEW", {"EventKey": found["url"]}, fault)
        raise LookupError(f"a button of type {found['type']} opens the phone's own screen, not the chat")

    async def scan(
        self, openid: str, scene: str = "", *, ticket: str = "", fault: PushFault = NO_FAULT
    ) -> Push:
        """Scans a QR code of the account: SCAN for a follower, else the person follows by it.

        `ticket` is of a code that the account has made, else any `scene` will do. Raises LookupError.
        """
        person = self.someone(openid)
        if not (scene or ticket):
            raise ValueError("a code has a scene or a ticket")
        scene = self.scenes.scene(ticket) if ticket else scene
        ticket = ticket or secrets.token_urlsafe(48)
        if not person.followed:
            return await self._subscribe(
                person, scene, {"EventKey": f"qrscene_{scene}", "Ticket": ticket}, fault
            )
        person.opens(Trigger.SCAN, self.clock())
        return await self._event(person, "SCAN", {"EventKey": scene, "Ticket": ticket}, fault)

    async def follow(self, openid: str, *, fault: PushFault = NO_FAULT) -> Push:
        return await self._subscribe(self.someone(openid), "", {"EventKey": ""}, fault)

    async def unfollow(self, openid: str, *, fault: PushFault = NO_FAULT) -> Push:
        """Ends every window; whatever the account still answers is not shown."""
        person = self._follower(openid)
        person.leaves()
        self.note(person, Side.SYSTEM, "unfollowed")
        self.tell_person(person)
        return await self._event(person, "unsubscribe", {"EventKey": ""}, fault)

    async def allow(self, openid: str, templates: Mapping[str, bool], *, fault: PushFault = NO_FAULT) -> Push:
        """Answers a page's subscription dialog: True allows one more message of the template.

        Raises LookupError if there is no such template to subscribe to.
        """
        person = self.someone(openid)
        for template in templates:
            self.templates.find(template, *SUBSCRIBABLE)
        for template, accepted in templates.items():
            person.subscriptions[template] = person.subscriptions.get(template, 0) + accepted
        chosen = [
            {**_choice(template, accepted), "PopupScene": "1"} for template, accepted in templates.items()
        ]
        event = {"SubscribeMsgPopupEvent": {"List": chosen}}
        return await self._event(person, "subscribe_msg_popup_event", event, fault)

    async def forbid(self, openid: str, templates: Sequence[str], *, fault: PushFault = NO_FAULT) -> Push:
        """Switches these templates off on the phone's own page."""
        person = self.someone(openid)
        for template in templates:
            person.subscriptions.pop(template, None)
        event = {"SubscribeMsgChangeEvent": {"List": [_choice(template, False) for template in templates]}}
        return await self._event(person, "subscribe_msg_change_event", event, fault)

    def deliver(self, delivery: Delivery) -> None:
        """Keeps it, and puts it into the person's chat if it arrived."""
        self.deliveries.record(delivery)
        if delivery.fate is Fate.DELIVERED:
            self._enter(
                self.someone(delivery.openid),
                Side.ACCOUNT,
                delivery.kind,
                delivery.text,
                delivery.channel,
                delivery.data,
            )

    def new_id(self) -> int:
        """An id that no message had before."""
        return next(self._message_ids)

    async def push(
        self,
        openid: str,
        fields: Mapping[str, object],
        *,
        fault: PushFault = NO_FAULT,
        message_id: int | None = None,
    ) -> Push:
        """Sends any message or event to the account's server and shows the person what comes of it."""
        self.someone(openid)
        return await self._call_back(openid, fields, fault, message_id)

    async def _call_back(
        self, openid: str, fields: Mapping[str, object], fault: PushFault, message_id: int | None = None
    ) -> Push:
        created = int(self.clock().timestamp())
        kind = str(fields["MsgType"]) + (f":{fields['Event']}" if "Event" in fields else "")
        push = Push(id=next(self._push_ids), openid=openid, kind=kind, created=created, message_id=message_id)
        message = {
            "ToUserName": self.account.original_id,
            "FromUserName": openid,
            "CreateTime": created,
            **fields,
        }
        if message_id is not None:
            message["MsgId"] = message_id
        self.pushes.append(push)
        self.stream.tell("push", push)
        await self.pusher.deliver(push, message, fault)
        person = self.people.get(openid)
        if person is not None and not fault.hostile:
            self._show(person, push)
        self.stream.tell("push", push)
        return push

    async def heard(self, openid: str, *, after: int = 0, patience: float = 5.0) -> Entry:
        """What the account said first with seq > `after`. Raises TimeoutError after `patience` seconds."""
        person = self.someone(openid)
        with self.stream.listen() as events:
            async with asyncio.timeout(patience):
                while True:
                    for entry in person.chat:
                        if entry.side is Side.ACCOUNT and entry.seq > after:
                            return entry
                    await events.get()

    def note(
        self, person: Person, side: Side, kind: str, text: str = "", channel: str = "", **data: object
    ) -> Entry:
        """Adds a line to the person's chat."""
        return self._enter(person, side, kind, text, channel, data)

    def _enter(
        self, person: Person, side: Side, kind: str, text: str, channel: str, data: Mapping[str, object]
    ) -> Entry:
        entry = Entry(
            seq=next(self._seq), at=self.clock(), side=side, kind=kind, text=text, channel=channel, data=data
        )
        person.chat.append(entry)
        self.stream.tell("entry", {"openid": person.openid, "entry": entry})
        return entry

    def tell_person(self, person: Person) -> None:
        self.stream.tell("person", summary(person))

    def _follower(self, openid: str) -> Person:
        person = self.someone(openid)
        if not person.followed:
            raise ValueError(f"{openid} does not follow the account")
        return person

    async def _message(
        self, openid: str, fields: Mapping[str, object], fault: PushFault, **shown: str
    ) -> Push:
        person = self._follower(openid)
        if not fault.hostile:
            person.opens(Trigger.MESSAGE, self.clock())
            self.note(person, Side.PERSON, str(fields["MsgType"]), shown.pop("text", ""), **shown)
        return await self.push(openid, fields, fault=fault, message_id=self.new_id())

    async def _event(
        self, person: Person, event: str, fields: Mapping[str, object], fault: PushFault
    ) -> Push:
        return await self.push(person.openid, {"MsgType": "event", "Event": event, **fields}, fault=fault)

    async def _tell_server(self, openid: str, event: Mapping[str, object]) -> Push:
        """A job's event; a mass message's comes in the name of somebody who is none of the people."""
        return await self._call_back(openid, {"MsgType": "event", **event}, NO_FAULT)

    async def _subscribe(
        self, person: Person, scene: str, fields: Mapping[str, object], fault: PushFault
    ) -> Push:
        if person.followed:
            raise ValueError(f"{person.openid} follows the account already")
        person.followed, person.followed_at, person.scene = True, self.clock(), scene
        person.opens(Trigger.FOLLOW, self.clock())
        self.note(person, Side.SYSTEM, "followed")
        self.tell_person(person)
        return await self._event(person, "subscribe", fields, fault)

    def _show(self, person: Person, push: Push) -> None:
        if push.reply is not None and person.followed:
            self.note(person, Side.ACCOUNT, push.reply.kind, push.reply.text, "passive", **push.reply.data)
        told = not push.kind.startswith("event:") or push.kind in SHOWN_FAILURES
        if told and push.outcome in (Outcome.FAILED, Outcome.DROPPED):
            self.note(person, Side.SYSTEM, "unavailable")


def _choice(template: str, accepted: bool) -> dict[str, object]:
    return {"TemplateId": template, "SubscribeStatusString": "accept" if accepted else "reject"}


def summary(person: Person) -> dict[str, object]:
    """A person without the chat, as the list of people shows it."""
    return {
        "openid": person.openid,
        "nickname": person.nickname,
        "note": person.note,
        "followed": person.followed,
        "last": person.chat[-1] if person.chat else None,
    }
