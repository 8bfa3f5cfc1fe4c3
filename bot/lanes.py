"""How much may be on its way at a time, and what is left alone for a while.

Times are the event loop's, in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.channels.contract import Later, Outcome, Unclear


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast and how patient the loop is, in seconds of real time.

    `slots` are the sends at a time of replies, `pushes` of what we say first. `lease` outlasts `send` by
    far, so that only a sender who died loses one. After `doubts` sends in a row of which nobody knows the
    end an API has a `rest`.
    """

    slots: int = 20
    pushes: int = 50
    send: float = 15.0
    lease: float = 60.0
    doubts: int = 20
    rest: float = 60.0
    stop: float = 20.0
    poll: float = 1.0


PACE: Final = Pace()
_HALVING_S: Final = 1.0


class Api:
    """One API of an account: whether anything certain comes back from it. After a rest it is probed."""

    def __init__(self, pace: Pace) -> None:
        self.rests_until = 0.0
        self._pace = pace
        self._doubts = 0

    @property
    def doubted(self) -> bool:
        """Whether nothing certain has come back for long."""
        return self._doubts >= self._pace.doubts

    def rests(self, time: float) -> bool:
        """Whether it is left alone at `time`."""
        return time < self.rests_until

    def learn(self, outcome: Outcome, time: float) -> None:
        """Count the doubts in a row; anything certain ends them."""
        self._doubts = self._doubts + 1 if isinstance(outcome, Unclear) else 0
        if self.doubted:
            self.rests_until = time + self._pace.rest


class Lane:
    """What is claimed together: its `apis` by their lanes' names, and how many sends are in flight.

    One that is `drained` had nothing more to claim when it was last looked into.
    Where the platform finds us too fast the lane is narrowed by half, and widened again send by send.
    """

    def __init__(self, name: str, apis: Mapping[str, Api], slots: int) -> None:
        self.name = name
        self.apis = apis
        self.flying = 0
        self.drained = False
        self._slots = slots
        self._width = float(slots)
        self._narrowed = 0.0

    def room(self, time: float) -> int:
        """How many sends may begin at `time`: one, where an API has to be probed."""
        awake = [api for api in self.apis.values() if not api.rests(time)]
        if self.apis and not awake:
            return 0
        slots = 1 if any(api.doubted for api in awake) else int(self._width)
        return max(0, slots - self.flying)

    def learn(self, api: str, outcome: Outcome, time: float) -> None:
        """Take note of how a send by one of its APIs ended."""
        if api in self.apis:
            self.apis[api].learn(outcome, time)
        if isinstance(outcome, Later) and outcome.slower:
            if time >= self._narrowed + _HALVING_S:
                self._width, self._narrowed = max(1.0, self._width / 2), time
        else:
            self._width = min(float(self._slots), self._width + 1 / self._width)
