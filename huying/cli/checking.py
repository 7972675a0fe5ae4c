"""City folders and procedure files looked at where they lie: no database, no settings, no secret is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from huying.cli import places, terminal
from huying.cli.faults import Unreadable
from huying.errors import BadProcedures, HuyingError, UnknownProcedure
from huying.ledger.check import check
from huying.ledger.draw import mermaid, svg
from huying.ledger.procedure_file import read
from huying.ledger.vocabulary import Procedure


class Mistakes(HuyingError):
    message = "{count} mistake(s) in all."


@runtime_checkable
class Told(Protocol):
    """One mistake with file and line."""

    def words(self, language: str) -> str: ...


def check_procedures(path: Path | None) -> None:
    """Name each mistake of the procedures, those of `path` laid over the package's. Raises Mistakes."""
    names = "、".join(sound(_folder(path)))
    terminal.say("No mistakes in: {names}.", names=names)


def sound(shadow: Path | None) -> dict[str, Procedure]:
    """The package's procedures under those of `shadow`, when there is no mistake in them. Raises Mistakes."""
    try:
        found = read(shadow=shadow)
    except BadProcedures as bad:
        raise told(bad.findings) from bad
    mistakes = check(found)
    if mistakes:
        raise told(mistakes)
    return found


def _folder(path: Path | None) -> Path | None:
    """The folder of procedures that is meant: a city's own, or the one named."""
    if path is None or not (path / "city.toml").exists():
        if path is not None and not path.is_dir():
            raise Unreadable(name=path, why={"zh-Hans": "没有这个文件夹", "en": "there is no such folder"})
        return path
    return places.own_procedures(path)


def told(findings: Sequence[object]) -> Mistakes:
    """Print each mistake; what is to be raised then."""
    for finding in findings:
        assert isinstance(finding, Told)
        terminal.line(finding.words(terminal.language()))
    return Mistakes(count=len(findings))


def draw(name: str | None, *, as_svg: bool) -> None:
    """Print the picture of one procedure, or of all, as Mermaid text or as SVG."""
    found = sound(None)
    if name is not None and name not in found:
        raise UnknownProcedure(procedure=name[:40], procedures="、".join(found))
    for procedure in [found[name]] if name else found.values():
        terminal.line((svg if as_svg else mermaid)(procedure, terminal.language()))
