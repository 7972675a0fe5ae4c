"""Fetch what the pages use from the npm registry and write it to `huying/static/bundled/`, with its licences.

Run it after a change of a version here, of an icon, or of a class of Tabler's in a template. What it writes is
committed, so that neither an installation nor a page needs Node, a registry or another host.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "huying" / "static"
OUT = STATIC / "bundled"
PACKAGES = {
    "htmx.org": "2.0.11",
    "@tabler/core": "1.6.1",
    "@tabler/icons": "3.52.0",
    "@fontsource-variable/noto-sans-sc": "5.3.1",
}
TOOLS = {"purgecss": "8.0.0", "lightningcss-cli": "1.33.0"}
SCRIPTS = {"htmx.js": "htmx.org/dist/htmx.min.js"}
# The oldest browsers of city PCs and of in-app views: neither oklch() nor light-dark().
TARGETS = "chrome >= 80, safari >= 13"
FILLED = ("alert-octagon", "alert-triangle", "circle-check", "alert-circle")
OUTLINE = (
    "adjustments-horizontal", "alert-triangle", "arrow-right", "bell", "bookmark", "check", "chevron-right",
    "circle-check", "clock", "clock-pause", "download", "eye", "file-text", "filter", "fingerprint", "git-branch",
    "history", "lock", "lock-open", "logout", "mail", "menu-2", "message-2", "paperclip", "phone", "phone-call",
    "photo", "printer", "refresh", "scale", "search", "send", "shield-lock", "sort-ascending", "user", "users", "x",
)  # fmt: skip
AUTHORS = {"@tabler/core": "2018-2026 The Tabler Authors"}
MIT = (
    "MIT License\n\nCopyright (c) {who}\n\n"
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated "
    'documentation files (the "Software"), to deal in the Software without restriction, including without limitation '
    "the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and "
    "to permit persons to whom the Software is furnished to do so, subject to the following conditions:\n\n"
    "The above copyright notice and this permission notice shall be included in all copies or substantial portions of "
    'the Software.\n\nTHE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING '
    "BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN "
    "NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN "
    "AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR "
    "OTHER DEALINGS IN THE SOFTWARE.\n"
)


def main() -> int:
    """Fetch, cut down, write."""
    with tempfile.TemporaryDirectory(prefix="huying-bundle-") as folder:
        modules = fetch(Path(folder))
        shutil.rmtree(OUT, ignore_errors=True)
        OUT.mkdir(parents=True)
        for name, path in SCRIPTS.items():
            (OUT / name).write_text(without_map((modules / path).read_text("utf-8")), "utf-8")
        tabler(modules)
        font(modules / "@fontsource-variable" / "noto-sans-sc")
        (OUT / "icons.svg").write_text(icons(modules / "@tabler" / "icons" / "icons"), "utf-8")
        licences(modules)
    print(f"{sum(path.stat().st_size for path in OUT.rglob('*') if path.is_file()) // 1024} kB in {OUT}")
    return 0


def fetch(folder: Path) -> Path:
    """Install the pinned packages and tools into a folder of their own; their `node_modules`."""
    words = [f"{name}@{version}" for name, version in (PACKAGES | TOOLS).items()]
    plain = ("--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock", "--silent")
    subprocess.run(["npm", "install", *plain, "--prefix", folder, *words], check=True)
    return folder / "node_modules"


def without_map(script: str) -> str:
    """A script without the address of a map that isn't there."""
    return re.sub(r"\n?//# sourceMappingURL=\S+", "", script)


def tabler(modules: Path) -> None:
    """Tabler's styles, only those that a template or our own script names, in words that old browsers know."""
    source = modules / "@tabler" / "core" / "dist" / "css" / "tabler.min.css"
    draft = modules.parent / "tabler.css"
    content = modules.parent / "classes.html"
    content.write_text(f'<html class="{" ".join(sorted(named()))}"><body><main>', "utf-8")
    words = [modules / ".bin" / "purgecss", "--css", source, "--content", content, "--variables", "--output", draft]
    subprocess.run([str(word) for word in words], check=True)
    lower = next(modules.glob("lightningcss-cli-*/lightningcss"))
    words = [lower, "--minify", "--targets", TARGETS, draft, "-o", OUT / "tabler.css"]
    subprocess.run([str(word) for word in words], check=True)


def named() -> set[str]:
    """The classes and the elements that the templates name: a word of their texts isn't one."""
    found = {"body", "a", "p", "h1", "h2", "h3", "dl", "dt", "dd", "kbd", "svg", "table", "fieldset", "legend"}
    for path in (ROOT / "huying" / "templates").rglob("*.html"):
        text = path.read_text("utf-8")
        found |= set(re.findall(r"<([a-z][a-z0-9]*)", text))
        found |= {word for words in re.findall(r'class="([^"]*)"', text) for word in re.findall(r"[a-z][\w-]*", words)}
    return {word for word in found if not word.startswith("hy-")}


def font(package: Path) -> None:
    """The variable font in its subsets: a browser fetches only those of which a page has characters."""
    (OUT / "noto-sans-sc").mkdir()
    style = (package / "index.css").read_text("utf-8").replace("./files/", "./noto-sans-sc/")
    (OUT / "noto-sans-sc.css").write_text(style, "utf-8")
    for name in re.findall(r"noto-sans-sc/(\S+?\.woff2)", style):
        shutil.copy(package / "files" / name, OUT / "noto-sans-sc" / name)


def icons(folder: Path) -> str:
    """One SVG with a symbol for each icon; a filled one is called `name-filled`."""
    symbols = [symbol(folder / "outline" / f"{name}.svg", name) for name in OUTLINE]
    symbols += [symbol(folder / "filled" / f"{name}.svg", f"{name}-filled") for name in FILLED]
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(symbols)}</svg>\n'


def symbol(path: Path, name: str) -> str:
    """An icon as a symbol that takes its colour from where it is used."""
    text = path.read_text("utf-8")
    shapes = "".join(re.findall(r"<(?:path|circle|rect|line|polyline)[^>]*/>", text))
    filled = name.endswith("-filled")
    paint = 'fill="currentColor"' if filled else 'fill="none" stroke="currentColor" stroke-width="1.75"'
    ends = "" if filled else ' stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="{name}" viewBox="0 0 24 24" {paint}{ends}>{shapes}</symbol>\n'


def licences(modules: Path) -> None:
    """The licence of each package beside what was taken from it; Tabler's package carries no file."""
    for name, version in PACKAGES.items():
        found = next(iter(sorted((modules / name).glob("LICENSE*"))), None)
        text = found.read_text("utf-8") if found else MIT.format(who=AUTHORS[name])
        plain = name.strip("@").replace("/", "-")
        (OUT / f"{plain}.LICENSE.txt").write_text(f"{name} {version}\n\n{text}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
