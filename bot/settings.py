"""What an operator sets: read once, from the environment and a TOML file, every fault reported together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "JIANGWEN_"
FILE = "JIANGWEN_CONFIG"
_AES_KEY_LENGTH = 43


class SettingsError(Exception):
    """The settings cannot be used; the message has a line for each fault and never a secret's value."""


class Settings(BaseSettings):
    """Names in the environment carry the prefix `JIANGWEN_`; in TOML they are lower case without it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )
    toml_file: ClassVar[Path | None] = None

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0 takes any free one")
    database_url: str = Field(
        "sqlite+aiosqlite:///var/jiangwen.db",
        description="sqlite+aiosqlite:///path or postgresql+asyncpg://…",
    )
    wechat_app_id: str = Field("", description="AppID of the Official Account")
    wechat_app_secret: SecretStr = Field(SecretStr(""), description="AppSecret of the Official Account")
    wechat_token: SecretStr = Field(SecretStr(""), description="Token of the server configuration")
    wechat_aes_key: SecretStr = Field(
        SecretStr(""), description="EncodingAESKey, 43 characters; empty in plain mode"
    )
    wechat_api_base: str = Field(
        "https://api.weixin.qq.com", description="where the platform's API is reached"
    )
    knowledge_dir: Path | None = Field(None, description="a folder of further notices")
    public_url: str = Field(
        "", description="how people reach this service; no link is sent while it is empty"
    )
    metrics_port: int = Field(0, ge=0, le=65535, description="port of /metrics on the loopback; 0 = none")
    retention_days: int = Field(180, ge=1, description="days after which texts of conversations are erased")
    clock_start: datetime | None = Field(
        None, description="rehearsal: service time starts here in a new database"
    )
    clock_rate: float = Field(1.0, ge=0, description="rehearsal: seconds of service time in a real second")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, cls.toml_file)

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
            raise ValueError("begins with sqlite+aiosqlite:/// or postgresql+asyncpg://")
        return value

    @field_validator("wechat_aes_key")
    @classmethod
    def _whole_key(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if key and not (len(key) == _AES_KEY_LENGTH and key.isascii() and key.isalnum()):
            raise ValueError(f"has {_AES_KEY_LENGTH} letters and digits, as the platform shows it")
        return value

    @field_validator("clock_start")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("needs an offset, as in 2024-07-01T09:00:00+08:00")
        return value

    @model_validator(mode="after")
    def _whole_account(self) -> Settings:
        given = {
            name: bool(_plain(getattr(self, name)))
            for name in ("wechat_app_id", "wechat_app_secret", "wechat_token")
        }
        if any(given.values()) and not all(given.values()):
            missing = ", ".join(PREFIX + name.upper() for name, is_given in given.items() if not is_given)
            raise ValueError(f"an Official Account also needs {missing}")
        return self

    @property
    def has_wechat(self) -> bool:
        """Whether an Official Account is configured."""
        return bool(self.wechat_app_id)

    @property
    def rehearsal(self) -> bool:
        """Whether service time is not real time; then it may be moved over HTTP."""
        return self.clock_start is not None


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def load(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """The settings; raises SettingsError with every fault."""
    environment = os.environ if environment is None else environment
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {FILE}
    faults = [
        f"{name}: no such setting"
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known
    ]
    path = environment.get(FILE)
    if path and not Path(path).is_file():
        raise SettingsError(f"{FILE}: no such file: {path}")
    source = type("FromFile", (Settings,), {"toml_file": Path(path) if path else None})
    try:
        settings: Settings = source(**given)
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            name = PREFIX + str(problem["loc"][0]).upper() if problem["loc"] else "settings"
            faults.append(f"{name}: {problem['msg']}")
    except ValueError as error:
        faults.append(f"{path}: {error}")
    if faults:
        raise SettingsError("\n".join(faults))
    return settings
