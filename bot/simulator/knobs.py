"""What a test or a curious person may turn: limits, undocumented behaviour, and faults on both ways."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pydantic import ConfigDict

STRICT: Final = ConfigDict(extra="forbid")  # a misspelt name in JSON is a fault, not silence


@dataclass(slots=True, kw_only=True)
class Knobs:
    """Standing behaviour. Mutable on purpose: turned while the simulator runs.

    `patience`, `mark_fail_seconds` and `receipt_seconds` (from, to) are seconds of real time. `daily` and
    `minute` replace the limit of a path. `denied` paths answer 48001. `allowed_ips` None lets every address
    fetch a token. `receipt_first`, `receipt_lost` and `system_failed` are chances from 0 to 1: that a job's
    event comes before the API's answer, that it never comes, that a template message is accepted and lost.
    `repeat_errcode` answers a repeated client_msg_id; `mass_retry_seconds` of service time must pass before
    the same clientmsgid is answered with its job; `mass_status` is what becomes of mass messages.
    `subscribe_msgid`: whether bizsend answers with one, as no page says. `snapshot`: pages are opened in
    the mode that hides who the person is.
    """

    __pydantic_config__ = STRICT

    patience: float = 5.0
    tries: int = 3
    mark_fail_after: int = 5
    mark_fail_seconds: float = 60.0
    same_nonce_on_retry: bool = False
    unfollowed_errcode: int = 45015
    denied: set[str] = field(default_factory=set)
    allowed_ips: list[str] | None = None
    daily: dict[str, int] = field(default_factory=dict)
    minute: dict[str, int] = field(default_factory=dict)
    text_plain: bool = False
    receipt_seconds: tuple[float, float] = (0.1, 3.0)
    receipt_first: float = 0.0
    receipt_lost: float = 0.0
    system_failed: float = 0.0
    repeat_errcode: int = 0
    subscribe_msgid: bool = False
    mass_retry_seconds: float = 60.0
    mass_status: str = "send success"
    snapshot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PushFault:
    """How one push goes wrong.

    `duplicates` are delivered after a success, `copies` at the same moment. The others make the push
    hostile: only an attacker sends it, so it is tried once and no person sees its outcome.
    """

    __pydantic_config__ = STRICT

    duplicates: int = 0
    copies: int = 1
    wrong_signature: bool = False
    stale_seconds: int = 0
    app_id: str | None = None
    doctype: bool = False
    padding_bytes: int = 0

    @property
    def hostile(self) -> bool:
        return bool(
            self.wrong_signature or self.stale_seconds or self.app_id or self.doctype or self.padding_bytes
        )


class FaultKind(StrEnum):
    ERRCODE = "errcode"
    STATUS = "status"
    HTML = "html"
    TRUNCATED = "truncated"
    CONTROL = "control"
    HANG = "hang"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiFault:
    """How the next `times` answers of a path go wrong; with `accepted` the call takes effect first."""

    __pydantic_config__ = STRICT

    kind: FaultKind
    path: str
    times: int = 1
    accepted: bool = False
    errcode: int = -1
    status: int = 500
    seconds: float = 10.0


NO_FAULT: Final = PushFault()
