"""A verdict told clause by clause: what decided it, what is open, what is missing, who can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.criteria import Cited, Interval, Leaf, Outcome, Standing, leaves
from knowledge.dictionary import Entry, Value
from knowledge.rules import Known, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A criterion, where it stands, and the fact it was held against (`told`: None where not known)."""

    leaf: Leaf
    stands: Interval
    entry: Entry
    told: Value | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What follows for one programme.

    `decisive` holds the verdict where it is (of a refusal: every certain failure); `criteria` are all that
    count, in the order of the text; `judged` those that rest on a claim, `contested` those that stand by
    exception; `open` are facts that can still change the verdict, each with the criteria it can move; `lifts`
    are the smallest sets of criteria that, once met, end a refusal; `relaxation` is a rule by which the
    office may be lenient, left out where it would not lift a refusal.
    """

    programme: str
    stands: Interval
    decisive: tuple[Reason, ...]
    criteria: tuple[Reason, ...]
    judged: tuple[Reason, ...]
    contested: tuple[Reason, ...]
    open: Mapping[str, tuple[Reason, ...]]
    lifts: tuple[tuple[Reason, ...], ...]
    jury: tuple[Cited, ...]
    notes: tuple[Cited, ...]
    relaxation: Leaf | None

    @property
    def outcome(self) -> Outcome:
        return self.stands.outcome

    @classmethod
    def of(cls, rules: Rules, known: Known) -> Report:
        """The report on one programme by what is known."""
        ruleset = rules.ruleset

        def reason(leaf: Leaf) -> Reason:
            return Reason(
                leaf=leaf,
                stands=rules.leaf(leaf, known),
                entry=rules.entry(leaf.fact),
                told=known.values.get(leaf.fact),
            )

        by_id = {leaf.id: reason(leaf) for leaf in ruleset.leaves}
        counting = [by_id[leaf.id] for leaf in rules.counting(known)]
        stands = rules.verdict(known)
        relaxing = {leaf.id for leaf in ruleset.leaves} - {
            leaf.id for leaf in leaves(ruleset.tree, relaxing=False)
        }
        refused = stands.high is Standing.UNMET
        return cls(
            programme=ruleset.programme,
            stands=stands,
            decisive=tuple(by_id[leaf.id] for leaf in rules.decisive(known)),
            criteria=tuple(counting),
            judged=tuple(r for r in counting if r.stands == Interval(Standing.JUDGED, Standing.JUDGED)),
            contested=tuple(
                r for r in counting if r.stands == Interval(Standing.EXCEPTION, Standing.EXCEPTION)
            ),
            open={
                fact: tuple(by_id[id_] for id_ in ids if id_) for fact, ids in rules.open_facts(known).items()
            },
            lifts=tuple(tuple(by_id[leaf.id] for leaf in lift) for lift in rules.lifts(known))
            if refused
            else (),
            jury=ruleset.jury,
            notes=ruleset.notes,
            relaxation=next(
                (by_id[id_].leaf for id_ in sorted(relaxing) if not refused or rules.relaxes(id_, known)),
                None,
            ),
        )
