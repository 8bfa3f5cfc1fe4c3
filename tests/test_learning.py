"""Lessons of the staff: what they change, what they may not, and who takes them up."""

from __future__ import annotations

import asyncio
from functools import cache

import pytest

from bot.dialogue import Dialogue
from bot.learning import Trials
from bot.masking import hide
from bot.overlays import Overlays
from knowledge.lessons import Lesson, Lessons
from knowledge.library import Library
from knowledge.overlay import Overlay
from store.database import Store
from store.records import Answer
from store.scope import EVERYWHERE
from tests.databases import VAULT
from tests.store.scene import NOW
from tests.talk import talk
from tests.wire import SEASON

ASKED = "武汉工匠那个翻毛鸡咋个整"
LESSON = Lesson(wording="翻毛鸡咋个整", topic="aspect:deadline", city="武汉")


@cache
def dialogue() -> Dialogue:
    return Dialogue(Library.load())


@cache
def trials() -> Trials:
    return Trials(dialogue())


def taught_by(*lessons: Lesson) -> Dialogue:
    return dialogue().under(dialogue().library.overlaid(Overlay(lessons=lessons)))


def answer(taught: Dialogue, *turns: str) -> tuple[Answer, str]:
    said = talk(taught, turns)[-1]
    return said.noted.answer, said.text or ""


def test_a_taught_wording_is_answered_as_its_topic() -> None:
    taught = taught_by(LESSON)

    assert answer(dialogue(), ASKED)[0] is not Answer.FOUND
    found, reply = answer(taught, ASKED)
    assert found is Answer.FOUND
    assert "2023年6月27日" in reply
    assert answer(taught, "武汉工匠翻毛鸡 咋个整呢")[0] is Answer.FOUND


def test_a_lesson_of_a_city_is_none_elsewhere() -> None:
    taught = taught_by(LESSON)

    assert answer(taught, "无锡卓越技师那个翻毛鸡咋个整") == answer(
        dialogue(), "无锡卓越技师那个翻毛鸡咋个整"
    )


def test_a_lesson_of_a_topic_that_is_gone_is_left_out() -> None:
    taught = taught_by(Lesson(wording=LESSON.wording, topic="gone"), Lesson(wording="x", topic="aspect:y"))

    assert answer(taught, ASKED) == answer(dialogue(), ASKED)


def test_what_is_not_the_same_question_is_no_repetition() -> None:
    lessons = Lessons([("翻毛鸡咋个整", LESSON)])

    assert lessons.like("翻毛鸡咋个整") == (LESSON,)
    assert lessons.like("翻毛鸡在哪里买") == ()
    assert Lessons().like("翻毛鸡咋个整") == ()


async def test_a_lesson_that_harms_nobody_is_accepted() -> None:
    tried = await trials().trial(LESSON, [], SEASON)

    assert tried.accepted
    assert tried.worse == ()
    assert "截止" in tried.reply


async def test_a_lesson_that_makes_another_answer_worse_is_refused() -> None:
    question = "宜兴这边网上填表，封口日子是哪天"  # of the sample questions
    wrong = Lesson(wording=question, topic="aspect:contact", city="无锡")
    tried = await trials().trial(wrong, [], SEASON)

    assert not tried.accepted
    assert question in tried.worse


async def test_a_lesson_that_brings_no_answer_is_refused() -> None:
    tried = await trials().trial(Lesson(wording="你好", topic="aspect:deadline", city="武汉"), [], SEASON)

    assert not tried.answered
    assert not tried.accepted


async def test_every_process_takes_a_lesson_up(postgres_url: str) -> None:
    stores = [await Store.open(postgres_url, VAULT) for _ in range(2)]
    processes = [(Overlays(store, dialogue().library), taught_by()) for store in stores]
    for overlays, own in processes:
        overlays.inform(own.take)
    tasks = [asyncio.create_task(overlays.run()) for overlays, _ in processes]
    async with stores[0].work() as work:
        lesson = await work.teach(
            city=LESSON.city, wording=LESSON.wording, topic=LESSON.topic, by="chen", now=NOW
        )
    await asyncio.sleep(3)
    assert [answer(own, ASKED)[0] for _, own in processes] == [Answer.FOUND] * 2
    assert lesson
    async with stores[1].work() as work:
        await work.unteach(scope=EVERYWHERE, lesson=lesson, now=NOW)
    for overlays, own in processes:
        await overlays.sweep()
        assert answer(own, ASKED)[0] is not Answer.FOUND
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for store in stores:
        await store.close()


@pytest.mark.parametrize("text", ["打13812345678找我", "写信到 li.wei@example.com", "座机 0510-8582 1234"])
def test_what_leads_to_somebody_is_hidden(text: str) -> None:
    assert not any(part in hide(text) for part in ("138", "li.wei", "8582"))
