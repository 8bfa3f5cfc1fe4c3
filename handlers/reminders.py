"""Being reminded: what a person wishes to be told of, what not, and what a reminder says when it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final

from handlers import facts, reminder_words, season
from handlers.affairs import Affairs, Wish
from handlers.alerts import Alert, Sending, Told
from handlers.contract import NOT_MINE, Choice, Effect, Kind, NotMine, Reply, Section, Turn
from knowledge.calendar import Deadline, deadlines, schedule
from knowledge.edition import Notice
from knowledge.figures import chinese_number
from knowledge.language import normalise
from knowledge.notice import CHINA
from knowledge.process import Audience as Side
from knowledge.reading import ASK, Scope

CONSENT: Final = "push"
CONSENT_VERSION: Final = "1"

_ELSE: Final = frozenset(
    {"human", "forget", "confirm_forget", "privacy", "menu_notices", "menu_mine", "check_quit"}
)
"""What ends the asking: another has the word."""
_SOON: Final = timedelta(hours=3)
_MUCH_LEFT: Final = timedelta(hours=30)
_MORNING, _EVENING = time(9), time(20)
_LINK_DAYS: Final = 30
_NEWS_AFTER: Final = timedelta(days=30)
"""When the next notice may come: long after what is open now has closed."""


class Reminders:
    """提醒我, 稍后提醒, 不再提醒, 我的提醒, 开新通知告诉我."""

    name = "reminders"

    def __init__(self) -> None:
        self._acts: Mapping[str, Callable[[Turn, Affairs], Reply]] = {
            "remind": lambda turn, mine: self._wanted(turn, mine, season.DEADLINE),
            "remind_news": lambda turn, mine: self._wanted(turn, mine, season.NEWS),
            "remind_later": _later,
            "remind_stop": _stop,
            "remind_news_stop": _stop_news,
            "remind_list": _list,
        }

    def answer(self, turn: Turn) -> Reply | NotMine:
        """What was wished, with what will come when and by which path; or the question that is missing."""
        act = self._acts.get(turn.reading.act)
        if turn.incoming.kind is Kind.EVENT and not turn.incoming.text:
            return NOT_MINE
        if act is None and not turn.asked:
            return NOT_MINE
        if turn.affairs is None:
            return Reply(sections=[Section(template="reminders/no_store")], alone=True)
        return act(turn, turn.affairs) if act else self._heard(turn, turn.affairs)

    def again(self, turn: Turn) -> Reply:
        """The open question once more, unless the person has turned to something else."""
        if turn.reading.act != ASK or not turn.kept:
            return Reply(keep={})
        return self._ask(turn, dict(turn.kept))

    def tell(self, sending: Sending) -> Told:
        """What an alert says when it is sent."""
        return reminder_words.told(sending)

    def _wanted(self, turn: Turn, mine: Affairs, kind: str) -> Reply:
        programmes = [p for p in turn.reading.programmes if p in turn.library.programmes]
        return self._on(turn, mine, {"kind": kind, "programmes": programmes})

    def _on(self, turn: Turn, mine: Affairs, state: dict[str, Any]) -> Reply:
        """The next question, else the wish."""
        if not state["programmes"]:
            return self._ask(turn, {**state, "asks": "programme", "options": _options(turn)})
        if state["kind"] == season.NEWS:
            return _news(turn, mine, state["programmes"])
        if all(turn.library.programmes[p][0].season(turn.now).over for p in state["programmes"]):
            return _closed(turn, state["programmes"])
        places = [district for p in state["programmes"] for district in _own_districts(turn, p)]
        district = state.get("district", _district(turn, mine, state["programmes"]) if places else "")
        if places and not district and "district" not in state:
            return self._ask(turn, {**state, "asks": "district", "places": places})
        return _noted(turn, mine, state["programmes"], district)

    def _ask(self, turn: Turn, state: dict[str, Any]) -> Reply:
        names = turn.library.programmes
        values = {
            "kind": state["kind"],
            "options": [[names[p][1].name for p in option] for option in state.get("options", [])],
            "names": [names[p][1].name for p in state["programmes"]],
            "places": list(dict.fromkeys(state.get("places", []))),
        }
        section = Section(template=f"reminders/ask_{state['asks']}", values=values, weight=-1)
        return Reply(sections=[section], keep=state, awaiting=True, alone=True)

    def _heard(self, turn: Turn, mine: Affairs) -> Reply | NotMine:
        """The answer to the open question; a question of the person's is for the others."""
        state, reading = dict(turn.kept), turn.reading
        if reading.act in _ELSE:
            return NOT_MINE
        if state["asks"] == "programme":
            named = [*reading.named]
            asks = bool(set(reading.matters) | set(reading.aspects)) and reading.act == ASK
            programmes = _numbered(turn, state["options"]) or ([] if asks else named)
            if not programmes:
                return NOT_MINE if reading.act != ASK or reading.topics() else self._ask(turn, state)
            return self._on(turn, mine, {"kind": state["kind"], "programmes": programmes})
        inherited = reading.inherited
        said = [] if "districts" in inherited else [*reading.districts]
        if not said and (reading.act != ASK or (reading.findings and "topic" not in inherited)):
            return NOT_MINE
        # asked once: whoever does not know hears the city's date
        return self._on(turn, mine, {**state, "district": said[0] if said else ""})


# —— what is wished


def _options(turn: Turn) -> list[list[str]]:
    """The programmes to choose from: the city's where one is meant; at the end all of them."""
    city = turn.reading.city or turn.context.city
    notices = turn.library.of_city(city) if city else ()
    notices = notices or tuple(n for n in turn.library.notices.values() if not n.superseded_by)
    programmes = [programme.id for notice in notices for programme in notice.programmes]
    return [*([p] for p in programmes), *([programmes] if len(programmes) > 1 else [])]


def _numbered(turn: Turn, options: Sequence[list[str]]) -> list[str]:
    match = turn.library.vocabulary.patterns.choice.match(normalise(turn.incoming.text))
    if match is None:
        return []
    number = int(match[1]) if match[1].isdecimal() else chinese_number(match[1]) or 0
    return options[number - 1] if 0 < number <= len(options) else []


def _own_districts(turn: Turn, programme: str) -> list[str]:
    """The districts that have a date of their own for a programme."""
    notice, _ = turn.library.programmes[programme]
    found = [fact.region or part.header.district for part, fact in notice.stages(programme)]
    return [district for district in found if district]


def _district(turn: Turn, mine: Affairs, programmes: Sequence[str]) -> str:
    """Where the person is, as far as it was said, or as their unit is registered."""
    said = turn.reading.districts or turn.context.districts
    if said:
        return said[0]
    cities = {turn.library.programmes[p][0].header.city for p in programmes}
    return next((held.district for held in mine.units.mine() if held.city in cities), "")


def _noted(turn: Turn, mine: Affairs, programmes: Sequence[str], district: str) -> Reply:
    """The wish is kept where a deadline is still to come."""
    coming: dict[str, list[Deadline]] = {}
    for programme in programmes:
        for deadline in deadlines(turn.library, programme, district, Side.CANDIDATE):
            if turn.now < deadline.safe_end:
                coming.setdefault(deadline.id, []).append(deadline)
    if not coming:
        return _closed(turn, programmes)
    wished = list(dict.fromkeys(d.programme for same in coming.values() for d in same))
    for programme in wished:
        notice, _ = turn.library.programmes[programme]
        mine.wishes.wish(kind=season.DEADLINE, topic=f"{notice.id}/{programme}", district=district)
        mine.wishes.unmute(topic=season.reminders_of(notice))
    mine.wishes.unmute(topic="reminder")
    dues = [due for due in schedule(same[0] for same in coming.values()) if due.at > turn.now]
    values = {
        "rows": [reminder_words.row(turn.library, same, dues, turn.now) for same in coming.values()],
        "district": district,
        "left_out": _names(turn, [p for p in programmes if p not in wished]),
    }
    section = Section(
        template="reminders/noted",
        values=values,
        facts=tuple(coming),
        computed={f"due.{due.key}": due.at.isoformat() for due in dues},
    )
    return _agreed(turn, mine, section, "reminder", dues[0].at if dues else None)


def _news(turn: Turn, mine: Affairs, programmes: Sequence[str]) -> Reply:
    for programme in programmes:
        notice, _ = turn.library.programmes[programme]
        mine.wishes.wish(kind=season.NEWS, topic=f"{notice.header.city}/{programme}")
    mine.wishes.unmute(topic="news")
    section = Section(template="reminders/news_noted", values={"names": _names(turn, programmes)})
    return _agreed(turn, mine, section, "news", turn.now + _NEWS_AFTER)


def _agreed(turn: Turn, mine: Affairs, section: Section, kind: str, at: datetime | None) -> Reply:
    """Who asks to be told agrees to be; with by which path it will come, and what helps where none will."""
    mine.privacy.agree(purposes=[CONSENT], version=CONSENT_VERSION)
    if at is None:
        return Reply(sections=[section], keep={}, alone=True)
    ways = mine.wishes.ways(kind=kind, at=at)
    offered = ways.why_not.get("subscribe") == "no_allowance" and ways.chosen not in ("template", "subscribe")
    link = turn.links.new("remind") if turn.links and offered else None
    effects: list[Effect] = []
    if link:
        effects.append(link.keep(json.dumps({"kind": kind}), days=_LINK_DAYS))
    path = Section(
        template="reminders/path",
        values={
            "path": ways.chosen or "",
            "follows": "not_following" not in ways.why_not.values(),
            "link": link.url if link else "",
            "calendar": turn.links is not None,
            "deadline": kind == "reminder",
        },
        weight=-0.5,
    )
    return Reply(sections=[section, path], effects=effects, keep={}, alone=True)


def _closed(turn: Turn, programmes: Sequence[str]) -> Reply:
    section = Section(template="reminders/closed", values={"names": _names(turn, programmes)})
    scope = Scope(notice=turn.library.programmes[programmes[0]][0].id, programmes=tuple(programmes))
    return Reply(sections=[section], choices=[facts.tell_me(turn, scope)], keep={}, alone=True)


def _names(turn: Turn, programmes: Iterable[str]) -> list[str]:
    return [turn.library.programmes[p][1].name for p in programmes]


# —— after a reminder


def _last(turn: Turn, mine: Affairs) -> tuple[Mapping[str, Any], Deadline, str] | None:
    """The last reminder: its values, the deadline as it stands now, and its occasion."""
    last = mine.last_push()
    if last is None or last.kind != "reminder":
        return None
    values = json.loads(last.content)
    deadline = reminder_words.deadline(turn.library, values)
    return (values, deadline, last.occasion) if deadline else None


def _later(turn: Turn, mine: Affairs) -> Reply:
    """Once more in a while; where the next one comes by itself until then, only when that is."""
    last = _last(turn, mine)
    if last is None:
        return Reply(sections=[Section(template="reminders/nothing_yet")], alone=True)
    values, deadline, occasion = last
    at = _in_a_while(turn.now, deadline.safe_end)
    if at is None:
        return Reply(sections=[Section(template="reminders/too_late")], alone=True)
    coming = [due.at for due in schedule([deadline]) if turn.now < due.at <= at]
    told_at = (coming or [at])[0].astimezone(CHINA)
    section = Section(
        template="reminders/later",
        values={"at": told_at, "regular": bool(coming)},
        computed={"at": told_at.isoformat()},
    )
    if coming:
        return Reply(sections=[section], alone=True)
    alert = Alert(
        kind="reminder",
        template="reminders/opens" if deadline.vague else "reminders/near",
        values=values,
        audience=season.contact(mine.contact),
        occasion=f"{occasion.partition(':again:')[0]}:again:{at.isoformat()}",
        due_at=at,
        not_after=deadline.safe_end,
        premises=[season.still(deadline)],
    )
    return Reply(sections=[section], alerts=[alert], alone=True)


def _in_a_while(now: datetime, end: datetime) -> datetime | None:
    """Tomorrow morning where there is much time, else in some hours, at a decent hour; None where that would
    be too late."""
    here = now.astimezone(CHINA)
    tomorrow = datetime.combine(here.date() + timedelta(days=1), _MORNING, CHINA)
    soon = here + _SOON
    at = tomorrow if end - now > _MUCH_LEFT or soon.time() > _EVENING or soon.date() > here.date() else soon
    return at.astimezone(now.tzinfo) if at < end else None


def _stop(turn: Turn, mine: Affairs) -> Reply:
    """The programmes that were named, else what the last reminder was about, else the only wish."""
    held = [wish for wish in mine.wishes.mine() if wish.kind == season.DEADLINE]
    named = turn.reading.named
    notices: list[Notice] = []
    if named:
        ended = [wish for wish in held if wish.topic.partition("/")[2] in named]
        # a unit's reminders are of the notice, whatever the programme
        notices = [] if ended else [turn.library.programmes[p][0] for p in named]
    elif last := _last(turn, mine):
        notices = [turn.library.programmes[last[0]["programmes"][0]][0]]
        ended = [wish for wish in held if wish.topic.partition("/")[0] == notices[0].id]
    elif len(held) > 1:
        return _list(turn, mine)
    else:
        ended = held
    for wish in ended:
        mine.wishes.end(kind=wish.kind, topic=wish.topic)
    for notice in notices:
        mine.wishes.mute(topic=season.reminders_of(notice))
    names = [n.header.title for n in notices] or [_shown(turn, wish)["name"] for wish in ended]
    template = "reminders/stopped" if names else "reminders/nothing_to_stop"
    values = {"names": list(dict.fromkeys(names)), "kind": season.DEADLINE}
    return Reply(sections=[Section(template=template, values=values)], alone=True)


def _stop_news(turn: Turn, mine: Affairs) -> Reply:
    held = [wish for wish in mine.wishes.mine() if wish.kind == season.NEWS]
    named = turn.reading.named
    ended = [wish for wish in held if not named or wish.topic.partition("/")[2] in named]
    for wish in ended:
        mine.wishes.end(kind=wish.kind, topic=wish.topic)
    template = "reminders/stopped" if ended else "reminders/nothing_to_stop"
    values = {"names": [_shown(turn, wish)["name"] for wish in ended], "kind": season.NEWS}
    return Reply(sections=[Section(template=template, values=values)], alone=True)


def _list(turn: Turn, mine: Affairs) -> Reply:
    """What is wished, with a number to end each; what comes by itself for a unit; what was muted."""
    rows = [_shown(turn, wish) for wish in mine.wishes.mine()]
    muted = [
        notice.header.title
        for notice in turn.library.notices.values()
        if season.reminders_of(notice) in mine.wishes.muted()
    ]
    values = {"rows": rows, "units": [held.name for held in mine.units.mine()], "muted": muted}
    choices = [Choice(template="reminders/drop", values=row, says="reminders/drop_says") for row in rows]
    return Reply(sections=[Section(template="reminders/list", values=values)], choices=choices, alone=True)


def _shown(turn: Turn, wish: Wish) -> dict[str, Any]:
    programme = wish.topic.partition("/")[2]
    known = turn.library.programmes.get(programme)
    return {"kind": wish.kind, "name": known[1].name if known else programme, "district": wish.district}
