"""Another system pushes how applications stand: signed, once, and with every fault at once."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import pytest_asyncio
import yaml
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.api.signing import HEADERS, signature
from bot.api.status import BYTES, FIELDS, PATH, ROWS, StatusApi
from bot.desk.comparison import Sort
from bot.desk.listing import KEPT, WORDS
from store.database import Store
from store.schema import api_nonces, deliveries
from tests.desk.lists import EXPORTED, LIBRARY, OPINION, UNIT
from tests.desk.test_status import known, seat
from tests.store.scene import rows
from tests.store.units import keep
from tests.test_structure import ROOT

SECRET = "k" * 32
ROW = {
    "category": "武汉市工匠",
    "name": "王五",
    "declared_at": "2023-04-10 17:44",
    "unit": UNIT,
    "status": "初审退回",
    "opinion": OPINION,
    "unit_rank": 45,
}
Client = TestClient[web.Request, web.Application]


@pytest_asyncio.fixture
async def client(store: Store) -> AsyncIterator[Client]:
    app = web.Application()
    now = EXPORTED + timedelta(hours=9)
    app.add_routes(StatusApi(store, LIBRARY, lambda: now, {"platform": SECRET}).routes())
    async with TestClient(TestServer(app)) as running:
        yield running


def content(*given: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {"city": "武汉", "exported_at": EXPORTED.isoformat(), "rows": list(given or [ROW]), **changes}


async def push(
    client: Client, body: Any, *, key: str = "", nonce: str = "", secret: str = SECRET
) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    timestamp, nonce = str(int(datetime.now(UTC).timestamp())), nonce or secrets.token_urlsafe(16)
    signed = signature(secret, method="POST", path=PATH, timestamp=timestamp, nonce=nonce, body=data)
    values = {"client": "platform", "timestamp": timestamp, "nonce": nonce, "signature": signed}
    headers = {HEADERS[name]: value for name, value in values.items()}
    headers["Idempotency-Key"] = key or secrets.token_urlsafe(16)
    async with client.post(PATH, data=BytesIO(data), headers=headers) as answer:
        return answer.status, await answer.json(), answer.headers


async def test_a_push_is_taken_and_told_as_a_file_is(store: Store, client: Client) -> None:
    await keep(store)
    await seat(store)
    status, answer, _ = await push(client, content())

    assert status == 200
    assert answer["applied"] is True
    assert answer["counts"]["new"] == 1
    assert (answer["units_told"], answer["candidates_told"], answer["unheard"]) == (1, 0, 0)
    assert [(one.status, one.opinion) for one in await known(store)] == [("初审退回", OPINION)]
    assert (await rows(store, deliveries))[0]["template"] == "status/returned"


async def test_the_same_request_again_has_the_same_answer_and_no_effect(store: Store, client: Client) -> None:
    first = await push(client, content(), key="list-of-monday")
    again = await push(client, content(), key="list-of-monday")

    assert again[:2] == first[:2]
    assert again[2]["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first[2]
    assert len(await known(store)) == 1


async def test_one_key_is_for_one_body(client: Client) -> None:
    await push(client, content(), key="list-of-monday")
    status, answer, _ = await push(client, content(whole=True), key="list-of-monday")

    assert status == 422
    assert "Idempotency-Key" in answer["error"]


async def test_a_request_that_was_overheard_is_of_no_use(store: Store, client: Client) -> None:
    nonce = secrets.token_urlsafe(16)
    assert (await push(client, content(), nonce=nonce))[0] == 200
    assert (await push(client, content(), nonce=nonce))[0] == 401
    assert (await push(client, content(), secret="x" * 32))[0] == 401
    assert len(await rows(store, api_nonces)) == 1


async def test_all_faults_are_told_at_once(store: Store, client: Client) -> None:
    bad = {**ROW, "name": "", "declared_at": "前天", "status": 3.5, "phone": "13800000000"}
    status, answer, _ = await push(
        client,
        content(ROW, bad, 7, city="南京", notice="no-2023", whole="yes", exported_at="gestern", more=1),  # type: ignore[arg-type]
    )

    assert status == 422
    assert {(fault["row"], fault["field"]) for fault in answer["faults"]} == {
        (0, "city"),
        (0, "whole"),
        (0, "exported_at"),
        (0, "more"),
        (2, "name"),
        (2, "declared_at"),
        (2, "status"),
        (2, "phone"),
        (3, ""),
    }
    assert await known(store) == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"no json", 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b"{}", 422),
        (b" " * (BYTES + 1), 413),
        (json.dumps(content(rows=[])).encode(), 422),
        (json.dumps(content(*[ROW] * (ROWS + 1))).encode(), 422),
        (json.dumps(content(district="不存在的区")).encode(), 422),
        (json.dumps(content(exported_at="2099-01-01T00:00:00+08:00")).encode(), 422),
        (json.dumps(content(exported_at="2023-06-12T10:00:00")).encode(), 422),
        (json.dumps(content({**ROW, "status": "\ud800\u0000"})).encode(), 422),
    ],
)
async def test_what_cannot_be_read_is_refused(client: Client, body: bytes, expected: int) -> None:
    assert (await push(client, body))[0] == expected


async def test_a_key_must_be_given(client: Client) -> None:
    assert (await push(client, content(), key="short"))[0] == 400


async def test_an_older_whole_list_is_not_taken(store: Store, client: Client) -> None:
    await push(client, content(whole=True))
    before = (EXPORTED - timedelta(hours=1)).isoformat()
    status, answer, _ = await push(
        client, content({**ROW, "status": "进入初审"}, whole=True, exported_at=before)
    )

    assert status == 409
    assert (answer["applied"], answer["reason"]) == (False, "older")
    assert [one.status for one in await known(store)] == ["初审退回"]


async def test_a_row_alone_says_nothing_of_the_others(store: Store, client: Client) -> None:
    await push(client, content(ROW, {**ROW, "name": "李四"}, whole=True))
    later = (EXPORTED + timedelta(hours=1)).isoformat()
    await push(client, content({**ROW, "status": "进入初审"}, exported_at=later))

    assert [(one.name, one.status, one.gone_at) for one in await known(store)] == [
        ("王五", "进入初审", None),
        ("李四", "初审退回", None),
    ]


def test_the_description_is_in_step() -> None:
    described = yaml.safe_load((ROOT / "docs" / "api.yaml").read_text(encoding="utf-8"))
    schemas = described["components"]["schemas"]

    assert list(described["paths"]) == [PATH]
    assert tuple(schemas["List"]["properties"]) == FIELDS
    assert schemas["List"]["properties"]["rows"]["maxItems"] == ROWS
    assert tuple(schemas["Row"]["properties"]) == KEPT
    assert schemas["Row"]["required"] == [name for name in KEPT if WORDS.columns[name].must]
    assert schemas["Counts"]["required"] == [sort.value for sort in Sort]
    parameters = described["paths"][PATH]["post"]["parameters"]
    assert {one["name"] for one in parameters} == {*HEADERS.values(), "Idempotency-Key"}
