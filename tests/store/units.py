"""Invented units and people for tests."""

from __future__ import annotations

from store.database import Store
from store.rosters import Listing, Registration
from tests.store.scene import NOW

CODE, OTHER_CODE = "91420100711967X30K", "91420100717765432D"
PHONE, OTHER_PHONE = "13812345678", "13987654321"


def registration(code: str, name: str, *people: Listing, district: str = "武昌区") -> Registration:
    return Registration(
        code=code, name=name, city="武汉", district=district, department="市经信局", people=people
    )


WUZHONG = registration(
    CODE,
    "武汉重工锻造有限公司",
    Listing(name="王芳", phone=PHONE, email="wangfang@example.org"),
    Listing(name="李强", phone=OTHER_PHONE),
)
DONGHU = registration(OTHER_CODE, "东湖精密机械厂", Listing(name="王芳", phone=PHONE), district="东湖高新区")


async def keep(store: Store, *registrations: Registration) -> None:
    async with store.work() as work:
        await work.take_roster(registrations=registrations or (WUZHONG, DONGHU), now=NOW, keep=True)
