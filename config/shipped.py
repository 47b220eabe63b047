"""What ships with the product: templates, finding the one a contract names, and the unit for systemd."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def template_ids() -> tuple[str, ...]:
    """The ids of the shipped templates."""
    folder = resources.files("config") / "templates"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def service_unit() -> str:
    """The unit that runs the daemon under systemd."""
    return (resources.files("config") / "obligations.service").read_text(encoding="utf-8")


def find_template(wanted: str, beside: Path | None = None) -> tuple[str, str]:
    """The text of a template and what to call it: a shipped one by its id, or a file by its path.

    A relative path counts from the folder `beside`. Raises `LookupError` saying which templates there are.
    """
    if wanted in template_ids():
        name = f"{wanted}.yaml"
        return (resources.files("config") / "templates" / name).read_text(encoding="utf-8"), name
    path = (beside or Path()) / wanted
    if wanted.endswith((".yaml", ".yml")) and path.is_file():
        try:
            return path.read_text(encoding="utf-8"), str(path)
        except (OSError, UnicodeDecodeError) as error:
            raise LookupError(f"template {path} cannot be read ({type(error).__name__})") from None
    raise LookupError(
        f'there is no template "{wanted}": shipped are {", ".join(template_ids())};'
        " a file is named by its path, ending in .yaml"
    )
