"""The custom menu: what the platform accepts, and which button a person can press (platform document B6)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.simulator.errors import ApiError

PAYLOAD: Final = {  # type of a button -> the field that it must carry
    "click": "key",
    "view": "url",
    "scancode_push": "key",
    "scancode_waitmsg": "key",
    "pic_sysphoto": "key",
    "pic_photo_or_album": "key",
    "pic_weixin": "key",
    "location_select": "key",
    "media_id": "media_id",
    "article_id": "article_id",
    "article_view_limited": "article_id",
    "miniprogram": "url",
}
Button = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The limits of one level, in bytes and buttons, with the errcode of each breach."""

    buttons: tuple[int, int]
    name: tuple[int, int]
    key: tuple[int, int]
    url: tuple[int, int]
    kind: int


TOP: Final = Level(buttons=(3, 40016), name=(16, 40018), key=(128, 40019), url=(1024, 40020), kind=40017)
SUB: Final = Level(buttons=(5, 40023), name=(60, 40025), key=(128, 40026), url=(1024, 40027), kind=40024)


class Menu:
    def __init__(self) -> None:
        self.buttons: list[dict[str, object]] = []

    def publish(self, body: Mapping[str, object]) -> None:
        """Replaces the whole menu. Raises ApiError with the errcode of the first breach."""
        buttons = _buttons(body.get("button"), TOP)
        for button in buttons:
            parts = button.get("sub_button")
            if parts:
                _name(button, TOP)
                for part in _buttons(parts, SUB):
                    if part.get("sub_button"):
                        raise ApiError(40022)
                    _leaf(part, SUB)
            else:
                _leaf(button, TOP)
        self.buttons = [{**button, "sub_button": button.get("sub_button") or []} for button in buttons]

    def find(self, key_or_url: str) -> Button:
        """The button that a person can press. Raises LookupError."""
        for button in self._leaves():
            if key_or_url in (button.get("key"), button.get("url")):
                return button
        raise LookupError(f"no button {key_or_url!r} is published")

    def _leaves(self) -> Iterator[Button]:
        for button in self.buttons:
            parts = button["sub_button"]
            yield from parts if isinstance(parts, list) and parts else [button]


def _buttons(found: object, level: Level) -> Sequence[Button]:
    limit, errcode = level.buttons
    if not isinstance(found, list) or not 1 <= len(found) <= limit:
        raise ApiError(errcode)
    if not all(isinstance(button, dict) for button in found):
        raise ApiError(47001)
    return found


def _leaf(button: Button, level: Level) -> None:
    _name(button, level)
    payload = PAYLOAD.get(str(button.get("type")))
    if payload is None:
        raise ApiError(level.kind)
    limit, errcode = level.url if payload == "url" else level.key
    _size(button.get(payload), limit, errcode)


def _name(button: Button, level: Level) -> None:
    _size(button.get("name"), *level.name)


def _size(text: object, limit: int, errcode: int) -> None:
    if not isinstance(text, str) or not 1 <= len(text.encode()) <= limit:
        raise ApiError(errcode)
