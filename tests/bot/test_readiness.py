"""What `check` asks of a live account and a mail server."""

from __future__ import annotations

from bot import readiness
from bot.channels.email import Email, Server, Tls
from bot.kinds import Kinds
from bot.settings import Settings
from store.database import Store
from tests.bot.office import FIELDS, TEMPLATES, office


async def test_the_account_s_templates_are_compared(store: Store) -> None:
    news = {"subscribe": {"id": "gone", "fields": {"subject": "thing1"}}}
    kinds = Kinds(Settings(templates={**TEMPLATES, "news": news}).templates)
    async with office(store) as post:
        api = post.channel.api
        assert await readiness.template_faults(api, Kinds(Settings(templates=TEMPLATES).templates)) == []
        assert await readiness.template_faults(api, kinds) == [
            "JIANGWEN_TEMPLATES: news: the account has no subscribe template gone"
        ]
        post.simulator.knobs.denied.add("/cgi-bin/template/get_all_private_template")
        (fault, _) = await readiness.template_faults(api, kinds)
        assert fault.startswith("the account's template templates cannot be read: 48001")
    assert set(FIELDS) == {"subject", "when", "state"}


async def test_a_mail_server_that_is_away_is_named(unused_tcp_port: int) -> None:
    server = Server(host="127.0.0.1", port=unused_tcp_port, sender="a@b.example", tls=Tls.NONE)
    (fault,) = await readiness.mail_faults(Email(server, timeout=1))
    assert fault.startswith("JIANGWEN_SMTP_HOST: the mail server takes no letters")
