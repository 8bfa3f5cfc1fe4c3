"""Personal values as lists and replies show them: enough to recognise one's own by."""

from __future__ import annotations

_SHOWN_HEAD, _SHOWN_TAIL = 3, 4


def masked_name(name: str) -> str:
    """The first character; of a name in letters the first letter."""
    return name[:1] + "*" * max(1, len(name) - 1)


def masked_phone(phone: str) -> str:
    """138****5678."""
    if len(phone) <= _SHOWN_HEAD + _SHOWN_TAIL:
        return "*" * len(phone)
    hidden = len(phone) - _SHOWN_HEAD - _SHOWN_TAIL
    return phone[:_SHOWN_HEAD] + "*" * hidden + phone[-_SHOWN_TAIL:]


def masked_email(email: str) -> str:
    """l***@example.org."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}***{at}{domain}"


def masked_sender(sender: str) -> str:
    """An openid by its ends."""
    return f"{sender[:_SHOWN_HEAD]}***{sender[-_SHOWN_HEAD:]}" if len(sender) > 2 * _SHOWN_HEAD else "***"
