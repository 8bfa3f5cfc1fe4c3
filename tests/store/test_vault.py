"""What is sealed opens with its keys alone, and only as the column it was sealed for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.vault import KeyMissing, Vault, key_of, new_key, vault_of

OLD, NEW = key_of(new_key()), key_of(new_key())
VAULT = Vault([NEW, OLD])


@given(st.text())
def test_what_is_sealed_opens_and_does_not_show(text: str) -> None:
    sealed = VAULT.seal("people.name", text)

    assert VAULT.open("people.name", sealed) == text
    assert sealed != VAULT.seal("people.name", text)
    assert len(text) < 4 or text not in sealed


def test_a_key_that_was_newest_still_opens_and_finds() -> None:
    before = Vault([OLD])

    assert VAULT.open("people.name", before.seal("people.name", "王芳")) == "王芳"
    assert VAULT.index("people.phone", "13800000000") == before.index("people.phone", "13800000000")


@pytest.mark.parametrize(
    "change", [lambda s: s[:-4] + "AAA=", lambda s: "v1." + s, lambda s: "", lambda s: s + "é"]
)
def test_what_was_changed_does_not_open(change: object) -> None:
    assert callable(change)
    with pytest.raises(KeyMissing):
        VAULT.open("people.name", change(VAULT.seal("people.name", "王芳")))


def test_another_column_and_another_key_do_not_open_it() -> None:
    sealed = VAULT.seal("people.name", "王芳")
    with pytest.raises(KeyMissing):
        VAULT.open("people.phone", sealed)
    with pytest.raises(KeyMissing):
        Vault([OLD]).open("people.name", sealed)


def test_without_keys_a_file_beside_the_database_holds_one(tmp_path: Path) -> None:
    file = tmp_path / "var" / "jiangwen.db.key"
    first, again = vault_of("", file), vault_of("", file)

    assert first is not None
    assert again is not None
    assert again.open("people.name", first.seal("people.name", "王芳")) == "王芳"
    assert file.stat().st_mode & 0o777 == 0o600
    assert vault_of("", None) is None


@pytest.mark.parametrize("text", ["", "short", "!" * 44, "AAAA"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        key_of(text)
