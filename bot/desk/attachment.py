"""A file that goes with a broadcast: of a sort that people can open, without anything that runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Final
from zipfile import BadZipFile, ZipFile

BYTES: Final = 3 << 20
_NAME_LONGEST: Final = 80
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
TYPES: Final[Mapping[str, tuple[bytes, str]]] = {
    "pdf": (b"%PDF-", "application/pdf"),
    "png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    "jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "jpeg": (b"\xff\xd8\xff", "image/jpeg"),
    "docx": (b"PK\x03\x04", f"{_OFFICE}.wordprocessingml.document"),
    "xlsx": (b"PK\x03\x04", f"{_OFFICE}.spreadsheetml.sheet"),
}
"""By the ending of a name: how such a file begins, and what it is."""
_PARTS: Final = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
_RUNS: Final = ("vbaproject", "macrosheets", "activex", "oleobject", "embeddings/")


class Unfit(Exception):
    """A file that is not sent; its one argument names the fault (`words.yaml`, faults)."""


def checked(name: str, data: bytes) -> tuple[str, str]:
    """Name and type of a file that may be sent; raises Unfit."""
    name = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b]|.*[/\\]", "", name).strip()
    stem, _, ending = name.rpartition(".")
    known = TYPES.get(ending.lower())
    if not data or not stem:
        raise Unfit("file_none")
    if len(data) > BYTES:
        raise Unfit("file_size")
    if known is None or not data.startswith(known[0]):
        raise Unfit("file_type")
    if part := _PARTS.get(ending.lower()):
        _inspect(data, part)
    return f"{stem[:_NAME_LONGEST]}.{ending}", known[1]


def _inspect(data: bytes, part: str) -> None:
    try:
        names = [name.lower() for name in ZipFile(BytesIO(data)).namelist()]
    except (BadZipFile, ValueError, NotImplementedError) as fault:
        raise Unfit("file_type") from fault
    if part not in names:
        raise Unfit("file_type")
    if any(sign in name for sign in _RUNS for name in names):
        raise Unfit("file_runs")
