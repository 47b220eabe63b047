"""The ledger's key is made once, for its owner alone, and never shown."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from config.ledger_key import key_file, ledger_key, made_ledger_key, new_ledger_key
from config.settings import BadSettings, Settings, read_settings
from obligations.app import ledger_keys, open_daemon
from obligations.domain.ledger_chain import LedgerKeys


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation without a key yet."""
    monkeypatch.delenv("OBLIGATIONS_LEDGER_KEY", raising=False)
    monkeypatch.setenv("OBLIGATIONS_CONFIG", str(tmp_path / "etc" / "obligations.toml"))
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "obligations.toml").touch()
    return read_settings()


def test_it_is_made_once_beside_the_configuration_for_its_owner_alone(settings: Settings, tmp_path: Path) -> None:
    """A key that others can read, or that is made anew at each start, binds nothing."""
    assert ledger_key(settings) is None
    first = made_ledger_key(settings)
    path = tmp_path / "etc" / "ledger.key"
    assert key_file(settings) == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made_ledger_key(settings) == first == path.read_text(encoding="ascii")
    assert [file.name for file in path.parent.iterdir() if file != path] == ["obligations.toml"]


def test_daemons_that_start_together_have_one_key(settings: Settings) -> None:
    """Each would end the chain of the other."""
    together = threading.Barrier(4)
    made: list[str] = []

    def start() -> None:
        together.wait()
        made.append(made_ledger_key(settings))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1


def test_a_new_key_comes_first_and_the_old_one_stays(settings: Settings) -> None:
    """Without the old one nothing of before could be checked."""
    old = LedgerKeys.of(made_ledger_key(settings)).in_force
    new = LedgerKeys.of(new_ledger_key(settings))
    assert new.in_force != old
    assert old in new


def test_the_environment_gives_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBLIGATIONS_LEDGER_KEY", "ab" * 32)
    given = read_settings()
    assert ledger_keys(given, make=True).in_force == LedgerKeys(bytes.fromhex("ab" * 32)).in_force
    assert not key_file(given).exists()
    assert "abab" not in repr(given)
    assert "abab" not in repr(ledger_keys(given))
    with pytest.raises(BadSettings, match="OBLIGATIONS_LEDGER_KEY gives the key"):
        new_ledger_key(given)


def test_what_is_no_key_is_refused_and_not_repeated(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password in the wrong variable would stand in a log."""
    monkeypatch.setenv("OBLIGATIONS_LEDGER_KEY", "hunter2")
    with pytest.raises(BadSettings, match="line 1 is not 64 hexadecimal digits") as refused:
        ledger_keys(read_settings())
    assert "hunter2" not in str(refused.value)


def test_a_key_that_cannot_be_made_is_said_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBLIGATIONS_LEDGER_KEY_FILE", "/dev/null/ledger.key")
    with pytest.raises(BadSettings, match=r"/dev/null/ledger\.key"):
        made_ledger_key(read_settings())


def test_a_daemon_whose_configuration_folder_is_closed_sends_all_the_same(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An upgrade would stop every payment of a service that may not write below /etc."""
    monkeypatch.setenv("OBLIGATIONS_DATABASE_URL", f"sqlite:///{tmp_path}/o.db")
    monkeypatch.setenv("OBLIGATIONS_SENDING__REMINDERS", "console")
    monkeypatch.setenv("OBLIGATIONS_SENDING__ACTIONS", "console")
    (tmp_path / "etc" / "ledger.key").mkdir()  # a superuser may write any folder, but no file in a folder's place
    with pytest.raises(BadSettings), open_daemon(read_settings()):
        pass
    (tmp_path / "etc" / "ledger.key").rmdir()
    monkeypatch.setattr("config.ledger_key.os.link", _refused)
    with capture_logs() as log, open_daemon(read_settings()) as running:
        running.daemon.pump.thread.close()
    assert "the ledger is chained without a key" in [line["event"] for line in log]


def _refused(*_: object) -> None:
    raise PermissionError(13, "Permission denied")
