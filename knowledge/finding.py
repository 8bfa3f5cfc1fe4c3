"""What one notice has to say to a question: the facts that fit, and what it is silent on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from knowledge.asked import Question
from knowledge.notice import Aspect
from knowledge.notice_index import NoticeIndex
from knowledge.ranking import JUST_ASKED, POINTED, ranked
from knowledge.reading import Finding, Hit, Scope
from knowledge.silence import Silences

MOST: Final = 8
"""How many facts one notice tells where it is asked alone."""
_SAMPLED = 8
_SURELY_ASKED = 1.3
_SURE, _MOST_UNSURE = 3.0, 5
_BESIDE_SILENCE, _SURELY = 1.25, 1.0
_FIGURES = frozenset({Aspect.SUPPORT_MONEY, Aspect.AWARD_COUNT, Aspect.QUOTA})


def find(index: NoticeIndex, question: Question, programmes: tuple[str, ...], *, most: int = MOST) -> Finding:
    """The `most` facts that fit, best first, and what the notice does not say."""
    fits, silences = index.fitting(programmes), Silences(index, question, programmes)
    like = {at: worth for at, worth in index.like(question.pieces, _SAMPLED) if at in fits.all}
    just = [at for at, worth in like.items() if worth >= JUST_ASKED]
    whole = not just and silences.whole(max(like.values(), default=0.0))
    hits = [] if whole else ranked(index, question, fits, like, most=most)
    finer = question.finer(index.matters)
    overview = question.broad if finer else question.asserted()
    surely = {m for at, worth in like.items() if worth >= _SURELY_ASKED for m in index.entries[at].about}
    silent, unknown = silences.found(hits=hits, surely=surely, overview=overview, settled=bool(just))
    alike = {index.entries[at].id for at, worth in like.items() if worth >= POINTED}
    if unknown and overview and _FIGURES.issuperset(overview) and not alike:
        # a sum or a number for something the notice does not know would be taken for its answer
        hits, overview = [], ()
    if just and not any(index.matters[m].general for at in just for m in index.entries[at].about):
        overview = ()
    if silent:
        noted = any(row.note for row in silent)
        hits = [hit for hit in hits if hit.fact in alike or _told_beside(index, hit, question, noted=noted)]
    if not hits and not silent and not question.topical:
        overview = (Aspect.ELIGIBILITY,) if programmes else ()
    told = any(index.covers(m, fits) for m in question.touched() & set(finer))
    unsure = bool(hits) and not (silent or overview or told) and hits[0].score < _SURE
    hits = hits[:_MOST_UNSURE] if unsure else hits
    return Finding(
        scope=Scope(notice=index.notice.id, programmes=programmes),
        pointed=tuple(hit.fact for hit in hits if hit.fact in alike),
        hits=tuple(hits),
        silent=tuple(silent),
        overview=overview,
        unsure=unsure,
    )


def joined(findings: Sequence[Finding]) -> Finding:
    """What one notice has to say to several questions, in their order and nothing twice."""
    if len(findings) == 1:
        return findings[0]
    hits: dict[str, Hit] = {}
    for hit in (hit for finding in findings for hit in finding.hits):
        if hit.fact not in hits or hits[hit.fact].score < hit.score:
            hits[hit.fact] = hit
    return Finding(
        scope=findings[0].scope,
        hits=tuple(hits.values()),
        silent=tuple(dict.fromkeys(row for finding in findings for row in finding.silent)),
        overview=tuple(dict.fromkeys(aspect for finding in findings for aspect in finding.overview)),
        pointed=tuple(dict.fromkeys(fact for finding in findings for fact in finding.pointed)),
        unsure=all(finding.unsure for finding in findings),
    )


def lacking(index: NoticeIndex, question: Question, programmes: tuple[str, ...], term: str) -> Finding:
    """That the notice has nothing on a `term` that another one has: the other is meant."""
    return Finding(
        scope=Scope(notice=index.notice.id, programmes=programmes),
        silent=Silences(index, question, programmes).of_term(term),
    )


def _told_beside(index: NoticeIndex, hit: Hit, question: Question, *, noted: bool) -> bool:
    """Whether a fact is still told where the notice has no word of something else that is asked; where its
    author says so himself (`noted`), only what is surely asked."""
    plainly = question.aspects.get(Aspect.DEADLINE, 0.0) >= 1.0
    if plainly and Aspect.DEADLINE in index.entries[index.at[hit.fact]].aspects:
        return True
    surely = {t for t, weight in (*question.aspects.items(), *question.matters.items()) if weight >= _SURELY}
    told = not (surely | question.named()).isdisjoint(hit.why) if noted else bool(hit.why)
    return told and hit.score >= _BESIDE_SILENCE
