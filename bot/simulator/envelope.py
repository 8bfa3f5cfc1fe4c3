"""The wire format of a callback as the platform speaks it: signatures, AES envelope, XML.

Written from the platform's description and shared with nobody: the bot's own code is checked against it.
"""

import base64
import hashlib
import re
import secrets
import struct
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK: Final = 32  # the platform pads to 32 bytes, not to the cipher's 16
NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class BrokenEnvelopeError(ValueError):
    """A cipher text that no holder of the key and the app id could have made."""


def signature(*parts: str) -> str:
    """Hex SHA-1 over the sorted parts: (token, timestamp, nonce), and the cipher text as a fourth part."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


class Envelope:
    """AES-256-CBC as the platform uses it; `aes_key` is the EncodingAESKey of 43 characters."""

    def __init__(self, aes_key: str) -> None:
        if len(aes_key) != 43:
            raise ValueError("an EncodingAESKey has 43 characters of base64")
        key = base64.b64decode(aes_key + "=", validate=True)
        self._cipher = Cipher(AES(key), CBC(key[:16]))

    def seal(self, message: str, receiver: str, salt: bytes | None = None) -> str:
        """Base64 of salt (16 random bytes), length, message and the receiver's id."""
        body = message.encode()
        plain = (salt or secrets.token_bytes(16)) + struct.pack(">I", len(body)) + body + receiver.encode()
        padding = BLOCK - len(plain) % BLOCK
        sealer = self._cipher.encryptor()
        return base64.b64encode(
            sealer.update(plain + bytes([padding]) * padding) + sealer.finalize()
        ).decode()

    def open(self, sealed: str, receiver: str) -> str:
        """The message inside. Raises BrokenEnvelopeError, also when it was sealed for somebody else."""
        try:
            opener = self._cipher.decryptor()
            padded = opener.update(base64.b64decode(sealed, validate=True)) + opener.finalize()
            plain = _unpad(padded)
            (length,) = struct.unpack(">I", plain[16:20])
            body, owner = plain[20 : 20 + length], plain[20 + length :]
            if owner != receiver.encode():
                raise BrokenEnvelopeError("the app id inside is not ours")
            return body.decode()
        except (ValueError, struct.error) as error:
            raise BrokenEnvelopeError(str(error)) from error


def _unpad(padded: bytes) -> bytes:
    count = padded[-1] if padded else 0
    if not 1 <= count <= BLOCK or padded[-count:] != bytes([count]) * count:
        raise BrokenEnvelopeError("the padding is not PKCS#7 with blocks of 32")
    return padded[:-count]


def render(fields: Mapping[str, object]) -> str:
    """The XML of one message: numbers bare, texts in CDATA, mappings nested, lists as repeated elements."""
    return f"<xml>{_children(fields)}</xml>"


def _children(fields: Mapping[str, object]) -> str:
    return "".join(
        f"<{escape(name)}>{_value(one)}</{escape(name)}>"
        for name, value in fields.items()
        for one in (value if isinstance(value, list) else [value])
    )


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return _children(value)
    if isinstance(value, int | float):
        return str(value)
    return cdata(str(value))


def cdata(text: str) -> str:
    """Text as CDATA that stays well-formed whatever a person typed."""
    return f"<![CDATA[{NOT_XML.sub('', text).replace(']]>', ']]]]><![CDATA[>')}]]>"
