"""The house: its arrows can be broken and are seen to be, its wheel is whole, its set-up works or says why not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

TOP = Path(__file__).resolve().parent.parent
PACKAGES = ("schedules", "config", "connectors", "obligations")
FOLDERS = {*PACKAGES, "tests", "docs", "benchmarks", ".ci"}
FILES = {
    *("pyproject.toml", "requirements.lock", "Makefile", ".gitignore"),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"),
}
PROJECT: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract["name"] for contract in PROJECT["tool"]["importlinter"]["contracts"]}


def _run(*command: str, cwd: Path, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    """A command in an environment that is empty but for PATH, and so wide that no tool wraps its lines."""
    environment = {"PATH": path, "COLUMNS": "400"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120)


def _copy(to: Path, *names: str) -> Path:
    machine_made = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info")
    for name in names:
        if (TOP / name).is_dir():
            shutil.copytree(TOP / name, to / name, ignore=machine_made)
        else:
            shutil.copy(TOP / name, to / name)
    return to


# --- the arrows -----------------------------------------------------------------------------------------------------

# contract, the module that misbehaves, what it imports
VIOLATIONS = [
    ("schedules", "schedules", "obligations.domain"),
    ("domain", "obligations.domain", "obligations.ports"),
    ("domain", "obligations.domain", "config"),
    ("layers", "obligations.ports", "obligations.engine"),
    ("layers", "obligations.planning", "obligations.store"),
    ("layers", "obligations.engine", "obligations.cli"),
    ("pure", "obligations.planning", "os"),
    ("pure", "obligations.terms", "pathlib"),
    ("pure", "obligations.domain", "sqlalchemy"),
    ("pure", "schedules", "time"),
    ("formats", "obligations.planning", "lark"),
    ("formats", "schedules", "ruamel.yaml"),
    ("connectors", "connectors", "obligations.engine"),
    ("connectors", "connectors", "obligations.planning"),
    ("connectors", "connectors", "config"),
    ("engine", "obligations.engine", "connectors"),
    ("engine", "obligations.engine", "obligations.store"),
    ("store", "obligations.store", "obligations.terms"),
    ("faces", "obligations.cli", "obligations.store"),
    ("testing", "obligations.engine", "obligations.testing"),
    ("testing", "connectors", "obligations.testing"),
    ("apscheduler", "obligations.engine", "apscheduler"),
    ("httpx", "connectors", "httpx"),
    ("httpx", "obligations.cli", "httpx"),
    ("aiohttp", "connectors.http.client", "aiohttp"),
    ("prometheus", "obligations.engine", "prometheus_client"),
    ("slack", "obligations.cli", "slack_sdk"),
    ("database", "obligations.engine", "sqlalchemy"),
    ("database", "obligations.cli", "sqlite3"),
]


def _lint(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    lint_imports = str(Path(sys.executable).parent / "lint-imports")
    return _run(lint_imports, "--no-logo", "--no-cache", "--contract", contract, cwd=folder)


def _file_of(module: str, folder: Path) -> Path:
    """The file of a module in the copy; a package that is still to come is made, empty."""
    place = folder.joinpath(*module.split("."))
    if place.with_suffix(".py").exists():
        return place.with_suffix(".py")
    place.mkdir(exist_ok=True)
    (place / "__init__.py").touch()
    return place / "__init__.py"


@pytest.mark.parametrize(("contract", "importer", "imported"), VIOLATIONS)
def test_an_arrow_that_points_outward_is_seen(tmp_path: Path, contract: str, importer: str, imported: str) -> None:
    """Else a contract in pyproject.toml is only a wish, and the first shortcut through the layers goes unnoticed."""
    copy = _copy(tmp_path, "pyproject.toml", *PACKAGES)
    if imported.split(".")[0] in PACKAGES:
        _file_of(imported, copy)
    with _file_of(importer, copy).open("a", encoding="utf-8") as source:
        source.write(f"\nimport {imported}\n")

    linted = _lint(copy, contract)

    root = imported if imported.split(".")[0] in PACKAGES else imported.split(".")[0]
    assert linted.returncode == 1, linted.stdout
    assert f"{CONTRACTS[contract]} BROKEN" in linted.stdout
    assert re.search(rf"{re.escape(importer)} -> {re.escape(root)} \(l\.\d+", linted.stdout), linted.stdout


def test_a_module_without_a_place_among_the_layers_is_seen(tmp_path: Path) -> None:
    """Else a new module could import anything, because no contract had heard of it."""
    copy = _copy(tmp_path, "pyproject.toml", *PACKAGES)
    (copy / "obligations" / "homeless.py").touch()

    linted = _lint(copy, "layers")

    assert linted.returncode == 1
    assert "homeless" in linted.stdout


def test_every_contract_has_been_seen_broken() -> None:
    """Else a contract could be added that nothing can break."""
    assert {contract for contract, _, _ in VIOLATIONS} == set(CONTRACTS)


# --- what lies where ------------------------------------------------------------------------------------------------


def _top_level() -> set[str]:
    """What git keeps or would keep, else whatever lies there that no tool makes."""
    listed = _run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=TOP)
    if listed.returncode == 0 and listed.stdout:
        return {name.split("/")[0].strip('"') for name in listed.stdout.splitlines() if (TOP / name).exists()}
    made = re.compile(r"\.git|\.venv|\..*_cache|\.hypothesis|__pycache__|build|dist|.*\.egg-info")
    return {path.name for path in TOP.iterdir() if not made.fullmatch(path.name)}


def test_the_top_level_is_the_users() -> None:
    """Else whoever opens the repository finds clutter before the four folders, or misses one of the papers."""
    found = _top_level()
    assert found <= FOLDERS | FILES, f"no place at the top: {sorted(found - FOLDERS - FILES)}"
    assert (FOLDERS | FILES) - {"benchmarks"} <= found


def test_each_top_level_name_has_one_owner() -> None:
    """Else another distribution's `config` or `schedules` would be imported in place of ours, or ours in its place."""
    owners = packages_distributions()
    assert {name: set(owners[name]) for name in PACKAGES} == {name: {"obligations"} for name in PACKAGES}


def test_the_wheel_holds_the_packages_whole_and_nothing_else(tmp_path: Path) -> None:
    """Else an installed copy would miss a grammar, a template or a migration that the checkout has."""
    copy = _copy(tmp_path, "pyproject.toml", "README.md", "LICENSE", "tests", *PACKAGES)
    expected = {str(file.relative_to(copy)) for name in PACKAGES for file in (copy / name).rglob("*") if file.is_file()}

    built = _run(
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", ".", "--quiet"),
        *("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", "wheels"),
        cwd=copy,
    )

    assert built.returncode == 0, built.stderr
    (wheel,) = (copy / "wheels").glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in names} == set(PACKAGES)
    assert names == expected
    assert {f"{name}/py.typed" for name in PACKAGES} <= names


def test_the_changelog_opens_with_this_version() -> None:
    """Else a user reads about another version than the one they hold."""
    headings = re.findall(r"^## (\S+)", (TOP / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == PROJECT["project"]["version"]


# --- the lock -------------------------------------------------------------------------------------------------------

LOCK = (TOP / "requirements.lock").read_text(encoding="utf-8")
PIN = re.compile(r"^([\w.-]+)==(\S+)(?: ; .*)? \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


def test_the_lock_is_pins_with_hashes_and_nothing_else() -> None:
    """Else an install would trust whatever an index serves, or work only where one certain index is reached."""
    assert PIN.sub("", LOCK) == ""


def test_the_lock_answers_every_requirement() -> None:
    """Else set-up from the lock ends with a package missing, or with one that pyproject.toml refuses."""
    pins = {canonicalize_name(name): Version(version) for name, version, _ in PIN.findall(LOCK)}
    stated = [
        *PROJECT["build-system"]["requires"],
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["dev"],
    ]
    for requirement in map(Requirement, stated):
        pinned = pins.get(canonicalize_name(requirement.name))
        assert pinned is not None, f"{requirement} has no pin: run make lock"
        assert pinned in requirement.specifier, f"{requirement} is pinned to {pinned}: run make lock"


# --- setting up -----------------------------------------------------------------------------------------------------


def _machine(folder: Path, python: str) -> tuple[Path, str]:
    """A bare checkout, and a PATH on which the only interpreter is a script with the given body."""
    checkout, tools = folder / "a checkout", folder / "tools"
    checkout.mkdir()
    tools.mkdir()
    for tool in ("make", "sh", "cat", "cksum", "grep", "sed"):
        found = shutil.which(tool)
        assert found, f"{tool} is needed to set up"
        (tools / tool).symlink_to(found)
    (tools / "python3").write_text(f"#!/bin/sh\n{python}\n")
    (tools / "python3").chmod(0o755)
    return _copy(checkout, "Makefile", ".ci", "pyproject.toml", "requirements.lock"), str(tools)


@pytest.mark.parametrize("answer", ["Python 3.9.18", "3.9"])
def test_a_python_too_old_is_refused_in_one_line(tmp_path: Path, answer: str) -> None:
    """Else the first thing a newcomer sees is a traceback or a wall of pip, and not what to install."""
    checkout, path = _machine(tmp_path, f"echo {answer}")

    made = _run("make", "test", cwd=checkout, path=path)

    assert made.returncode != 0
    assert made.stdout == ""
    assert len(made.stderr.splitlines()) == 1, made.stderr
    assert "needs Python 3.11 or newer" in made.stderr
    assert "python3 is 3.9" in made.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_that_cannot_make_environments_is_refused_in_one_line(tmp_path: Path) -> None:
    """Else on a Debian without its venv package the set-up would die half-way and leave half an environment."""
    checkout, path = _machine(tmp_path, 'case "$2" in *version_info*) echo usable ;; *) exit 1 ;; esac')

    made = _run("make", "test", cwd=checkout, path=path)

    assert made.returncode != 0
    assert len(made.stderr.splitlines()) == 1, made.stderr
    assert "python3-venv" in made.stderr
    assert not (checkout / ".venv").exists()


def test_no_python_at_all_is_said_in_one_line(tmp_path: Path) -> None:
    """Else make would only report that some command was not found."""
    checkout, path = _machine(tmp_path, "exit 127")

    made = _run("make", "demo", cwd=checkout, path=path)

    assert made.returncode != 0
    assert len(made.stderr.splitlines()) == 1, made.stderr
    assert "there is none on PATH" in made.stderr


def test_the_help_of_make_fits_a_terminal_and_names_what_can_be_said() -> None:
    """What nobody can read, or find, nobody uses."""
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    said = re.findall(r"^\t@echo '((?:make |  ).*)'$", makefile, re.MULTILINE)
    assert len(said) > 10
    assert [line for line in said if len(line) > 80] == []
    for name in ("FILES", "KILLS", "SEEDS", "MANY", "LANES", "SEED", "ROWS", "REPEAT", "ONLY", "ANEW", "UPGRADE"):
        assert any(f"{name}=" in line for line in said), name
