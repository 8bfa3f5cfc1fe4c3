"""Personal values at rest: sealed by AES-256-GCM, found again by a blind index.

A sealed text is `v1.<key id>.<nonce and ciphertext>` in URL-safe base64, bound to the column that it
belongs to, so that one moved to another column does not open. The newest key seals, all of them open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_VERSION: Final = "v1"


class KeyMissing(Exception):
    """None of the keys given opens this text: it was sealed by another one, or has been changed."""


def new_key() -> str:
    """A key for `JIANGWEN_DATA_KEY`: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def key_of(text: str) -> bytes:
    """The bytes of a key as `new_key` writes it; ValueError for anything else."""
    try:
        key = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("a key is 32 bytes in base64, as `jiangwen db new-key` makes one")
    return key


class Vault:
    """Seals and opens; `keys` are 32 bytes each, the first one seals."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._newest = _name(keys[0])
        self._ciphers = {_name(key): AESGCM(key) for key in keys}
        # the index has to stay the same while keys are rotated: it hangs on the oldest one
        self._index_key = hashlib.sha256(b"blind index" + keys[-1]).digest()

    def seal(self, column: str, text: str) -> str:
        """`text` so that only this vault reads it, and only as `column` (`table.column`)."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._ciphers[self._newest].encrypt(nonce, text.encode(), column.encode())
        return f"{_VERSION}.{self._newest}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, column: str, sealed: str) -> str:
        """What was sealed for `column`. Raises KeyMissing."""
        try:
            version, name, body = sealed.split(".")
            raw = base64.urlsafe_b64decode(body)
            if version != _VERSION:
                raise ValueError
            return (
                self._ciphers[name].decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], column.encode()).decode()
            )
        except (ValueError, KeyError, InvalidTag):
            raise KeyMissing(
                f"a value of {column} cannot be opened by the keys of JIANGWEN_DATA_KEY"
            ) from None

    def index(self, column: str, text: str) -> str:
        """The same for the same text, and of no use without the key: by it a sealed value is looked up."""
        return hmac.new(self._index_key, f"{column}\0{text}".encode(), hashlib.sha256).hexdigest()


def _name(key: bytes) -> str:
    return hashlib.sha256(b"key id" + key).hexdigest()[:8]


def vault_of(text: str, beside: Path | None) -> Vault | None:
    """The vault of keys written one after another with commas; without any, of the key file `beside` a
    database, which is made for its owner alone where it is missing. None where there is neither."""
    keys = [key_of(part) for part in text.split(",") if part.strip()]
    if not keys and beside is not None:
        keys = [key_of(_kept_key(beside))]
    return Vault(keys) if keys else None


def _kept_key(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(new_key() + "\n")
            new.flush()
            os.fsync(new.fileno())
    except FileExistsError:
        pass
    return file.read_text()
