"""What the service says first: by which rules it is claimed, and how it leaves by the chosen path."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from bot.cards import Misfit
from bot.channels.contract import Channel, Mail, Outcome, Refused, Shut
from bot.kinds import CARDS, Kinds
from bot.notification import Notification, Notifier
from knowledge.library import Library
from knowledge.notice import Stage
from store.judge import Rules
from store.reach import Kind
from store.records import Delivery, Path

_log = structlog.get_logger(__name__)

_BROKEN_S: Final = 600.0
"""For how long a template that the platform does not know is not tried again."""


class Pushes:
    """Words and ways of pushes; `mail` is None where the service has no mail server."""

    def __init__(self, kinds: Kinds, notifier: Notifier, mail: Mail | None = None) -> None:
        self._kinds = kinds
        self._notifier = notifier
        self._mail = mail
        self._stages = stages(notifier.library)
        self._broken: dict[str, float] = {}
        self._said_at: datetime | None = None
        self._said: dict[tuple[str, str, str], Notification] = {}
        self._alarmed: set[tuple[str, str]] = set()

    def rules(self, resting: Mapping[str, datetime]) -> Rules:
        """By what the store judges now; `resting` are the APIs that are left alone, and until when."""
        time = asyncio.get_running_loop().time()
        self._broken = {id_: until for id_, until in self._broken.items() if until > time}
        return Rules(kinds=self.kinds(), stages=self._stages, resting=resting)

    def kinds(self) -> Mapping[str, Kind]:
        """The kinds of message, with the paths and templates that work now."""
        return self._kinds.without(self._broken, mail=self._mail is not None)

    async def send(self, channel: Channel | None, group: Sequence[Delivery], now: datetime) -> Outcome:
        """Send what was claimed to leave together: the recipients of one mass message, else one delivery.

        What cannot be put into words, or into a template's fields, is refused; it alone.
        """
        first = group[0]
        try:
            leave = self._prepared(channel, group, now)
        except Exception as fault:
            return self._unspeakable(first, fault)
        outcome = await leave
        if isinstance(outcome, Refused) and outcome.shuts is Shut.TEMPLATE:
            self._broken[first.template_id] = asyncio.get_running_loop().time() + _BROKEN_S
            self._alarm("template_refused", first, outcome.reason)
        return outcome

    def _prepared(
        self, channel: Channel | None, group: Sequence[Delivery], now: datetime
    ) -> Awaitable[Outcome]:
        first = group[0]
        words = self._words(first, now)
        if first.path is Path.EMAIL:
            assert self._mail is not None  # without one the kinds have no such path
            subject = words.card["subject"]
            return self._mail.send_mail(
                recipient=first.email, subject=subject, text=words.text, key=first.key, now=now
            )
        assert channel is not None  # the store chooses no platform's path for a contact without one
        if first.path in CARDS:
            card = self._kinds.card(first.kind, first.path, words.card)
            if first.path is Path.SUBSCRIBE:
                return channel.send_subscribed(recipient=first.recipient, card=card, now=now)
            return channel.send_template(recipient=first.recipient, card=card, key=first.key, now=now)
        text = words.parts(channel.limits.text_bytes)[0]
        if first.path is Path.MASS:
            recipients = [delivery.recipient for delivery in group]
            return channel.send_mass(recipients=recipients, text=text, key=first.key, now=now)
        return channel.send_text(recipient=first.recipient, text=text, now=now)

    def _words(self, delivery: Delivery, now: datetime) -> Notification:
        """What is the same for many of one claim is put into words once."""
        if now != self._said_at:
            self._said_at, self._said = now, {}
        what = delivery.template, delivery.content, delivery.unit
        if what not in self._said:
            template, content, unit = what
            self._said[what] = self._notifier.notification(
                template=template, content=content, now=now, unit=unit
            )
        return self._said[what]

    def _unspeakable(self, delivery: Delivery, fault: Exception) -> Refused:
        """What becomes of a delivery that cannot be put into words or fields; it alone is refused."""
        reason = f"field:{fault.field}" if isinstance(fault, Misfit) else f"fault:{type(fault).__name__}"
        self._alarm("words_failed", delivery, reason)
        return Refused(reason=reason)

    def _alarm(self, event: str, delivery: Delivery, reason: str) -> None:
        """Once for each template and reason: a thousand rows may have the same fault."""
        if (delivery.template, reason) not in self._alarmed:
            self._alarmed.add((delivery.template, reason))
            _log.error(event, template=delivery.template, path=str(delivery.path), reason=reason)


def stages(library: Library) -> Mapping[str, str]:
    """When each stage ends: `<notice>/<stage>` to ISO in UTC, as the premise `stage` names its version."""
    return {
        f"{part.id}/{fact.id}": fact.ends.astimezone(UTC).isoformat()
        for notice in library.notices.values()
        for part in (notice, *notice.relays)
        for fact in part.facts
        if isinstance(fact, Stage)
    }
