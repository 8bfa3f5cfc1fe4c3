"""The simulator's own cipher against the published vectors."""

import json
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.envelope import NOT_XML, BrokenEnvelopeError, Envelope, render, signature

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "channels" / "vectors.json").read_text(encoding="utf-8")
)["vectors"]
SEALED = [pytest.param(v, id=v["id"]) for v in VECTORS if "encoding_aes_key" in v]
SIGNED = [pytest.param(v, id=v["id"]) for v in VECTORS if "signature" in v and "timestamp" in v]
KEY, APP_ID = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5a1c0d3f7e9b2846"


@pytest.mark.parametrize("vector", SEALED)
def test_opens_and_seals_as_published(vector: dict[str, Any]) -> None:
    envelope = Envelope(vector["encoding_aes_key"])
    assert envelope.open(vector["encrypt"], vector["receive_id"]) == vector["plaintext"]
    sealed = envelope.seal(vector["plaintext"], vector["receive_id"], vector["random"].encode())
    assert sealed == vector["encrypt"]


@pytest.mark.parametrize("vector", SIGNED)
def test_signs_as_published(vector: dict[str, Any]) -> None:
    assert signature(vector["token"], vector["timestamp"], vector["nonce"]) == vector["signature"]


@given(st.text())
def test_what_is_sealed_comes_out_again(text: str) -> None:
    envelope = Envelope(KEY)
    assert envelope.open(envelope.seal(text, APP_ID), APP_ID) == text


@pytest.mark.parametrize(
    "spoil", [lambda s: s[:-8], lambda s: "A" * len(s), lambda s: s[4:], lambda _: "", lambda _: "?"]
)
def test_refuses_what_was_not_sealed_with_the_key(spoil: Any) -> None:
    envelope = Envelope(KEY)
    with pytest.raises(BrokenEnvelopeError):
        envelope.open(spoil(envelope.seal("<xml/>", APP_ID)), APP_ID)


def test_refuses_an_envelope_for_somebody_else() -> None:
    envelope = Envelope(KEY)
    with pytest.raises(BrokenEnvelopeError, match="app id"):
        envelope.open(envelope.seal("<xml/>", "wx0000000000000000"), APP_ID)


def test_refuses_a_key_of_the_wrong_length() -> None:
    with pytest.raises(ValueError, match="43 characters"):
        Envelope(KEY[:-1])


@given(st.text())
def test_any_text_survives_the_xml(text: str) -> None:
    content = fromstring(render({"Content": text})).findtext("Content")
    assert content == NOT_XML.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def test_a_list_is_rendered_as_elements_of_one_name() -> None:
    root = fromstring(render({"Event": {"List": [{"TemplateId": "a"}, {"TemplateId": "b"}]}}))
    assert [one.findtext("TemplateId") for one in root.findall("Event/List")] == ["a", "b"]
