"""Where the demo city lies, and where a city keeps procedures of its own."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent.parent
DEMO = Path("cities") / "demo"


def demo_city() -> Path | None:
    """The demo city's folder: beside the package in a checkout, or below the working folder; None elsewhere."""
    found = (place / DEMO for place in (PACKAGE.parent, Path.cwd()))
    return next((place for place in found if (place / "city.toml").is_file()), None)


def own_procedures(city: Path) -> Path | None:
    """The folder in which a city shadows procedures; None where it has none."""
    found = city / "procedures"
    return found if found.is_dir() else None
