"""What each role may do: the one table of permissions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from store.records import Role


class Permission(StrEnum):
    """What a route asks of its visitor. The first three are no role's: nobody signed in, somebody whose
    password was right but of whom more is due (a code, a second factor to enrol, a new password), every
    account."""

    OPEN = "open"
    BEGUN = "begun"
    SELF = "self"
    SEE = "see"  # units, boards, tickets, broadcasts and their progress
    EXPORT = "export"  # lists with personal values leave the service
    IMPORT = "import"
    SEND = "send"  # write, schedule, pause and resend broadcasts
    APPROVE = "approve"
    ANSWER = "answer"  # tickets and notes for staff
    EDIT_OFFICES = "edit_offices"
    TEACH = "teach"  # new wordings of existing topics
    FIGURES = "figures"
    MANAGE_STAFF = "manage_staff"
    AUDIT = "audit"
    OPERATE = "operate"  # what the service itself needs; no personal values


_P = Permission
_READING: Final = frozenset({_P.SEE, _P.FIGURES})

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission) - {_P.OPEN, _P.BEGUN, _P.SELF, _P.OPERATE},
    Role.CLERK: _READING | {_P.EXPORT, _P.IMPORT, _P.SEND, _P.ANSWER, _P.EDIT_OFFICES},
    Role.APPROVER: _READING | {_P.EXPORT, _P.APPROVE, _P.ANSWER},
    Role.VIEWER: _READING,
    Role.OPERATOR: frozenset({_P.FIGURES, _P.OPERATE}),
}

_GUARDED: Final = frozenset({_P.SEND, _P.APPROVE, _P.MANAGE_STAFF, _P.AUDIT})
"""Permissions that nobody has without a second factor."""


def may(role: Role, permission: Permission) -> bool:
    """Whether a role has a permission."""
    return permission is Permission.SELF or permission in PERMISSIONS[role]


def must_be_guarded(role: Role) -> bool:
    """Whether a role needs a second factor."""
    return bool(PERMISSIONS[role] & _GUARDED)
