"""A very small account server: opens the envelope by itself, answers what a test wants, remembers all."""

import base64
import hashlib
import re
import time
from collections.abc import Awaitable, Callable
from html import escape

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

Message = dict[str, str]
FIELD = re.compile(r"<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))</\1>", re.DOTALL)


def fields(xml: str) -> Message:
    return {name: quoted or bare for name, quoted, bare in FIELD.findall(xml.removeprefix("<xml>"))}


def signed(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


async def echo(message: Message) -> str | None:
    """Says back what a person said; events are taken in silence."""
    said = message.get("Content") or message.get("Recognition") or message.get("EventKey")
    return f"你说：{said}" if said else None


class EchoBot:
    """`answer` gets the message's fields and gives the reply's text, or None for `success`.

    `raw` replaces the body of the answer; `seen` holds every message that was opened, repeats too.
    """

    def __init__(self, *, token: str, aes_key: str, app_id: str) -> None:
        key = base64.b64decode(aes_key + "=")
        self.token, self.app_id = token, app_id
        self.cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self.answer: Callable[[Message], Awaitable[str | None]] = echo
        self.raw: Callable[[Message], web.Response] | None = None
        self.sealed = True
        self.seen: list[Message] = []

    def app(self) -> web.Application:
        application = web.Application(client_max_size=65536)
        application.add_routes([web.get("/wechat", self.verify), web.post("/wechat", self.receive)])
        return application

    def told(self, event: str) -> list[Message]:
        """The events of this name that were opened."""
        return [message for message in self.seen if message.get("Event") == event]

    async def verify(self, request: web.Request) -> web.Response:
        query = request.query
        if signed(self.token, query["timestamp"], query["nonce"]) != query["signature"]:
            raise web.HTTPForbidden
        return web.Response(text=query["echostr"])

    async def receive(self, request: web.Request) -> web.Response:
        query, body = request.query, await request.text()
        if "<!DOCTYPE" in body or abs(time.time() - int(query["timestamp"])) > 300:
            raise web.HTTPForbidden
        message = fields(body)
        if query.get("encrypt_type") == "aes":
            sealed = message["Encrypt"]
            if signed(self.token, query["timestamp"], query["nonce"], sealed) != query["msg_signature"]:
                raise web.HTTPForbidden
            message = fields(self.open(sealed))
        elif signed(self.token, query["timestamp"], query["nonce"]) != query["signature"]:
            raise web.HTTPForbidden
        self.seen.append(message)
        text = await self.answer(message)
        if self.raw is not None:
            return self.raw(message)
        if text is None:
            return web.Response(text="success")
        return web.Response(text=self.reply(message, text, query["nonce"]), content_type="application/xml")

    def reply(self, message: Message, text: str, nonce: str) -> str:
        clear = (
            f"<xml><ToUserName>{message['FromUserName']}</ToUserName>"
            f"<FromUserName>{message['ToUserName']}</FromUserName><CreateTime>{int(time.time())}</CreateTime>"
            f"<MsgType>text</MsgType><Content>{escape(text)}</Content></xml>"
        )
        if not self.sealed:
            return clear
        sealed, timestamp = self.seal(clear), str(int(time.time()))
        return (
            f"<xml><Encrypt>{sealed}</Encrypt><TimeStamp>{timestamp}</TimeStamp><Nonce>{nonce}</Nonce>"
            f"<MsgSignature>{signed(self.token, timestamp, nonce, sealed)}</MsgSignature></xml>"
        )

    def open(self, sealed: str) -> str:
        opener = self.cipher.decryptor()
        plain = opener.update(base64.b64decode(sealed)) + opener.finalize()
        end = 20 + int.from_bytes(plain[16:20])
        if plain[end : -plain[-1]].decode() != self.app_id:
            raise web.HTTPForbidden
        return plain[20:end].decode()

    def seal(self, clear: str) -> str:
        body = clear.encode()
        plain = b"0123456789abcdef" + len(body).to_bytes(4) + body + self.app_id.encode()
        count = 32 - len(plain) % 32
        sealer = self.cipher.encryptor()
        return base64.b64encode(sealer.update(plain + bytes([count]) * count) + sealer.finalize()).decode()
