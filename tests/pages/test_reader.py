"""The reader of tables by itself: whatever comes in, rows or a reason come out."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_STORED, ZipFile

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.desk import reader
from bot.desk.words import WORDS
from tests.pages.tables import as_xlsx

PLAIN = as_xlsx([["姓名", "职务"], ["王建国", "班组长"]])


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(str.encode)
    | st.integers(0, len(PLAIN)).map(lambda n: PLAIN[:n])
)
def test_whatever_the_bytes_are_the_reader_reads_or_refuses(data: bytes) -> None:
    try:
        rows = reader.read(data)
    except reader.Refused as refused:
        rows, reason = [], refused.args[0]
    else:
        reason = "none"
    assert reason in WORDS.refused
    assert all(cells and number > 0 for number, cells in rows)


def test_a_stored_archive_is_read_like_a_packed_one() -> None:
    file = BytesIO()
    with ZipFile(BytesIO(PLAIN)) as old, ZipFile(file, "w", ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))

    assert reader.read(file.getvalue()) == reader.read(PLAIN)
