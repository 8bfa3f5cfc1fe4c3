"""What a live account and a mail server have against the settings, asked over the network."""

from __future__ import annotations

from bot.channels.email import Email
from bot.channels.wechat_api import WeChatApi
from bot.channels.wechat_client import ApiError
from bot.kinds import CARDS, Kinds


async def template_faults(api: WeChatApi, kinds: Kinds) -> list[str]:
    """Templates that are chosen but that the account does not have so, or why it cannot be asked."""
    found: list[str] = []
    for path in CARDS:
        if not any(path in ways for ways in kinds.chosen.values()):
            continue
        try:
            forms = await api.forms(subscribed=path == "subscribe")
        except ApiError as trouble:
            found.append(f"the account's {path} templates cannot be read: {trouble}")
        else:
            fields = {form.template_id: form.fields for form in forms}
            found += [f"JIANGWEN_TEMPLATES: {fault}" for fault in kinds.faults(path, fields)]
    return found


async def mail_faults(mail: Email) -> list[str]:
    """Why the mail server would take no letter; empty where it would."""
    trouble = await mail.check()
    return [f"JIANGWEN_SMTP_HOST: the mail server takes no letters: {trouble}"] if trouble else []
