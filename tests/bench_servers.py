"""The servers that are measured, each a process of its own; run as a program, the bare one."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.app import serving, until_stopped
from bot.channels.wechat_crypto import Envelope
from tests.wire import AES_KEY, APP_ID, APP_SECRET, SEASON, TOKEN

_ENCRYPT = re.compile(r"<Encrypt><!\[CDATA\[([^\]]+)\]\]></Encrypt>")
_SENDER = re.compile(r"<FromUserName><!\[CDATA\[([^\]]+)\]\]></FromUserName>")
_LISTENING = re.compile(r"listening on http://[\d.]+:(\d+)")
# As long as most of the bot's replies, so that both encrypt and send as much.
_CONSTANT = (
    "<xml><ToUserName><![CDATA[{sender}]]></ToUserName><FromUserName><![CDATA[gh_bench]]></FromUserName>"
    "<CreateTime>1719795600</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    f"<Content><![CDATA[{'答' * 400}]]></Content></xml>"
)

BARE = (sys.executable, "-m", "tests.bench_servers")
BOT = (sys.executable, "-m", "bot", "serve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """CPU seconds of a process: of its event loop's thread, and of all its others."""

    loop_s: float
    others_s: float

    def since(self, before: Used) -> Used:
        """What came on top of `before`."""
        return Used(loop_s=self.loop_s - before.loop_s, others_s=self.others_s - before.others_s)

    @property
    def total_s(self) -> float:
        """Of the whole process."""
        return self.loop_s + self.others_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that listens on a port of the loopback."""

    pid: int
    port: int

    def used(self) -> Used:
        """The CPU that it has used so far, from Linux's own count."""
        spent = {
            int(task.name): int((task / "schedstat").read_text().split()[0]) / 1e9
            for task in Path(f"/proc/{self.pid}/task").iterdir()
        }
        loop_s = spent.pop(self.pid)
        return Used(loop_s=loop_s, others_s=sum(spent.values()))

    def memory_mb(self) -> tuple[float, float]:
        """What it holds now, and the most that it held (VmRSS, VmHWM; 1 MB = 1024 KB)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        now, most = (re.search(rf"{name}:\s+(\d+) kB", status) for name in ("VmRSS", "VmHWM"))
        assert now is not None
        assert most is not None
        return int(now[1]) / 1024, int(most[1]) / 1024


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """This process, and those that it starts meanwhile, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(command: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[Server]:
    """The server of a command that says where it listens; ended as an operator ends it."""
    process = subprocess.Popen(  # noqa: S603 (our own commands)
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        listening = _LISTENING.search(process.stdout.readline())
        assert listening is not None, f"{command} does not listen"
        yield Server(pid=process.pid, port=int(listening[1]))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def settings(database: Path) -> dict[str, str]:
    """The environment in which `serve` answers with `database`, in the season, and reaches no platform. It
    keeps its bytecode, as any service does that is started more than once."""
    return {
        "PYTHONDONTWRITEBYTECODE": "",
        "JIANGWEN_PORT": "0",
        "JIANGWEN_DATABASE_URL": f"sqlite+aiosqlite:///{database}",
        "JIANGWEN_WECHAT_APP_ID": APP_ID,
        "JIANGWEN_WECHAT_APP_SECRET": APP_SECRET,
        "JIANGWEN_WECHAT_TOKEN": TOKEN,
        "JIANGWEN_WECHAT_AES_KEY": AES_KEY,
        "JIANGWEN_WECHAT_API_BASE": "http://127.0.0.1:9",
        "JIANGWEN_CLOCK_START": SEASON.isoformat(),
    }


async def _bare() -> None:
    """Decrypts, replies a constant and encrypts: the least that any bot on this wire must do."""
    envelope = Envelope(AES_KEY, APP_ID)

    async def receive(request: web.Request) -> web.Response:
        encrypted = _ENCRYPT.search(await request.text())
        assert encrypted is not None
        sender = _SENDER.search(envelope.decrypt(encrypted[1]).decode())
        assert sender is not None
        reply = envelope.encrypt(_CONSTANT.format(sender=sender[1]).encode())
        return web.Response(
            text=f"<xml><Encrypt><![CDATA[{reply}]]></Encrypt></xml>", content_type="application/xml"
        )

    app = web.Application()
    app.add_routes([web.post("/wechat", receive)])
    async with serving(app, "127.0.0.1", 0) as port:
        print(f"listening on http://127.0.0.1:{port}", flush=True)
        await until_stopped()


if __name__ == "__main__":
    asyncio.run(_bare())
