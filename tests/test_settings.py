"""Settings: from the environment and a file, all faults together, and never a secret."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.settings import FILE, PREFIX, Settings, SettingsError, load
from tests.wire import DATA_KEY

SECRET = "hunter2-hunter2"
ACCOUNT = {
    "JIANGWEN_WECHAT_APP_ID": "wx0123456789abcdef",
    "JIANGWEN_WECHAT_APP_SECRET": SECRET,
    "JIANGWEN_WECHAT_TOKEN": SECRET,
    "JIANGWEN_WECHAT_AES_KEY": "k" * 43,
}
WRONG = {
    "JIANGWEN_PORT": "eighty",
    "JIANGWEN_METRICS_PORT": "70000",
    "JIANGWEN_RETENTION_DAYS": "0",
    "JIANGWEN_CLOCK_START": "2024-07-01T09:00:00",
    "JIANGWEN_CLOCK_RATE": "-1",
    "JIANGWEN_DATABASE_URL": f"mysql://clerk:{SECRET}@host/x",
    "JIANGWEN_WECHAT_AES_KEY": SECRET,
    "JIANGWEN_PUBLIC_URL": "http://bot.example.org",
}


def faults(environment: dict[str, str]) -> list[str]:
    """A line for each fault."""
    with pytest.raises(SettingsError) as caught:
        load(environment)
    return str(caught.value).splitlines()


def written(folder: Path, text: str) -> dict[str, str]:
    """A file of settings, named in the environment."""
    path = folder / "jiangwen.toml"
    path.write_text(text, encoding="utf-8")
    return {FILE: str(path)}


def test_nothing_need_be_set() -> None:
    settings = load({})
    assert (settings.host, settings.port, settings.retention_days) == ("127.0.0.1", 8080, 180)
    assert not settings.has_wechat
    assert not settings.rehearsal


def test_the_environment_is_read() -> None:
    settings = load(
        {
            **ACCOUNT,
            "JIANGWEN_PORT": "0",
            "JIANGWEN_CLOCK_START": "2024-07-01T09:00:00+08:00",
            "JIANGWEN_DATABASE_URL": "postgresql+asyncpg://clerk@host/x",
            "JIANGWEN_DATA_KEY": DATA_KEY,
            "PATH": "/bin",
        }
    )
    assert settings.has_wechat
    assert settings.rehearsal
    assert settings.port == 0
    assert settings.clock_start == datetime(2024, 7, 1, 1, tzinfo=UTC)
    assert settings.wechat_token.get_secret_value() == SECRET


def test_the_process_own_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANGWEN_PORT", "18080")
    assert load().port == 18080
    assert load({}).port == 8080


def test_a_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    file = written(tmp_path, 'port = 9000\nhost = "0.0.0.0"\nclock_start = 2024-07-01T09:00:00+08:00\n')
    settings = load({**file, "JIANGWEN_PORT": "9001"})
    assert (settings.host, settings.port) == ("0.0.0.0", 9001)
    assert settings.clock_start == datetime(2024, 7, 1, 1, tzinfo=UTC)
    assert load({**file, "JIANGWEN_PORT": "9001"}, port=9002).port == 9002


def test_all_faults_are_told_together_by_name() -> None:
    told = faults({**WRONG, "JIANGWEN_COLOUR": "red", "JIANGWEN_WECHAT_APP_ID": "wx1"})
    names = {line.split(":")[0] for line in told}
    missing = {"JIANGWEN_WECHAT_APP_SECRET", "JIANGWEN_WECHAT_TOKEN"}
    assert names == {*WRONG, *missing, "JIANGWEN_COLOUR"}
    assert len(told) == len(names)


def test_a_file_that_is_missing_hides_no_other_fault(tmp_path: Path) -> None:
    told = faults({FILE: str(tmp_path / "none.toml"), "JIANGWEN_PORT": "eighty", "JIANGWEN_COLOUR": "red"})
    assert {line.split(":")[0] for line in told} == {FILE, "JIANGWEN_PORT", "JIANGWEN_COLOUR"}


@pytest.mark.parametrize(
    "name", ["JIANGWEN_COLOUR", "JIANGWEN_WECHAT_TOKE", "JIANGWEN_", "JIANGWEN_TOML_FILE"]
)
def test_an_unknown_name_is_a_fault(name: str) -> None:
    assert [line.split(":")[0] for line in faults({name: SECRET})] == [name]


def test_an_unknown_name_in_a_file_is_a_fault(tmp_path: Path) -> None:
    (told,) = faults(written(tmp_path, f'colour = "{SECRET}"\n'))
    assert told.startswith("JIANGWEN_COLOUR:")
    assert SECRET not in told


@pytest.mark.parametrize(
    "text",
    [
        "port = ",
        f'wechat_token = "{SECRET}',
        "[port]\nx = 1",
        'port = "eighty"',
        f"wechat_token = ['{SECRET}']",
    ],
)
def test_a_broken_file_is_a_fault_without_its_secrets(tmp_path: Path, text: str) -> None:
    told = "\n".join(faults(written(tmp_path, text)))
    assert "JIANGWEN_" in told
    assert SECRET not in told


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"host = '\xff'"])
def test_a_file_that_is_no_text_is_a_fault(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "jiangwen.toml"
    path.write_bytes(raw)
    assert [line.split(":")[0] for line in faults({FILE: str(path)})] == [FILE]


def test_a_folder_is_no_file_of_settings(tmp_path: Path) -> None:
    assert [line.split(":")[0] for line in faults({FILE: str(tmp_path)})] == [FILE]


@pytest.mark.parametrize(
    "name", ["JIANGWEN_WECHAT_APP_ID", "JIANGWEN_WECHAT_APP_SECRET", "JIANGWEN_WECHAT_TOKEN"]
)
def test_a_part_of_an_account_asks_for_the_rest(name: str) -> None:
    told = faults({name: SECRET})
    asked = {line.split(":")[0] for line in told}
    assert asked == {n for n in ACCOUNT if n not in (name, "JIANGWEN_WECHAT_AES_KEY")}


@pytest.mark.parametrize("key", ["k" * 42, "k" * 44, "k" * 42 + "=", "密" * 43, " " * 43])
def test_a_key_of_another_shape_is_a_fault(key: str) -> None:
    (told,) = faults({**ACCOUNT, "JIANGWEN_WECHAT_AES_KEY": key})
    assert told.startswith("JIANGWEN_WECHAT_AES_KEY:")


@pytest.mark.parametrize(
    "url",
    [
        "bot.example.org",
        "http://bot.example.org",
        "https://",
        "https://bot.example.org/",
        "https://bot.example.org/a/",
        "https://bot.example.org?a=1",
        "https://bot.example.org#a",
        "https://clerk:pass@bot.example.org",
        "ftp://127.0.0.1",
        "https://[bot",
        "https://bot.example.org:port",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_links_cannot_begin_with_is_a_fault(url: str) -> None:
    (told,) = faults({"JIANGWEN_PUBLIC_URL": url})
    assert told.startswith("JIANGWEN_PUBLIC_URL:")


@pytest.mark.parametrize(
    "url", ["", "https://bot.example.org", "https://example.org:8443/jiangwen", "http://127.0.0.1:8080"]
)
def test_an_address_that_people_can_reach_is_kept_as_it_is(url: str) -> None:
    assert load({"JIANGWEN_PUBLIC_URL": url}).public_url == url


@pytest.mark.parametrize("rate", ["inf", "nan", "1e300", "-0.1", "fast"])
def test_a_rate_that_no_clock_can_run_at_is_a_fault(rate: str) -> None:
    (told,) = faults({"JIANGWEN_CLOCK_RATE": rate})
    assert told.startswith("JIANGWEN_CLOCK_RATE:")


def test_no_fault_shows_a_secret() -> None:
    every = {f"{PREFIX}{name.upper()}": SECRET for name in Settings.model_fields}
    assert SECRET not in "\n".join(faults({**every, **WRONG, "JIANGWEN_WECHAT_SECRET": SECRET}))


def test_settings_never_show_a_secret() -> None:
    url = f"postgresql+asyncpg://clerk:{SECRET}@host/x"
    settings = load({**ACCOUNT, "JIANGWEN_DATABASE_URL": url, "JIANGWEN_DATA_KEY": DATA_KEY})
    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    assert SECRET not in shown
    assert "k" * 43 not in shown
    assert DATA_KEY not in shown
    assert settings.database_url.get_secret_value() == url


def test_postgresql_needs_a_key_for_personal_values_and_a_key_is_whole() -> None:
    url = {"JIANGWEN_DATABASE_URL": "postgresql+asyncpg://clerk@host/x"}
    assert "JIANGWEN_DATA_KEY" in "\n".join(faults({**ACCOUNT, **url}))
    assert "JIANGWEN_DATA_KEY" in "\n".join(faults({**ACCOUNT, "JIANGWEN_DATA_KEY": f"{DATA_KEY},short"}))
    assert load({**ACCOUNT, **url, "JIANGWEN_DATA_KEY": f"{DATA_KEY},{DATA_KEY}"}).has_postgres
