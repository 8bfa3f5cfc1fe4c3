"""The guided self-check: what can still change the outcome is asked, then the verdict is told by clause."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from handlers import check_figures, check_verdicts, check_wish, check_words
from handlers.check_state import Check
from handlers.contract import NOT_MINE, Choice, Kind, NotMine, Reply, Section, Turn
from knowledge.figures import chinese_number
from knowledge.interview import Interview, Question
from knowledge.notice import CHINA, Aspect
from knowledge.reading import ASK
from knowledge.telling import Telling, Told

TRIES: Final = 3
PAUSED_AFTER: Final = timedelta(hours=6)
"""A question left without an answer for so long is not repeated after other answers."""

_AGREEMENT: Final = "agreement"
_KEPT_INTERVIEWS: Final = 64
_LINK_DAYS: Final = 7
_GO_ON: Final = Choice(template="selfcheck/go_on", says="selfcheck/go_on_says")
_ELSE: Final = frozenset({"human", "forget", "confirm_forget", "privacy", "menu_notices", "menu_mine"})
"""What ends the asking for now: another has the word."""


class SelfCheck:
    """我能报吗: one question after the other, until every verdict stands."""

    name = "selfcheck"

    def __init__(self) -> None:
        self._interviews: OrderedDict[tuple[str, ...], Interview] = OrderedDict()
        self._telling: tuple[str, Telling] | None = None
        self._commands: dict[str, Callable[[Turn, Check], Reply | None]] = {
            "check_quit": self._quit,
            "check_restart": self._restart,
            "check_resume": self._resume,
            "more": self._more,
            "check_result": self._verdicts,
            "check_back": self._last,
            "check_why": self._why,
            "check_answers": self._answers,
            "check_details": self._details,
            "check_materials": self._materials,
        }

    def answer(self, turn: Turn) -> Reply | NotMine:
        """The next question, the verdict, or the choice of a programme."""
        act = turn.reading.act
        if turn.incoming.kind is Kind.EVENT and not turn.incoming.text:
            return NOT_MINE
        if act in ("menu_check", "check_roster"):
            return check_wish.choose(turn) if act == "menu_check" else _roster(turn)
        check = Check.load(turn.kept, turn.library)
        if check is None and (template := _WITHOUT_CHECK.get(act)):
            return Reply(sections=[Section(template=template)], alone=True)
        if check is not None and (reply := self._command(turn, check)) is not None:
            return reply
        if check is not None and turn.asked and act not in _ELSE:
            return self._heard(turn, check)
        return self._unasked(turn, check)

    def again(self, turn: Turn) -> Reply:
        """The open question after an answer to something else; after a long silence only a hint at it. What
        others answered without having been asked was meant for the question, and counts as a try, as does
        the same said again."""
        check = Check.load(turn.kept, turn.library)
        question = self._current(turn, check) if check else None
        if check is None or question is None:
            return Reply(keep={})
        if turn.reading.act in _ELSE or turn.now - check.touched_at > PAUSED_AFTER:
            return Reply(sections=[Section(template="selfcheck/paused", weight=_LAST)])
        said = turn.incoming.text
        aside = turn.reading.act != ASK or self._read(turn, check, said, question).aside
        if check.said == said or not aside:
            check = replace(check, tries=check.tries + 1)
            if check.tries >= TRIES:
                return self._given_up(turn, check, question)
        check = replace(check, said=said)
        return self._ask(turn, check, question, template="selfcheck/back_to")

    # —— beginning

    def _begin(self, turn: Turn, before: Check | None, wish: check_wish.Wish) -> Reply:
        programmes = wish.programmes
        if not programmes:
            return check_wish.choose(turn)
        notice = turn.library.programmes[programmes[0]][0]
        check = Check(
            notice=notice.id,
            programmes=programmes,
            rules=notice.rules_version,
            touched_at=turn.now,
            districts=turn.reading.districts or turn.context.districts,
        )
        if before is not None and before.of(wish.whom):
            known = before.fresh(turn.now, turn.library.dictionary)
            known = known if before.notice == notice.id else known.elsewhere()
            check = replace(check, answers=known.answers, whom=before.whom)
        elif wish.whom:
            check = replace(check, whom=wish.whom)
        if not wish.whom or wish.whom in turn.context.text:
            earlier = wish.told(turn.context.text, notice.id)
            if turn.context.stated or len(earlier.values) >= check_wish.TELLING:
                check = check.with_told(earlier, turn.now)
                check = replace(check, whom=check.whom or wish.whom_before)
        check = check.with_told(wish.told(wish.case, notice.id), turn.now)
        begun = self._on(turn, check, opening=True)
        return replace(begun, effects=[*check_figures.begun(turn.library, check), *begun.effects])

    def _unasked(self, turn: Turn, check: Check | None) -> Reply | NotMine:
        """A wish for a check; or more of himself from somebody who was told his verdicts."""
        wish = check_wish.Wish(turn, self._told)
        if check and not check.current and wish.goes_on_telling and check.of(wish.whom):
            told = wish.told(turn.incoming.text, check.notice)
            if any(check.values.get(fact) != value for fact, value in told.values.items()):
                return self._changed(turn, check, check, told)
        return wish.beside(self._begin(turn, check, wish)) if wish.wanted else NOT_MINE

    # —— one message while a question is open

    def _heard(self, turn: Turn, check: Check) -> Reply | NotMine:
        question = self._current(turn, check)
        if question is None:
            return self._on(turn, check)
        wish = check_wish.Wish(turn, self._told)
        named = "" if check.whom or check.answers or check.asked else wish.whom_alone
        check = replace(check, whom=named or check.whom)
        told = check_words.by_line(turn.library, turn.incoming.text, question)
        told = told or self._read(turn, check, turn.incoming.text, question)
        if gone := check.gainsaid(told):  # what is mended may be a line that was no longer shown
            question = self._current(turn, check.without(gone)) or question
            told = self._read(turn, check, turn.incoming.text, question)
        unsure = told.unsure.intersection(question.fills) - check.unsure
        if unsure or any(check.values.get(fact) != value for fact, value in told.values.items()):
            return self._take(turn, check, question, told)
        if named and not told.aside and not told.values:
            return self._ask(turn, check, question, template="selfcheck/back_to")
        return self._unheard(turn, check, question, told, wish)

    def _unheard(
        self, turn: Turn, check: Check, question: Question, told: Told, wish: check_wish.Wish
    ) -> Reply | NotMine:
        """What tells nothing new: of another programme (whether also for that is no wish for a check), what
        mends the last answer, what is known already, or no answer."""
        if turn.reading.named and wish.doubles and not told.values:
            return NOT_MINE
        if turn.reading.named and wish.wanted:
            return self._begin(turn, check, wish)
        if told.instead and not told.values and (mended := self._mended(turn, check)).values:
            return self._changed(turn, check, check.without(mended.values), mended)
        if told.values and check.tries + 1 < TRIES:
            return self._take(turn, replace(check, tries=check.tries + 1), question, told)
        return self._missed(turn, check, question, told)

    def _mended(self, turn: Turn, check: Check) -> Told:
        """What mends the last answer."""
        fills = self._fills(turn, check, check.asked[-1]) if check.asked else ()
        before = replace(check.without(fills), current=check.asked[-1] if check.asked else "")
        question = self._current(turn, before)
        return self._read(turn, check, turn.incoming.text, question) if question else Told()

    def _missed(self, turn: Turn, check: Check, question: Question, told: Told) -> Reply | NotMine:
        """What is no answer: a word to be explained, a question for the others, or not understood. Words that
        only name a topic (班长) ask nothing."""
        if meaning := check_words.meaning(turn):
            asked = self._ask(turn, check, question, template="selfcheck/back_to")
            return replace(asked, sections=[meaning, *asked.sections])
        reading = turn.reading
        topics = {*reading.aspects, *reading.matters} - {Aspect.SELFCHECK}
        patterns = turn.library.vocabulary.patterns
        asks = told.aside or patterns.besides.search(reading.text) or patterns.demands.search(reading.text)
        if reading.act not in (ASK, _AGREEMENT) or (topics and asks and "topic" not in reading.inherited):
            return NOT_MINE
        check = replace(check, tries=check.tries + 1)
        if check.tries >= TRIES:
            return self._given_up(turn, check, question)
        return self._ask(turn, check, question, template="selfcheck/not_understood")

    def _given_up(self, turn: Turn, check: Check, question: Question) -> Reply:
        unsure = Told(values={}, words={}, unsure=frozenset(question.fills))
        return self._take(turn, check, question, unsure, template="selfcheck/given_up")

    def _take(
        self, turn: Turn, check: Check, question: Question, told: Told, template: str = "selfcheck/noted"
    ) -> Reply:
        """Goes on with what was told; the question stays open where the message told of other facts only.
        Where an earlier answer is gainsaid by the way, which of the two holds is asked at once."""
        before = self._interview(turn, check).verdicts(check.values, check.unsure)
        stood, gainsaid = check, check.gainsaid(told) - {*question.fills}
        if told.instead:
            check, gainsaid = check.without(check.gainsaid(told)), frozenset()
        check = check.with_told(told, turn.now, asked=question)
        if any(fact in told.values or fact in told.unsure for fact in question.fills):
            check = check.answered(question)
        noted = check_words.noted(turn.library, check, question, told, template)
        turned = check_verdicts.turned(turn.library, before, self._interview(turn, check), check)
        if doubted := self._doubted(turn, check, gainsaid):
            now = stood.without(gainsaid).with_told(told, turn.now)
            both = check_verdicts.gainsaid(turn.library, stood, now, gainsaid)
            return replace(
                doubted, sections=[*check_words.ordered([noted, both, *turned]), *doubted.sections]
            )
        return self._on(turn, check, notes=[noted, *turned])

    def _doubted(self, turn: Turn, check: Check, facts: Iterable[str]) -> Reply | None:
        """The question for the first of some facts of which two things were told; None where none matters."""
        interview = self._interview(turn, check)
        for id_ in dict.fromkeys(id_ for fact in sorted(facts) for id_ in interview.questions_for(fact)):
            question = interview.question(id_, check.values, check.unsure)
            if question is not None and any(question.moves.values()):
                asked = tuple(other for other in check.asked if other != id_)
                return self._ask(turn, replace(check, asked=asked, tries=0), question)
        return None

    # —— commands

    def _command(self, turn: Turn, check: Check) -> Reply | None:
        """What a command in a check does; None for anything else."""
        if what := turn.library.vocabulary.patterns.change.search(turn.reading.text):
            return self._change(turn, check, what)
        command = self._commands.get(turn.reading.act)
        return command(turn, check) if command else None

    def _quit(self, turn: Turn, check: Check) -> Reply | None:
        if not turn.asked:
            return Reply(sections=[Section(template="selfcheck/nothing_open")], alone=True)
        kept = replace(check, touched_at=turn.now)
        return Reply(sections=[Section(template="selfcheck/quit")], keep=kept.dump(), alone=True)

    def _restart(self, turn: Turn, check: Check) -> Reply:
        return self._on(turn, replace(check, answers={}, unsure=frozenset(), asked=()), opening=True)

    def _more(self, turn: Turn, check: Check) -> Reply | None:
        """On where a question is open, or where the verdicts were wanted a while ago before all was asked."""
        lately = turn.now - check.touched_at <= PAUSED_AFTER and self._unfinished(turn, check)
        return self._resume(turn, check) if check.current or lately else None

    def _resume(self, turn: Turn, check: Check) -> Reply:
        """On with a check after a pause: what has become stale is asked again, changed rules are named."""
        fresh = check.fresh(turn.now, turn.library.dictionary)
        notes = []
        if dropped := [fact for fact in check.answers if fact not in fresh.answers]:
            names = check_words.names(turn.library, dropped)
            notes.append(Section(template="selfcheck/stale", values={"names": names}))
        return self._on(turn, fresh, notes=notes)

    def _last(self, turn: Turn, check: Check) -> Reply:
        return self._back(turn, check, check.asked[-1:])

    def _details(self, turn: Turn, check: Check) -> Reply:
        return check_verdicts.details(turn, check)

    def _materials(self, turn: Turn, check: Check) -> Reply:
        return check_verdicts.materials(turn, check)

    def _back(self, turn: Turn, check: Check, questions: Sequence[str]) -> Reply:
        """Asks an answered question again; the others keep their answers."""
        if not questions:
            return Reply(sections=[Section(template="selfcheck/no_earlier")], alone=True, awaiting=turn.asked)
        fills = self._fills(turn, check, questions[0])
        check = replace(check.without(fills), current=questions[0])
        check = replace(check, asked=tuple(id_ for id_ in check.asked if id_ != questions[0]), tries=0)
        question = self._current(turn, check)
        if question is None:
            return self._on(turn, check)
        return self._ask(turn, check, question)

    def _change(self, turn: Turn, check: Check, what: re.Match[str]) -> Reply | None:
        """改第3题, 改年龄, 年龄改成56: a new answer where one is given, else the question again."""
        if what[1]:
            number = int(what[1]) if what[1].isdecimal() else chinese_number(what[1]) or 0
            return self._back(turn, check, check.asked[number - 1 : number])
        meant = check_words.named(turn.library, check, what[2] or "")
        told = self._read(turn, check, turn.incoming.text, None)
        if told.values and not meant:
            return self._changed(turn, check, check.without(told.values), told)
        interview = self._interview(turn, check)
        questions = [id_ for fact in meant for id_ in interview.questions_for(fact)]
        asked = [id_ for id_ in questions if id_ in check.asked] or questions
        return self._back(turn, check, asked) if asked else None

    def _changed(self, turn: Turn, before: Check, kept: Check, told: Told) -> Reply:
        """What is told anew beside what is `kept` of a check that stood `before`, and where it stands now;
        verdicts that stay are not told in full again."""
        interview = self._interview(turn, before)
        stood = interview.verdicts(before.values, before.unsure)
        check = kept.with_told(told, turn.now)
        values = {"told": check_words.told(turn.library, check, told.values), "instead": kept is not before}
        noted = Section(template="selfcheck/changed", values=values)
        stands = interview.verdicts(check.values, check.unsure)
        if stands == stood and interview.next(check.values, check.unsure) is None:
            kept = replace(check, current="", touched_at=turn.now)
            same = check_verdicts.unchanged(turn.library, stands)
            return Reply(sections=[noted, same], keep=kept.dump(), alone=True)
        turned = check_verdicts.turned(turn.library, stood, interview, check)
        return self._on(turn, check, notes=[noted, *turned])

    def _why(self, turn: Turn, check: Check) -> Reply | None:
        question = self._current(turn, check) if turn.asked else None
        if question is None:
            return None
        why = check_words.why(turn, question)
        asked = self._ask(turn, check, question)
        return replace(asked, sections=[why, *asked.sections])

    def _answers(self, turn: Turn, check: Check) -> Reply:
        values = {"told": check_words.told(turn.library, check, check.answers)}
        section = Section(template="selfcheck/answers", values=values)
        if not turn.asked:
            return Reply(sections=[section], alone=True)
        question = self._current(turn, check)
        if question is None:
            return self._on(turn, check, notes=[section])
        asked = self._ask(turn, check, question)
        return replace(asked, sections=[section, *asked.sections])

    # —— going on

    def _on(self, turn: Turn, check: Check, *, opening: bool = False, notes: Iterable[Section] = ()) -> Reply:
        """The next question that can change something, else the verdicts."""
        said = [*notes]
        notice = turn.library.notices[check.notice]
        if check.rules != notice.rules_version:
            said.append(Section(template="selfcheck/rules_changed"))
            check = replace(check, rules=notice.rules_version)
        if newer := notice.superseded_by:
            edition = turn.library.notices[newer].header.edition
            said.append(Section(template="selfcheck/newer", values={"edition": edition}))
        interview = self._interview(turn, check)
        question = interview.next(check.values, check.unsure)
        if opening:
            said.insert(0, check_words.opening(turn, check, asks=question is not None))
            said += check_verdicts.doubtful(turn.library, check) if question else ()
        if question is None:
            return self._ended(turn, check, said)
        if question.id == check.current and check.tries >= TRIES:
            # answered thrice and still open: no further answer will help
            check = replace(check, unsure=check.unsure | {*question.fills}, current="")
            return self._on(turn, check, notes=said)
        if question.id == check.current:
            question = self._part(interview, check, question)
        if question.id != check.current:
            check = replace(check, tries=0)
        asked = self._ask(turn, check, question)
        return replace(asked, sections=[*check_words.ordered(said), *asked.sections])

    def _part(self, interview: Interview, check: Check, question: Question) -> Question:
        """What is still open of a question that was answered in part, asked by itself; the question where it
        has no parts."""
        if len(question.fills) == 1:
            return question
        parts = (interview.question(fact, check.values, check.unsure) for fact in question.fills)
        return next((part for part in parts if part and part.lines), question)

    def _ended(self, turn: Turn, check: Check, said: Sequence[Section]) -> Reply:
        """The verdicts after what else is said; the first end of a check is counted."""
        done = self._verdicts(turn, replace(check, counted=True))
        ended = check_figures.ended(turn.library, check, check_verdicts.reports(turn.library, check))
        return replace(
            done,
            sections=[*check_words.ordered(said), *done.sections],
            effects=[*done.effects, *([] if check.counted else ended)],
        )

    def _ask(self, turn: Turn, check: Check, question: Question, template: str = "") -> Reply:
        """The question as it is shown, after a line of `template` where one is given."""
        left = self._interview(turn, check).left(check.values, check.unsure)
        check = replace(check, current=question.id, touched_at=turn.now)
        lead = [check_words.again(turn, check, question, template)] if template else []
        sections = [*lead, check_words.asking(check, question, left)]
        return Reply(sections=sections, keep=check.dump(), alone=True, awaiting=True)

    def _verdicts(self, turn: Turn, check: Check) -> Reply:
        check = replace(check, current="", touched_at=turn.now)
        reply = check_verdicts.verdicts(turn, check)
        if turn.links:
            link = turn.links.new("result")
            values = {"url": link.url, "days": _LINK_DAYS}
            shown = Section(template="selfcheck/link", values=values, weight=_LAST)
            page = json.dumps(check.page(turn.library.version), ensure_ascii=False)
            effects = [link.keep(page, days=_LINK_DAYS)]
            reply = replace(reply, sections=[*reply.sections, shown], effects=effects)
        if self._unfinished(turn, check):
            reply = replace(reply, choices=[_GO_ON, *reply.choices])
        return replace(reply, keep=check.dump())

    def _unfinished(self, turn: Turn, check: Check) -> bool:
        """Whether something is left to be asked."""
        return self._interview(turn, check).next(check.values, check.unsure) is not None

    # —— parts

    def _current(self, turn: Turn, check: Check) -> Question | None:
        return self._interview(turn, check).question(check.current, check.values, check.unsure)

    def _fills(self, turn: Turn, check: Check, question: str) -> tuple[str, ...]:
        """The facts that a question fills, whatever is known."""
        found = self._interview(turn, check).question(question, {}, frozenset())
        return found.fills if found else ()

    def _read(self, turn: Turn, check: Check, text: str, asked: Question | None) -> Told:
        return self._told(turn, text, check.notice, check.whom, asked)

    def _told(
        self, turn: Turn, text: str, notice: str, whom: str = "", asked: Question | None = None
    ) -> Told:
        version = turn.library.version
        if self._telling is None or self._telling[0] != version:
            self._telling = (version, Telling(turn.library))
        today = turn.now.astimezone(CHINA).date()
        return self._telling[1].read(text, today=today, notice=notice, asked=asked, whom=whom)

    def _interview(self, turn: Turn, check: Check) -> Interview:
        key = (turn.library.version, *check.programmes, "", *check.districts)
        found = self._interviews.get(key)
        if found is None:
            found = self._interviews[key] = Interview(turn.library, check.programmes, check.districts)
            if len(self._interviews) > _KEPT_INTERVIEWS:
                self._interviews.popitem(last=False)
        return found


_LAST: Final = check_words.LAST
_WITHOUT_CHECK: Final = {
    "check_quit": "selfcheck/nothing_open",
    **dict.fromkeys(
        ("check_back", "check_result", "check_resume", "check_details", "check_materials"),
        "selfcheck/no_check",
    ),
}


def _roster(turn: Turn) -> Reply:
    """名单自查: a page to fill in a list of people, as an account cannot be sent a file."""
    if turn.links is None:
        return Reply(sections=[Section(template="selfcheck/no_roster")], alone=True)
    city = turn.reading.city
    notices = [n for n in turn.library.notices.values() if n.criteria.rulesets and not n.superseded_by]
    wanted = [n for n in notices if not city or n.header.city == city]
    links = [(notice, turn.links.new("roster")) for notice in wanted]
    rows = [{"short": notice.header.short, "url": link.url} for notice, link in links]
    return Reply(
        sections=[Section(template="selfcheck/roster", values={"rows": rows, "days": _LINK_DAYS})],
        effects=[link.keep(json.dumps({"notice": notice.id}), days=_LINK_DAYS) for notice, link in links],
        alone=True,
    )
