"""Plays the WeChat Official Account platform over HTTP, with the chat page of the demo.

simulator = Simulator(app_id=…, app_secret=…, token=…, aes_key=…, callback_url="http://127.0.0.1:8080/wechat")
web.run_app(app(simulator))                 # API, inspection and page on one port
async with simulator: await simulator.say(simulator.person("…").openid, "…")    # or callbacks alone
simulator.templates.add(Template(id="…", title="…", content="…: {{thing1.DATA}}"))
simulator.deliveries.count(openid, client_msg_id)                               # how often it arrived
"""

from bot.simulator.answers import Reply, Verdict
from bot.simulator.deliveries import Channel, Count, Delivery, Fate
from bot.simulator.knobs import ApiFault, FaultKind, Knobs, PushFault
from bot.simulator.people import Entry, Person, Side, Trigger
from bot.simulator.pushing import Attempt, Mode, Outcome, Push
from bot.simulator.server import app
from bot.simulator.simulator import ApiCall, Simulator
from bot.simulator.templates import Template, TemplateKind

__all__ = [
    "ApiCall",
    "ApiFault",
    "Attempt",
    "Channel",
    "Count",
    "Delivery",
    "Entry",
    "Fate",
    "FaultKind",
    "Knobs",
    "Mode",
    "Outcome",
    "Person",
    "Push",
    "PushFault",
    "Reply",
    "Side",
    "Simulator",
    "Template",
    "TemplateKind",
    "Trigger",
    "Verdict",
    "app",
]
