"""What a notice does not say of what it is asked: matters, kinds of answer, words and aspects it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from knowledge.asked import ASSERTED, SURELY_LIKE, Question
from knowledge.notice import Aspect, Stage
from knowledge.notice_index import NoticeIndex
from knowledge.reading import Hit, Silent

_PLAINLY = 1.0
_STRANGE_NAMED, _SEVERAL = 2, 2
_SHARE, _TOP = 0.6, 1.1
_ANSWERED, _KIND_SHARE = 0.4, 0.9
_UNSERVED = frozenset({Aspect.SELFCHECK, Aspect.COMPARE})


class Silences:
    """A question as put to one notice, for some of its programmes, by what the notice lacks."""

    def __init__(self, index: NoticeIndex, question: Question, programmes: tuple[str, ...]) -> None:
        self._index = index
        self._question = question
        self._programmes = programmes
        self._fits = index.fitting(programmes)

    def found(
        self, *, hits: Sequence[Hit], surely: Set[str], overview: Sequence[Aspect], settled: bool
    ) -> tuple[list[Silent], bool]:
        """What is asked and not said, and whether words are among it that the text does not have at all.

        `hits` are the facts that fit, `surely` the matters of those asked for in almost these words,
        `overview` the aspects told as a whole; `settled` says that a fact is just what is asked.
        """
        silent = self._matters(surely) + list(self._of_some())
        if not any(row.note for row in silent):
            silent += self._kinds(hits, overview)
        unknown = list(self._words(settled or bool(silent)))
        silent += unknown
        return silent or list(self._aspects()), bool(unknown)

    def whole(self, likest: float) -> bool:
        """Whether every finer matter asked is one that the notice lacks, and nothing else is asked. What the
        words name counts; what they are merely like counts where they name nothing, and are not so much like
        the `likest` fact."""
        question, matters = self._question, self._index.matters
        touched = question.touched()
        asked = [m for m, weight in question.matters.items() if weight >= ASSERTED]
        finer = [m for m in asked if not matters[m].general]
        answered = likest >= _ANSWERED
        likely = [m for m in finer if question.matters[m] >= SURELY_LIKE and not answered]
        sure = [m for m in finer if m in touched] or ([] if touched & set(asked) else likely)
        if not sure or any(map(self._covers, sure)):
            return False
        most = max(question.matters[m] for m in sure)
        telling = [m for m in asked if m in touched or matters[m].general]
        if any(question.matters[m] > most and self._covers(m) for m in telling):
            return False
        own = {matters[m].aspect for m in sure}
        if any(self._index.by_aspect.get(aspect) for aspect in question.broad):
            return False
        return not any(self._index.by_aspect.get(a) for a in question.asserted() if a not in own)

    def of_term(self, term: str) -> tuple[Silent, ...]:
        """That the notice has nothing on a `term` that another one has."""
        touched = self._question.touched()
        silent = [
            replace(self._silent(matter), near=())
            for matter in self._question.finer(self._index.matters)
            if matter in touched and not self._covers(matter)
        ]
        return tuple(silent) or (self._of(term),)

    def _covers(self, matter: str) -> bool:
        """Whether there is anything to tell; what is compared, each notice tells of its own."""
        return self._index.matters[matter].compares or self._index.covers(matter, self._fits)

    def _matters(self, surely: Set[str]) -> list[Silent]:
        """The matters asked that no fact covers, unless the same part of the message names a covered one
        with as much weight; of one that a fact asked in almost these words is about (`surely`) any greater
        weight is enough."""
        found: list[Silent] = []
        question = self._question
        for segment in question.segments:
            strong = [matter for matter, weight in segment.items() if weight >= ASSERTED]
            covered = [matter for matter in strong if self._covers(matter)]
            best = max((segment[matter] for matter in covered), default=0.0)
            firm = [m for m in covered if segment[m] == best and not self._index.matters[m].general]
            share = _SHARE if surely.isdisjoint(firm) else 1.0
            for matter in strong:
                general = self._index.matters[matter].general
                if matter not in covered and segment[matter] >= share * best and not (general and covered):
                    found.append(self._silent(matter))
        likely = max(question.matters, key=lambda m: question.matters[m], default=None)
        least = _TOP if any(question.segments) else SURELY_LIKE
        if likely and question.matters[likely] >= least and not self._covers(likely):
            found.append(self._silent(likely))
        return list(dict.fromkeys(found))

    def _of_some(self) -> Iterator[Silent]:
        """What the author says of a matter for one of several programmes, where only others have it."""
        if len(self._programmes) < _SEVERAL:
            return
        for matter in filter(self._covers, self._question.named()):
            for programme in self._programmes:
                if not self._index.covers(matter, self._index.fitting((programme,))):
                    silent = self._silent(matter, (programme,))
                    if silent.note:
                        yield silent

    def _kinds(self, hits: Sequence[Hit], overview: Sequence[Aspect]) -> list[Silent]:
        """The kinds of answer asked for that neither the best facts nor the deadline, told whole, show."""
        question, index = self._question, self._index
        own = [hit for hit in hits if index.entries[index.at[hit.fact]].region in question.districts] or hits
        best = max((hit.score for hit in own), default=0.0)
        due = index.by_aspect.get(Aspect.DEADLINE, ()) if Aspect.DEADLINE in question.asserted() else ()
        told = [(index.at[hit.fact], index.entries[index.at[hit.fact]].fact, hit.score) for hit in own]
        share = 0.0 if question.parts else _KIND_SHARE  # of several questions each has its own best fact
        says = [
            fact.say
            for at, fact, score in told
            if score >= share * best or at in due or isinstance(fact, Stage)
        ]
        if Aspect.DEADLINE in overview:
            says += [index.entries[at].fact.say for at in due]
        return [
            self._of(kind.name)
            for kind in question.kinds
            if not set(kind.not_for) & set(question.aspects) and not any(map(kind.shows.search, says))
        ]

    def _words(self, settled: bool) -> Iterator[Silent]:
        """Cases that the text has no word of; where neither a fact nor a silence has `settled` the question,
        also things asked for, and other strange words where no finer matter is covered."""
        question, matters = self._question, self._index.matters
        for case in question.cases:
            if case not in self._index.source and not any(case in body for body in question.bodies):
                yield replace(self._of(case), case=True)
        if settled:
            return
        yield from map(self._of, question.sought)
        finer = [m for m, weight in question.matters.items() if weight >= ASSERTED and not matters[m].general]
        if not any(map(self._covers, finer)):
            strange = [word for word in question.strange if word not in question.sought]
            yield from map(self._of, strange[:_STRANGE_NAMED])

    def _aspects(self) -> Iterator[Silent]:
        """The aspects plainly asked that no fact serves, where none is about a matter that the words name, or
        are like while likest to another aspect's.
        """
        question, matters = self._question, self._index.matters
        told = {m for m, weight in question.matters.items() if weight >= ASSERTED and self._covers(m)}
        likest = max(question.matters, key=question.matters.__getitem__, default="")
        for aspect, weight in question.aspects.items():
            served = not self._fits.all.isdisjoint(self._index.by_aspect.get(aspect, ()))
            if weight < _PLAINLY or aspect in _UNSERVED or served:
                continue
            if told and (not told.isdisjoint(question.touched()) or matters[likest].aspect is not aspect):
                continue
            own = [m for m in question.matters if matters[m].aspect is aspect]
            if own:
                yield self._silent(max(own, key=question.matters.__getitem__))
            else:
                yield self._of(self._index.aspect_names[aspect])

    def _silent(self, matter: str, programmes: tuple[str, ...] | None = None) -> Silent:
        """The silence on a matter, with what its author says of it for one of the programmes: of these, else
        of those asked about."""
        notice = self._index.notice
        programmes = self._programmes if programmes is None else programmes
        name = self._index.matters[matter].name
        if silence := notice.silence(matter, programmes):
            near = tuple(f"{notice.id}/{fact}" for fact in silence.near)
            return Silent(notice=notice.id, topic=name, note=silence.say, near=near)
        return self._of(name)

    def _of(self, topic: str) -> Silent:
        return Silent(notice=self._index.notice.id, topic=topic)
