"""Settings come from where they are said to come from, and say so when they are wrong."""

from __future__ import annotations

import os
import tomllib
from datetime import date, time
from pathlib import Path

import pytest

from config.calendars import Calendars
from config.settings import BadSettings, Settings, config_path, default_text, read_settings
from config.shipped import find_template, template_ids
from config.zones import Zones
from obligations.app import engine_settings, make_connectors, make_library, open_daemon
from obligations.clocks import SystemMachineClock
from obligations.engine.settings import EngineSettings


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("OBLIGATIONS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "obligations.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_written_defaults_are_the_defaults(tmp_path: Path) -> None:
    """A file that `init` wrote and nobody changed behaves as no file at all."""
    shipped = read_settings(written(tmp_path, default_text()))
    assert shipped.model_copy(update={"engine": {}}) == Settings()
    assert engine_settings(shipped) == EngineSettings()


def test_every_setting_stands_in_the_shipped_file() -> None:
    table = tomllib.loads(default_text())
    assert set(table["sending"]) == set(type(Settings().sending).model_fields)
    hidden = {
        "dangerous_clock",
        "dangerous_kill_at",
        "log",
        "slack_token",
        "ledger_key",
        "connectors",
        "engine",
        "sending",
        "operations",
    }
    assert set(table["operations"]) == set(type(Settings().operations).model_fields)
    assert set(Settings.model_fields) - hidden == {name for name, value in table.items() if not isinstance(value, dict)}


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, 'tenant = "file"\n[sending]\nremind_at = "08:00"\nact_at = "07:00"\n')
    monkeypatch.setenv("OBLIGATIONS_TENANT", "environment")
    monkeypatch.setenv("OBLIGATIONS_SENDING__REMIND_AT", "10:30")
    settings = read_settings(path)
    assert settings.tenant == "environment"
    assert (settings.sending.remind_at, settings.sending.act_at) == (time(10, 30), time(7))


def test_an_empty_variable_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit file that says `OBLIGATIONS_SLACK_TOKEN=` gives no token, not an empty one."""
    monkeypatch.setenv("OBLIGATIONS_SLACK_TOKEN", "")
    monkeypatch.setenv("OBLIGATIONS_DATABASE_URL", "")
    settings = read_settings(written(tmp_path, 'database_url = "sqlite:////var/lib/o.db"\n'))
    assert settings.slack_token is None
    assert settings.database() == "sqlite:////var/lib/o.db"


def test_without_anything_it_is_one_file_in_the_data_folder(tmp_path: Path) -> None:
    assert read_settings().database() == f"sqlite:///{tmp_path}/data/obligations/obligations.sqlite3"
    assert config_path() == tmp_path / "config" / "obligations" / "obligations.toml"


def test_every_fault_is_named_with_where_it_stands(tmp_path: Path) -> None:
    path = written(tmp_path, 'colour = "red"\nlog = "loud"\n[sending]\nremind_at = "25:00"\n')
    with pytest.raises(BadSettings) as caught:
        read_settings(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert all(str(path) in line for line in lines)
    assert any(line.startswith("sending.remind_at: ") for line in lines)


def test_a_secret_is_never_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBLIGATIONS_DATABASE_URL", "postgresql://hr:hunter2@db/o")
    settings = read_settings(written(tmp_path, ""))
    assert "hunter2" not in f"{settings!r}{settings}"
    with pytest.raises(BadSettings) as caught:
        read_settings(written(tmp_path, 'slack_token = ["hunter2"]'))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("lease_seconds = 30", "more than twice the time-out"),
        ("lease_secs = 30", 'no such setting. Did you mean "lease_seconds"'),
        ("lease_seconds = []", "lease_seconds: .*valid number"),
        ("total_concurrency = 2.5", "total_concurrency: .*valid integer"),
        ('retry_delays_seconds = ["soon"]', "retry_delays_seconds.0: .*valid number"),
        ("retry_delays_seconds = 5", "retry_delays_seconds: .*valid tuple"),
        ("destinations = {payroll = 0}", "payroll has 0 slots"),
        ("timeout_seconds = nan", "must be more than 0 seconds"),
    ],
)
def test_an_engine_that_cannot_keep_its_promises_is_refused(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(BadSettings, match=words):
        engine_settings(read_settings(written(tmp_path, f"[engine]\n{table}\n")))


def test_the_engine_takes_its_lists(tmp_path: Path) -> None:
    made = engine_settings(
        read_settings(written(tmp_path, "[engine]\nretry_delays_seconds = [1, 2.5]\ndestinations = {payroll = 2}\n"))
    )
    assert (made.retry_delays_seconds, made.destinations) == ((1, 2.5), {"payroll": 2})


def test_a_number_from_the_environment_is_read_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything in an environment is text; a daemon in a container could not be told its time-out."""
    monkeypatch.setenv("OBLIGATIONS_ENGINE__TIMEOUT_SECONDS", "20")
    assert engine_settings(read_settings(written(tmp_path, ""))).timeout_seconds == 20


async def test_connectors_are_met_by_their_entry_points(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, '[sending]\nreminders = "console"\nactions = "console"\n'))
    made = make_connectors(settings, SystemMachineClock())
    assert set(made) == {"console"}
    for connector in made.values():
        await connector.close()


def test_a_connector_that_is_not_installed_is_named_with_those_that_are(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, '[sending]\nreminders = "pigeon"\n'))
    with pytest.raises(BadSettings, match='no connector "pigeon"; installed are console, http, slack'):
        make_connectors(settings, SystemMachineClock())


# --- what ships -----------------------------------------------------------------------------------------------------


def test_a_template_is_found_by_its_id_or_beside_the_contract(tmp_path: Path) -> None:
    assert "offer-letter" in template_ids()
    (tmp_path / "own.yaml").write_text("terms: 1\n", encoding="utf-8")
    assert find_template("own.yaml", tmp_path) == ("terms: 1\n", str(tmp_path / "own.yaml"))
    for wanted in ("own", "none.yaml", "../../etc/passwd"):
        with pytest.raises(LookupError, match=r"shipped are .*offer-letter, "):
            find_template(wanted, tmp_path)


def test_holidays_are_those_in_force_each_year() -> None:
    us, both = Calendars()["US"], Calendars()["US+CN"]
    assert us.is_open(date(2006, 6, 19))
    assert not us.is_open(date(2026, 6, 19))
    assert us.is_open(date(2026, 10, 1))
    assert not both.is_open(date(2026, 10, 1))
    for wrong in ("MARS", "US-MARS", "US+MARS", "us", "", "+", "US+", "USA"):
        assert wrong not in Calendars()
        with pytest.raises(KeyError):
            Calendars()[wrong]


@pytest.mark.parametrize(
    ("name", "opened", "closed"),
    [
        ("US-CA", "2026-03-30", "2026-03-31"),  # Cesar Chavez Day
        ("DE", "2026-01-06", "2026-01-01"),
        ("DE-BY", "2026-01-07", "2026-01-06"),  # Epiphany, in Bavaria
        ("XNYS", "2026-10-12", "2026-04-03"),  # open on Columbus Day, closed on Good Friday
        ("SA", "2026-03-01", "2026-02-27"),  # works on Sundays, not on Fridays
        ("AE", "2021-01-03", "2021-01-08"),  # Friday and Saturday until 2021
        ("AE", "2023-01-06", "2023-01-08"),  # Saturday and Sunday since
        ("CN", "2024-02-18", "2024-02-25"),  # a Sunday worked after the Spring Festival, and one that was not
        ("DE-BY+US+XNYS", "2026-01-07", "2026-01-19"),
    ],
)
def test_calendars_go_by_jurisdiction_subdivision_and_year(name: str, opened: str, closed: str) -> None:
    """A payment would be planned for a day on which nobody there works."""
    calendar = Calendars()[name]
    assert calendar.name == name
    assert calendar.version.startswith("holidays ")
    assert "+" not in calendar.version
    assert calendar.is_open(date.fromisoformat(opened))
    assert not calendar.is_open(date.fromisoformat(closed))


def test_names_lead_to_calendars() -> None:
    """A suggestion would name a calendar that is not there."""
    names = set(Calendars())
    assert {"US", "US-CA", "DE-BY", "XNYS"} <= names
    assert len(names) == len(Calendars())
    assert all(name in Calendars() for name in names)


def test_beyond_the_known_years_the_explanation_says_that_only_weekends_are_closed() -> None:
    """A date would look as sure as any other, though nobody knows the holidays of its year."""
    china = Calendars()["CN"]
    assert china.years is not None
    known, unknown = date(china.years[1], 6, 1), date(china.years[1] + 1, 6, 1)
    assert "only" not in china.why(known).rule
    assert f"to {china.years[1]} only, and weekends beyond" in china.why(known, unknown).rule


OWN = """
name = "HQ"
version = "2027-01"
weekend = ["friday", "saturday"]
holidays = [2027-01-03, 2027-12-26]
open_days = [2027-01-08]
"""


def test_an_installation_adds_calendars_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "hq.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no calendar", encoding="utf-8")
    calendars = make_library(Settings(calendars=str(tmp_path))).calendars
    hq = calendars["HQ"]
    days = {day: hq.is_open(date(2027, 1, day)) for day in (3, 8, 9, 10, 15)}
    assert days == {3: False, 8: True, 9: False, 10: True, 15: False}
    assert (hq.version, hq.years) == ("2027-01", (2027, 2027))
    assert not calendars["US+HQ"].is_open(date(2027, 1, 10)), "a Sunday in the United States"
    assert "HQ" in set(calendars)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name", "nam", "nam"),
        ('"HQ"', '"US"', "ships already"),
        ('"HQ"', '"HQ+1"', "name"),
        ('"friday"', '"fryday"', "fryday"),
        ("2027-01-03", '"2027-02-30"', "holidays"),
        ("2027-12-26]", "2027-12-26", "hq.toml"),
        ("open_days = [2027-01-08]", "open_days = [2027-01-07]", "no weekend"),
        ("open_days = [2027-01-08]", "years = [2028, 2027]", "years"),
        ('weekend = ["friday", "saturday"]', "weekend = " + str(["monday", "tuesday", "wednesday", "thursday",
         "friday", "saturday", "sunday"]), "no day of the week"),
    ],
)  # fmt: skip
def test_a_calendar_that_cannot_be_used_is_refused_with_its_file(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Dates would be counted by half a calendar."""
    assert old in OWN
    (tmp_path / "hq.toml").write_text(OWN.replace(old, new), encoding="utf-8")
    with pytest.raises(BadSettings) as raised:
        make_library(Settings(calendars=str(tmp_path)))
    assert "hq.toml" in str(raised.value)
    assert said in str(raised.value)


def test_two_calendars_of_one_name_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    for file in ("a.toml", "b.toml"):
        (tmp_path / file).write_text(OWN, encoding="utf-8")
    with pytest.raises(BadSettings, match="HQ"):
        make_library(Settings(calendars=str(tmp_path)))
    with pytest.raises(BadSettings, match="no folder"):
        make_library(Settings(calendars=str(tmp_path / "none")))


def test_zones_are_the_pinned_ones() -> None:
    zones = Zones()
    assert "Asia/Shanghai" in zones
    assert "Nowhere/Land" not in zones


def test_an_hour_with_an_offset_is_refused_and_not_bent(tmp_path: Path) -> None:
    """The offset would be dropped in silence, and a payment go hours before its owner meant."""
    with pytest.raises(BadSettings, match="without an offset"):
        read_settings(written(tmp_path, '[sending]\nact_at = "09:00+14:00"\n'))


def test_an_environment_that_is_no_json_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBLIGATIONS_ENGINE", "{bad")
    with pytest.raises(BadSettings, match="the environment"):
        read_settings(written(tmp_path, ""))


def test_a_step_that_does_not_exist_is_said_in_words(tmp_path: Path) -> None:
    console = '[sending]\nreminders = "console"\nactions = "console"\n'
    settings = read_settings(written(tmp_path, f'dangerous_kill_at = "lunch:1"\n{console}'))
    with pytest.raises(BadSettings, match="lunch"), open_daemon(settings):
        pass
