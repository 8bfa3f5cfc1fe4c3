"""An account as its row has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from store.engine import Session
from store.records import Role, Staff
from store.scope import Scope

PHONE: Final = "staff.phone"
TOTP: Final = "staff.totp"


def account(session: Session, row: Mapping[str, Any]) -> Staff:
    """The record of a row with the columns of an account."""
    return Staff(
        id=row["id"],
        login=row["login"],
        name=row["name"],
        phone=session.vault.open(PHONE, row["phone_sealed"]) if row["phone_sealed"] else "",
        role=Role(row["role"]),
        scope=Scope(row["city"], tuple(json.loads(row["districts"]))),
        password_due=row["password_due"],
        guarded=row["totp_sealed"] is not None,
        recovery_left=len(json.loads(row["recovery"])),
        locked_until=row["locked_until"],
        disabled_at=row["disabled_at"],
        created_at=row["created_at"],
    )
