"""Whether a callback is genuine and what its envelope holds: signatures and AES (platform document A1 to A4).

The tests hold it against wechatpy's and against the platform's published vectors (decision 4).
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b64decode, b64encode
from hashlib import sha1
from typing import ClassVar, Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

_AES_KEY: Final = re.compile(r"[A-Za-z0-9+/]{43}")
_BLOCK: Final = 32
_RANDOM_BYTES: Final = 16
_LENGTH_BYTES: Final = 4


class WeChatError(Exception):
    """A callback request is not taken."""

    outcome: ClassVar[str]
    status: ClassVar[int] = 200

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class BadSignature(WeChatError):
    """The signature is missing, or not made with this account's token over this request."""

    outcome = "bad_signature"
    status = 403


class Unsealed(BadSignature):
    """The body is not encrypted, although the account has an AES key."""

    outcome = "unsealed"


class Stale(WeChatError):
    """The request's timestamp is more than 300 seconds away from now."""

    outcome = "stale"
    status = 403


class TooLarge(WeChatError):
    """The body is larger than 128 KB."""

    outcome = "too_large"
    status = 413


class Broken(WeChatError):
    """The body did not arrive whole, or not in the encoding that its headers name."""

    outcome = "broken"
    status = 400


class BadEnvelope(WeChatError):
    """The envelope cannot be opened with this account's AES key."""

    outcome = "bad_envelope"


class WrongAccount(WeChatError):
    """The message is addressed to another app id."""

    outcome = "wrong_account"


class BadXml(WeChatError):
    """The message is not XML of the documented form."""

    outcome = "bad_xml"


def signature(*parts: str) -> str:
    """SHA-1 over the sorted parts, in hexadecimal (platform document A1)."""
    return sha1(b"".join(sorted(map(_octets, parts))), usedforsecurity=False).hexdigest()


def check_signature(given: str, *parts: str) -> None:
    """Compare in constant time; raises BadSignature."""
    if not hmac.compare_digest(signature(*parts).encode(), _octets(given)):
        raise BadSignature


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class Envelope:
    """AES-256-CBC, the key's first half as IV, PKCS#7 in blocks of 32 (platform document A3).

    `receive_id` stands behind the message: the app id of an Official Account, the corp id in WeCom.
    Raises ValueError for a key that is not 43 characters of base64.
    """

    def __init__(self, aes_key: str, receive_id: str) -> None:
        if not _AES_KEY.fullmatch(aes_key):
            raise ValueError("an EncodingAESKey is 43 letters and digits")
        key = b64decode(aes_key + "=")
        self._cipher = Cipher(AES256(key), CBC(key[:16]))
        self._receive_id = receive_id.encode()

    def decrypt(self, encrypted: str) -> bytes:
        """Open an `Encrypt` element; raises BadEnvelope, or WrongAccount for another receive id."""
        try:
            decryptor = self._cipher.decryptor()
            padded = decryptor.update(b64decode(encrypted, validate=True)) + decryptor.finalize()
        except ValueError:
            raise BadEnvelope from None
        content = _unpadded(padded)[_RANDOM_BYTES:]
        length = int.from_bytes(content[:_LENGTH_BYTES], "big")
        end = _LENGTH_BYTES + length
        if len(content) < end:
            raise BadEnvelope
        if content[end:] != self._receive_id:
            raise WrongAccount
        return content[_LENGTH_BYTES:end]

    def encrypt(self, message: bytes, *, random: bytes | None = None) -> str:
        """Make an `Encrypt` element; `random` (16 bytes) is for test vectors only."""
        salt = random or secrets.token_urlsafe(12).encode()
        content = salt + len(message).to_bytes(_LENGTH_BYTES, "big") + message + self._receive_id
        size = _BLOCK - len(content) % _BLOCK
        encryptor = self._cipher.encryptor()
        return b64encode(encryptor.update(content + bytes([size]) * size) + encryptor.finalize()).decode()


def _unpadded(padded: bytes) -> bytes:
    size = padded[-1] if padded else 0
    if len(padded) % _BLOCK or not 1 <= size <= _BLOCK or not padded.endswith(bytes([size]) * size):
        raise BadEnvelope
    return padded[:-size]
