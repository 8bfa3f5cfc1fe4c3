"""The record of messages: whole for the last ones, counted for all."""

from datetime import UTC, datetime

from bot.simulator import Channel, Count, Delivery, Fate
from bot.simulator.deliveries import REMEMBERED, Deliveries

AT = datetime(2024, 7, 1, tzinfo=UTC)


def delivery(openid: str = "o1", key: str = "k", text: str = "", fate: Fate = Fate.DELIVERED) -> Delivery:
    return Delivery(
        at=AT, openid=openid, channel=Channel.TEMPLATE, kind="template", key=key, text=text, fate=fate
    )


def test_what_is_forgotten_is_still_counted() -> None:
    deliveries = Deliveries()
    first, rest = delivery(), delivery(openid="o2", fate=Fate.SUPPRESSED)
    deliveries.record(first)
    for _ in range(REMEMBERED):
        deliveries.record(rest)
    assert first not in deliveries
    assert deliveries.count("o1", "k") == 1
    assert deliveries.counts() == [
        Count(openid="o1", key="k", fate=Fate.DELIVERED, count=1),
        Count(openid="o2", key="k", fate=Fate.SUPPRESSED, count=REMEMBERED),
    ]


def test_where_there_is_no_key_the_text_is_counted() -> None:
    deliveries = Deliveries()
    deliveries.record(delivery(key="", text="名单出来了"))
    assert deliveries.count("o1", "名单出来了") == 1
