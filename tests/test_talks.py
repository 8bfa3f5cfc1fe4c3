"""Whole conversations, told as data in `talks/*.yaml`, over the encrypted wire.

Each turn is something said (or spoken, or a button pressed) with what must be heard: groups, of which one
wording each suffices; `not` are wordings that must not be heard; `plain` wants it said that the notices do
not have it; with `whole` the answer is read to its end. Whatever is heard, no figure may stand in it that is
neither the notices' nor the person's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from pydantic import BaseModel, ConfigDict, Field

from bot.cli import MENU
from bot.simulator import Outcome, Push
from bot.wording import Wording
from knowledge.judging import Judge, Mark
from knowledge.notice import Aspect
from tests.wire import SEASON, Wire, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

TALKS = Path(__file__).parent / "talks"
PASSIVE_BYTES = 2048
MORE = Wording().render("conversation/more")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Turn(Strict):
    """One of `say`, `voice` and `click`, and what is to be heard."""

    say: str = ""
    voice: str = ""
    click: str = ""
    hear: list[str | list[str]] = []
    unheard: list[str] = Field([], alias="not")
    plain: bool = False
    whole: bool = False

    @property
    def words(self) -> str:
        return self.say or self.voice or self.click

    def questions(self, turns: list[str]) -> list[dict[str, Any]]:
        """As lines of a question file: what is to be heard, and that it is said plainly."""
        must = [[group] if isinstance(group, str) else group for group in self.hear]
        asked = {"must": must, "must_not": self.unheard, "turns": turns}
        return [{**asked, "abstain": abstain} for abstain in ([False, True] if self.plain else [False])]


class Talk(Strict):
    name: str
    about: list[Aspect]
    at: datetime = SEASON
    turns: list[Turn]


def told(path: Path) -> list[Talk]:
    return [Talk(**row) for row in yaml.safe_load(path.read_text(encoding="utf-8"))]


ALL = [(path.stem, talk) for path in sorted(TALKS.glob("*.yaml")) for talk in told(path)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    async with wire(tmp_path_factory.mktemp("talks")) as running:
        assert running.service.wechat is not None
        await running.service.wechat.api.publish_menu(yaml.safe_load(MENU.read_text(encoding="utf-8")))
        yield running


@pytest.mark.parametrize("talk", [pytest.param(talk, id=f"{file}: {talk.name}") for file, talk in ALL])
async def test_talk(line: Wire, talk: Talk) -> None:
    await line.service.clock.set(line.service.store, now=talk.at, rate=1)
    judge, openid = Judge(line.service.library), line.simulator.person().openid
    said: list[str] = []
    for turn in talk.turns:
        heard = await play(line, openid, turn)
        said.append(turn.words)
        for question in turn.questions(said):
            judgement = judge.mark(question, heard)
            assert judgement.mark is Mark.RIGHT, f"{' / '.join(said)}: {judgement.why}\n{heard}"


async def play(line: Wire, openid: str, turn: Turn) -> str:
    """What is heard after a turn: the reply, or all its parts."""
    push = await act(line, openid, turn)
    parts = [push.text]
    while turn.whole and parts[-1].endswith(MORE):
        parts.append((await line.simulator.say(openid, "更多")).text)
    assert push.outcome is Outcome.REPLIED
    assert max(len(part.encode()) for part in parts) <= PASSIVE_BYTES
    return "\n".join(parts)


async def act(line: Wire, openid: str, turn: Turn) -> Push:
    if turn.click:
        return await line.simulator.click(openid, turn.click)
    if turn.voice:
        return await line.simulator.speak(openid, turn.voice)
    return await line.simulator.say(openid, turn.say)


async def test_every_topic_is_talked_about() -> None:
    assert set(Aspect) - {aspect for _, talk in ALL for aspect in talk.about} == set()
