"""Every capability, in the order in which it is asked."""

from __future__ import annotations

from typing import Final

from handlers.alerts import Telling
from handlers.applying import Applying
from handlers.binding import Binding
from handlers.bulletins import Bulletins
from handlers.calendars import Calendars
from handlers.comparing import Comparing
from handlers.contacts import Contacts
from handlers.contract import Asking, Handler
from handlers.deadlines import Deadlines
from handlers.dialling import Dialling
from handlers.eligibility import Eligibility
from handlers.fallback import Elsewhere, Fallback
from handlers.human import Human
from handlers.materials import Materials
from handlers.notices import Notices
from handlers.numbers import Numbers
from handlers.preparing import Preparing
from handlers.privacy import Privacy
from handlers.reminders import Reminders
from handlers.selfcheck import SelfCheck
from handlers.silences import Silences
from handlers.smalltalk import Events, Smalltalk
from handlers.status import Status

HUMAN: Final = Human()
"""One of ALL, which looks first while staff talk with the person."""

_SELFCHECK: Final = SelfCheck()
_STATUS: Final = Status()
_BINDING: Final = Binding()
_BULLETINS: Final = Bulletins()
_REMINDERS: Final = Reminders()

ASKING: Final[tuple[Asking, ...]] = (_SELFCHECK, _BINDING, _STATUS, _REMINDERS)
"""Those of ALL that ask questions and await an answer."""

ALL: Final[tuple[Handler, ...]] = (
    _BINDING,
    _BULLETINS,
    Events(),
    Dialling(),
    HUMAN,
    Privacy(),
    _STATUS,
    _REMINDERS,
    Preparing(),
    Calendars(),
    Smalltalk(),
    Notices(),
    Elsewhere(),
    _SELFCHECK,
    Comparing(),
    Eligibility(),
    Deadlines(),
    Numbers(),
    Materials(),
    Applying(),
    Contacts(),
    Silences(),
)
"""All that may answer; the sections of several are put together."""

LAST: Final[Handler] = Fallback()
"""Asked when none of ALL had anything to say."""

TELLING: Final[tuple[Telling, ...]] = (_BINDING, _STATUS, _REMINDERS, _BULLETINS, HUMAN)
"""All that speak first, by alerts: each tells those whose templates are in its folder."""
