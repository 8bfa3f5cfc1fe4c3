"""What happens, told to whoever listens: the page by server-sent events, tests by `Simulator.heard`."""

from asyncio import Queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic_core import to_jsonable_python


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`data` is plain JSON, frozen at the moment of telling."""

    name: str
    data: object


class Stream:
    def __init__(self) -> None:
        self._listeners: set[Queue[Event | None]] = set()

    def tell(self, name: str, data: object) -> None:
        if self._listeners:
            event = Event(name=name, data=to_jsonable_python(data))
            for listener in self._listeners:
                listener.put_nowait(event)

    @contextmanager
    def listen(self) -> Iterator[Queue[Event | None]]:
        """A queue of all events from now on; None ends it."""
        listener: Queue[Event | None] = Queue()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        for listener in self._listeners:
            listener.put_nowait(None)
