"""What an operator sets: read once, from the environment and a TOML file, every fault reported together."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from bot.channels.email import ADDRESS, Tls
from bot.kinds import Chosen, known
from store.vault import key_of

SQLITE, POSTGRES = "sqlite+aiosqlite:///", "postgresql+asyncpg://"
PREFIX = "JIANGWEN_"
FILE = "JIANGWEN_CONFIG"
_AES_KEY_LENGTH = 43
_FASTEST = 1_000_000
_CLIENT = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SHORTEST_SECRET = 32
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ACCOUNT = ("wechat_app_id", "wechat_app_secret", "wechat_token")


class SettingsError(Exception):
    """The settings cannot be used; the message has a line for each fault and never a secret's value."""


class Settings(BaseModel):
    """Names in the environment carry the prefix `JIANGWEN_`; in TOML they are lower case without it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0 takes any free one")
    database_url: SecretStr = Field(
        SecretStr("sqlite+aiosqlite:///var/jiangwen.db"),
        description="sqlite+aiosqlite:///path or postgresql+asyncpg://…",
    )
    wechat_app_id: str = Field("", description="AppID of the Official Account")
    wechat_app_secret: SecretStr = Field(SecretStr(""), description="AppSecret of the Official Account")
    wechat_token: SecretStr = Field(SecretStr(""), description="Token of the server configuration")
    wechat_aes_key: SecretStr = Field(SecretStr(""), description="EncodingAESKey; empty in plain mode")
    wechat_api_base: str = Field("https://api.weixin.qq.com", description="where the platform's API is")
    templates: Chosen = Field(
        default_factory=dict,
        description="the account's templates by kind of message and path (template, subscribe), each with "
        "its id and the field that each line fills; a table, in the environment JSON",
    )
    smtp_host: str = Field("", description="mail server; no e-mail is sent while it is empty")
    smtp_port: int = Field(587, ge=1, le=65535, description="port of the mail server")
    smtp_user: str = Field("", description="account at the mail server; empty where it wants none")
    smtp_password: SecretStr = Field(SecretStr(""), description="its password")
    smtp_from: str = Field("", description="from whom e-mails are: an address, with a name before it or not")
    smtp_tls: Tls = Field(Tls.STARTTLS, description="starttls, tls (from the start) or none")
    knowledge_dir: Path | None = Field(None, description="a folder of further notices")
    public_url: str = Field("", description="how people reach this service; no link is sent while empty")
    data_key: SecretStr = Field(
        SecretStr(""),
        description="seals personal values: 32 bytes in base64, several with commas, newest first; "
        "while it is empty a file beside the SQLite database holds one",
    )
    trusted_proxies: str = Field(
        "", description="networks of proxies whose X-Forwarded-For is believed, with commas"
    )
    api_keys: Mapping[str, SecretStr] = Field(
        {},
        description="names and secrets of systems that may call /api: name=secret, several with commas; in "
        "TOML a table",
    )
    metrics_port: int = Field(0, ge=0, le=65535, description="port of /metrics on the loopback; 0 = none")
    retention_days: int = Field(180, ge=1, description="days after which texts of conversations are erased")
    clock_start: datetime | None = Field(
        None, description="rehearsal: service time starts here in a new database"
    )
    clock_rate: float = Field(
        1.0, ge=0, le=_FASTEST, allow_inf_nan=False, description="rehearsal: service seconds in a real second"
    )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith((SQLITE, POSTGRES)):
            raise ValueError(f"begins with {SQLITE} or {POSTGRES}")
        return value

    @field_validator("wechat_aes_key")
    @classmethod
    def _whole_key(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if key and not (len(key) == _AES_KEY_LENGTH and key.isascii() and key.isalnum()):
            raise ValueError(f"has {_AES_KEY_LENGTH} letters and digits, as the platform shows it")
        return value

    @field_validator("templates", mode="before")
    @classmethod
    def _table(cls, value: object) -> object:
        return json.loads(value) if isinstance(value, str) else value

    @field_validator("templates")
    @classmethod
    def _known_templates(cls, value: Chosen) -> Chosen:
        return known(value)

    @field_validator("smtp_from")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not ADDRESS.fullmatch(parseaddr(value)[1]):
            raise ValueError("is an e-mail address, as in Jiangwen <bot@example.org>")
        return value

    @field_validator("public_url")
    @classmethod
    def _reachable(cls, value: str) -> str:
        parts = urlsplit(value)
        kept = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        whole = (
            parts.hostname and parts.port != 0 and not parts.username and (parts.scheme == "https" or local)
        )
        if value and (kept != value or not whole):
            raise ValueError("is https://host without a slash at the end; http:// on this machine alone")
        return value

    @field_validator("data_key")
    @classmethod
    def _whole_data_key(cls, value: SecretStr) -> SecretStr:
        for key in filter(None, value.get_secret_value().split(",")):
            key_of(key)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            for part in filter(None, value.split(",")):
                ip_network(part.strip())
        except ValueError:
            raise ValueError("is networks as 127.0.0.1/32, with commas") from None
        return value

    @field_validator("api_keys", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [pair.partition("=") for pair in filter(None, map(str.strip, value.split(",")))]
        if any(not sign for _, sign, _ in pairs) or len({name for name, _, _ in pairs}) < len(pairs):
            raise ValueError("is name=secret, several with commas, each name once")
        return {name.strip(): secret.strip() for name, _, secret in pairs}

    @field_validator("api_keys")
    @classmethod
    def _strong(cls, value: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
        for name, secret in value.items():
            if not _CLIENT.fullmatch(name) or len(secret.get_secret_value()) < _SHORTEST_SECRET:
                raise ValueError("a name is of letters, digits, - and _; a secret has 32 signs at least")
        return value

    @field_validator("clock_start")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("needs an offset, as in 2024-07-01T09:00:00+08:00")
        return value

    @property
    def has_postgres(self) -> bool:
        """Whether several processes may share the database."""
        return self.database_url.get_secret_value().startswith(POSTGRES)

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of `trusted_proxies`."""
        return tuple(ip_network(part.strip()) for part in filter(None, self.trusted_proxies.split(",")))

    @property
    def has_wechat(self) -> bool:
        """Whether an Official Account is configured."""
        return bool(self.wechat_app_id)

    @property
    def has_mail(self) -> bool:
        """Whether there is a mail server."""
        return bool(self.smtp_host)

    @property
    def rehearsal(self) -> bool:
        """Whether service time is not real time; then it may be moved over HTTP."""
        return self.clock_start is not None


def load(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """The settings from what is given, else the environment, else the file; raises SettingsError."""
    environment = os.environ if environment is None else environment
    faults: list[str] = []
    values: dict[str, Any] = _from_file(environment.get(FILE), faults)
    for name, text in sorted(environment.items()):
        field = name.removeprefix(PREFIX).lower()
        if not name.startswith(PREFIX) or name == FILE or not text:
            continue
        if field in Settings.model_fields:
            values[field] = text
        else:
            faults.append(f"{name}: no such setting")
    values |= given
    if any(values.get(name) for name in _ACCOUNT):
        missing = [PREFIX + name.upper() for name in _ACCOUNT if not values.get(name)]
        faults += [f"{name}: an Official Account needs it" for name in missing]
    if values.get("smtp_host") and not values.get("smtp_from"):
        faults.append(f"{PREFIX}SMTP_FROM: e-mails need to be from somebody")
    if str(values.get("database_url", "")).startswith(POSTGRES) and not values.get("data_key"):
        faults.append(f"{PREFIX}DATA_KEY: with PostgreSQL it must be set; `jiangwen db new-key` makes one")
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        faults += [f"{PREFIX}{str(p['loc'][0]).upper()}: {p['msg']}" for p in problems]
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


def _from_file(path: str | None, faults: list[str]) -> dict[str, Any]:
    if not path:
        return {}
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError:
        faults.append(f"{FILE}: no such file: {path}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{FILE}: {path}: {error}")
    return {}
