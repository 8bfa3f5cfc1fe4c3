"""Template messages to followers (platform document B3, E5)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.simulator.api.contract import OK, Call, Endpoint, Result
from bot.simulator.deliveries import Channel, Delivery, Fate
from bot.simulator.errors import ApiError
from bot.simulator.people import Person
from bot.simulator.receipts import CHANCE
from bot.simulator.templates import TemplateKind

REPEAT: Final = timedelta(seconds=600)
BLOCKED, LOST = "failed:user block", "failed: system failed"  # as the platform spells them


class Sent:
    """Accepted messages by openid and client_msg_id, which mark a repeat within ten minutes."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, str], tuple[datetime, int]] = {}

    def before(self, openid: str, key: str, now: datetime) -> int | None:
        """The msgid of the message that this one would repeat."""
        at, msgid = self._sent.get((openid, key), (now, None))
        return msgid if now - at < REPEAT else None

    def add(self, openid: str, key: str, now: datetime, msgid: int) -> None:
        self._sent[openid, key] = (now, msgid)


async def send(call: Call) -> Result:
    body, simulator, now = call.body(), call.simulator, call.simulator.clock()
    person, key = call.recipient(body), str(body.get("client_msg_id") or "")
    draft = Delivery(at=now, openid=person.openid, channel=Channel.TEMPLATE, kind="template", key=key)
    with call.refusals_of(draft):
        card = call.template(body, TemplateKind.SERVICE).fill(body.get("data"))
        draft = replace(draft, text=card.text, data=card.data(body.get("miniprogram") or body.get("url")))
        sent = simulator.of(Sent)
        if key and (repeated := sent.before(person.openid, key, now)) is not None:
            return _repeat(call, replace(draft, message_id=repeated))
        if not person.followed:
            raise ApiError(43004)
    msgid = simulator.new_id()
    if key:
        sent.add(person.openid, key, now, msgid)
    return await _accept(call, person, replace(draft, message_id=msgid))


def _repeat(call: Call, draft: Delivery) -> Result:
    errcode = call.simulator.knobs.repeat_errcode
    call.simulator.deliver(replace(draft, fate=Fate.SUPPRESSED, errcode=errcode))
    text = OK["errmsg"] if errcode == 0 else ApiError(errcode).errmsg
    return {"errcode": errcode, "errmsg": text, "msgid": draft.message_id}


async def _accept(call: Call, person: Person, draft: Delivery) -> Result:
    lost = CHANCE.random() < call.simulator.knobs.system_failed
    reason = BLOCKED if person.refuses else LOST if lost else ""
    call.simulator.deliver(replace(draft, fate=Fate.FAILED, reason=reason) if reason else draft)
    event = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": draft.message_id, "Status": reason or "success"}
    await call.simulator.receipts.promise(person.openid, event)
    return {**OK, "msgid": draft.message_id}


async def chosen(call: Call) -> Result:
    return {
        "template_list": [
            {
                "template_id": template.id,
                "title": template.title,
                "primary_industry": "",
                "deputy_industry": "",
                "content": template.content,
                "example": "",
            }
            for template in call.simulator.templates
            if template.kind is TemplateKind.SERVICE
        ]
    }


ENDPOINTS: Final = (
    Endpoint(method="POST", path="/cgi-bin/message/template/send", handle=send, daily=100_000),
    Endpoint(method="GET", path="/cgi-bin/template/get_all_private_template", handle=chosen, daily=100_000),
)
