"""Measures the service beside the figures that it is to reach; needs Linux, prints a table, always ends well.

Rates are wall-clock, so other work on the machine lowers them; CPU times suffer less.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from xml.etree.ElementTree import ParseError

from bot.channels.wechat import WeChat
from bot.channels.wechat_crypto import WeChatError
from bot.dialogue import Dialogue, Memory, Said
from handlers.contract import Incoming, Kind
from knowledge.library import Library
from tests import (
    bench_broadcasts,
    bench_console,
    bench_delivery,
    bench_interview,
    bench_notices,
    bench_outbox,
    bench_ticks,
    bench_units,
)
from tests.bench_load import CONNECTIONS, EACH, Crowd, Push, Round, fire, opened, questions, request
from tests.bench_servers import BARE, BOT, Server, Used, pinned, running, settings
from tests.wire import SEASON

STARTS, ROUNDS, REPEATS, ASKED = 5, 5, 8, 400
SIZES = (2, 20, 200)
_KEPT = "SELECT message_id, text, reply FROM inbound WHERE route = 'passive' AND answered_at IS NOT NULL"
_TALKS = "SELECT sender, version FROM conversations JOIN contacts ON contacts.id = contact_id"
RATIO, GROWTH, START_S, MEMORY_MB = 0.2, 3.0, 2.0, 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lap:
    """One round on one server."""

    pushes: Sequence[Push]
    round: Round
    used: Used

    @property
    def rate(self) -> float:
        """Messages answered in a second."""
        return len(self.pushes) / self.round.seconds

    def us(self, seconds: float) -> float:
        """Microseconds a message."""
        return seconds / len(self.pushes) * 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """CPU microseconds of each reading, and of each whole turn (reading and answering)."""

    reading: Sequence[float]
    turn: Sequence[float]


def row(name: str, measured: str, target: str = "", *, met: bool | None = None) -> None:
    """One line of the table."""
    verdict = "" if met is None else "met" if met else "missed"
    print(f"{name:<58}{measured:>26}  {target:<10}{verdict}".rstrip(), flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def starts(folder: Path) -> None:
    """A new process with a new database, until its first encrypted callback is answered."""
    taken = []
    for at in range(STARTS):
        first = request(f"oFirst{at:022d}", str(25_000_000_000_000_000 + at), questions()[0][0])
        begun = time.perf_counter()
        with running(BOT, settings(folder / f"start{at}.db")) as server:
            fire(server.port, [first], 1)
            taken.append(time.perf_counter() - begun)
    measured = median(taken)
    row("start to first answer", f"{measured:.2f} s", f"< {START_S:.0f} s", met=measured < START_S)


def lap(server: Server, crowd: Crowd) -> Lap:
    """New people write to the server."""
    pushes, before = crowd.pushes(), server.used()
    done = fire(server.port, [push.request for push in pushes])
    return Lap(pushes=pushes, round=done, used=server.used().since(before))


def memory(server: Server, name: str) -> None:
    """What the process holds, and held at most."""
    now, most = server.memory_mb()
    row(name, f"{now:.0f} MB, at most {most:.0f}", f"< {MEMORY_MB:.0f} MB", met=most < MEMORY_MB)


def callbacks(folder: Path) -> list[Lap]:
    """The bare server and the whole bot in turn, each on one core, the load on another; the bot's laps."""
    cores, crowd, database = sorted(os.sched_getaffinity(0)), Crowd(seed=1), folder / "bench.db"
    with (
        pinned(cores[-1]),
        running(BARE, {}) as bare,
        running(BOT, settings(database)) as bot,
        pinned(cores[0]),
    ):
        warm = lap(bare, crowd), lap(bot, crowd)
        memory(bot, f"memory of the service after {len(warm[1].pushes)} messages")
        pairs = [(lap(bare, crowd), lap(bot, crowd)) for _ in range(ROUNDS)]
        memory(bot, f"memory of the service after {(ROUNDS + 1) * len(warm[1].pushes)} messages")
    bares, bots = zip(*pairs, strict=True)
    rates("bare server", bares)
    rates("whole bot on SQLite", bots)
    ratios = [b.rate / a.rate for a, b in pairs]
    spread = f"{median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
    row("whole bot : bare server, by rate", spread, f">= {RATIO}", met=median(ratios) >= RATIO)
    by_cpu = [a.us(a.used.total_s) / b.us(b.used.total_s) for a, b in pairs]
    row("whole bot : bare server, by CPU time", f"{median(by_cpu):.3f}")
    checked([warm[0], *bares], [warm[1], *bots], database)
    return list(bots)


def rates(name: str, laps: Sequence[Lap]) -> None:
    """Rate, waits and CPU, the median of the rounds."""
    waits = [[percentile(one.round.waits, share) * 1e3 for one in laps] for share in (0.5, 0.99)]
    p50, p99 = map(median, waits)
    row(f"{name}: messages answered in a second", f"{median(one.rate for one in laps):.0f}")
    row(f"{name}: wait with {CONNECTIONS} connections, p50 and p99", f"{p50:.1f} ms, {p99:.1f} ms")
    row(f"{name}: CPU of a message", f"{median(one.us(one.used.total_s) for one in laps):.0f} us")
    load = median(one.us(one.round.load_cpu_s) for one in laps)
    row(f"{name}: CPU of a message in the load itself", f"{load:.0f} us")


def checked(bares: Sequence[Lap], bots: Sequence[Lap], database: Path) -> None:
    """Every reply can be opened and has words; the bot's database holds every message and conversation."""
    plain = [words(one, signed=False) for one in bares]
    said = {push.message_id: text for one in bots for push, text in words(one, signed=True).items()}
    written = {push.message_id: push.text for one in bots for push in one.pushes}
    senders = {push.sender for one in bots for push in one.pushes}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        kept = {number: rest for number, *rest in connection.execute(_KEPT)}
        talks = dict(connection.execute(_TALKS))
    row("bare replies that are valid", f"{sum(map(len, plain))} of {sum(len(one.pushes) for one in bares)}")
    row("bot replies that are valid, signed and addressed", f"{len(said)} of {len(written)}")
    whole = sum(kept.get(number) == [text, said.get(number)] for number, text in written.items())
    row("messages in the database with the reply that was sent", f"{whole} of {len(written)}")
    row(
        "conversations saved at every turn", f"{sum(talks.get(s) == EACH for s in senders)} of {len(senders)}"
    )


def words(done: Lap, *, signed: bool) -> dict[Push, str]:
    """The words of each reply that is valid and has some."""
    found = {}
    for push, response in zip(done.pushes, done.round.responses, strict=True):
        try:
            text = opened(response, push.sender, signed=signed)
        except (ParseError, WeChatError, AssertionError):
            continue
        if text:
            found[push] = text
    return found


def shares(dialogue: Dialogue, laps: Sequence[Lap]) -> None:
    """Where the CPU of the bot's messages goes; the event loop has the door, the writer's thread the rest."""
    spent = thinking(dialogue, [(push.sender, push.text) for push in laps[-1].pushes], 1)
    reading, turn = fmean(spent.reading), fmean(spent.turn)
    door = median(one.us(one.used.loop_s) for one in laps)
    writer = median(one.us(one.used.others_s) for one in laps)
    for name, us in (
        ("HTTP, encryption and XML", door),
        ("understanding", reading),
        ("answering", turn - reading),
        ("storing, and two threads on one core", writer - turn),
    ):
        row(f"of a message of the bot: {name}", f"{us:.0f} us, {us / (door + writer):.0%}")


def thinking(dialogue: Dialogue, said: Sequence[tuple[str, str]], repeats: int) -> Spent:
    """What thinking costs, by itself, over messages given as sender and text, each after those before it."""
    turns = played(dialogue, said)
    reading: list[float] = []
    whole: list[float] = []
    for _ in range(repeats):
        for incoming, state in turns:
            context = Memory.load(state).context
            begun = time.process_time_ns()
            dialogue.explain(incoming.text, context)
            reading.append((time.process_time_ns() - begun) / 1e3)
        # apart from the readings, lest these prepare what a turn would have to
        for incoming, state in turns:
            begun = time.process_time_ns()
            answered(dialogue, incoming, state)
            whole.append((time.process_time_ns() - begun) / 1e3)
    return Spent(reading=reading, turn=whole)


def played(dialogue: Dialogue, said: Sequence[tuple[str, str]]) -> list[tuple[Incoming, str | None]]:
    """Each message with the conversation before it; it also warms what the first messages fill."""
    states: dict[str, str] = {}
    turns = []
    for at, (sender, text) in enumerate(said):
        incoming = Incoming(
            channel=WeChat.name,
            account="bench",
            sender=sender,
            message_id=str(at),
            kind=Kind.TEXT,
            received_at=SEASON,
            text=text,
        )
        turns.append((incoming, states.get(sender)))
        states[sender] = answered(dialogue, incoming, states.get(sender)).state
    return turns


def answered(dialogue: Dialogue, incoming: Incoming, state: str | None) -> Said:
    """One turn within the limit of a passive reply."""
    return dialogue.turn(incoming, state, limit_bytes=WeChat.limits.text_bytes, real_seconds=0.0)


def samples() -> list[tuple[str, str]]:
    """The sample questions, each of a person."""
    return [(str(at), text) for at, turns in enumerate(questions()) for text in turns]


def alone(dialogue: Dialogue) -> None:
    """Understanding, and a whole turn, over the sample questions."""
    spent = thinking(dialogue, samples(), REPEATS)
    for name, values in (("understanding", spent.reading), ("understanding and answering", spent.turn)):
        row(f"{name} alone, mean and p99", f"{fmean(values):.0f} us, {percentile(values, 0.99):.0f} us")


def growth(folder: Path) -> None:
    """The same two figures with invented notices beside the real ones."""
    means: dict[str, list[float]] = defaultdict(list)
    for size in SIZES:
        bench_notices.write(folder / str(size), size)
        dialogue = Dialogue(Library.load(folder / str(size)))
        cities = [(str(at), text) for at, text in enumerate(bench_notices.asked(size, ASKED))]
        for kind, said in (("sample questions", samples()), ("invented cities", cities)):
            spent = thinking(dialogue, said, 2)
            means[f"understanding, {kind}"].append(fmean(spent.reading))
            means[f"a whole turn, {kind}"].append(fmean(spent.turn))
    for name, by_size in means.items():
        grown = by_size[-1] / by_size[0]
        measured = f"{', '.join(f'{us:.0f}' for us in by_size)} us: x {grown:.2f}"
        sizes = ", ".join(map(str, SIZES))
        row(f"{name}, {sizes} more notices", measured, f"<= {GROWTH:.0f}", met=grown <= GROWTH)


def rosters() -> None:
    """A large roster of units from its file into a new database, and once more."""
    with tempfile.TemporaryDirectory() as folder:
        read, kept, again, most = bench_units.run(Path(folder))
    row(f"roster of {bench_units.ROWS} rows: reading, keeping", f"{read:.1f} s, {kept:.1f} s")
    total = read + kept
    row(
        "the two together",
        f"{total:.1f} s",
        f"< {bench_units.TARGET_S:.0f} s",
        met=total < bench_units.TARGET_S,
    )
    row("the same roster again", f"{again:.1f} s, at most {most:.0f} MB")


def main() -> None:
    """Measure everything and print the table."""
    begun = time.perf_counter()
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {cores} cores, load average before: {load:.1f}")
    row("figure", "measured", "target")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        starts(folder)
        laps = callbacks(folder)
        dialogue = Dialogue(Library.load())
        shares(dialogue, laps)
        alone(dialogue)
        growth(folder)
    bench_interview.bench(row)
    rosters()
    bench_ticks.bench(row)
    bench_outbox.bench(row)
    bench_delivery.bench(row)
    bench_console.bench(row)
    bench_broadcasts.bench(row)
    print(f"measured in {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
