"""Subscribe messages, each of which a person has allowed before (platform document B4, E6)."""

from dataclasses import replace
from typing import Final

from bot.simulator.api.contract import OK, Call, Endpoint, Result
from bot.simulator.deliveries import Channel, Delivery
from bot.simulator.errors import ApiError
from bot.simulator.people import Person
from bot.simulator.simulator import SUBSCRIBABLE
from bot.simulator.templates import Template, TemplateKind

TYPES: Final = {TemplateKind.ONCE: 2, TemplateKind.LASTING: 3}


async def send(call: Call) -> Result:
    body, simulator = call.body(), call.simulator
    person, msgid = call.recipient(body), simulator.new_id()
    draft = Delivery(
        at=simulator.clock(),
        openid=person.openid,
        channel=Channel.SUBSCRIBE,
        kind="template",
        message_id=msgid,
    )
    with call.refusals_of(draft):
        template = call.template(body, *SUBSCRIBABLE)
        card = template.fill(body.get("data"))
        draft = replace(draft, text=card.text, data=card.data(body.get("miniprogram") or body.get("page")))
        _spend(person, template)
    simulator.deliver(draft)
    result = {"TemplateId": template.id, "MsgID": msgid, "ErrorCode": 0, "ErrorStatus": "success"}
    event = {"Event": "subscribe_msg_sent_event", "SubscribeMsgSentEvent": {"List": [result]}}
    await simulator.receipts.promise(person.openid, event)
    return {**OK, "msgid": msgid} if simulator.knobs.subscribe_msgid else OK


def _spend(person: Person, template: Template) -> None:
    """Takes one message off the person's allowance. Followers or not, whoever has allowed it gets it."""
    left = person.subscriptions.get(template.id, 0)
    if person.refuses or left < 1:
        raise ApiError(43101)
    if template.kind is TemplateKind.ONCE:
        person.subscriptions[template.id] = left - 1


async def chosen(call: Call) -> Result:
    data = [
        {
            "priTmplId": template.id,
            "title": template.title,
            "content": template.content,
            "example": "",
            "type": TYPES[template.kind],
        }
        for template in call.simulator.templates
        if template.kind in TYPES
    ]
    return {**OK, "data": data}


ENDPOINTS: Final = (
    Endpoint(method="POST", path="/cgi-bin/message/subscribe/bizsend", handle=send, daily=100_000),
    Endpoint(method="GET", path="/wxaapi/newtmpl/gettemplate", handle=chosen, daily=100_000),
)
