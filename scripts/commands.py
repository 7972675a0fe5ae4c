"""Write the tables of commands and settings in the docs from the code, so that they can't drift.

What stands between `<!-- table: NAME -->` and `<!-- end -->` is written here, everything around it by hand.
A test fails where a page is behind.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

from huying.cli import grammar, manual, terminal
from huying.settings import SETTINGS

ROOT = Path(__file__).parent.parent
PAGES = {
    "docs/reference/commands.md": "en",
    "docs/zh/reference/commands.md": "zh-Hans",
    "docs/reference/settings.md": "en",
    "docs/zh/reference/settings.md": "zh-Hans",
}
# The meaning of each setting in Chinese; the English stands beside its default in settings.py.
CHINESE = {
    "HUYING_MODE": "production 正式运行；demo 演示（只在本机打开，人物都是虚构的）；test 测试",
    "HUYING_HOME": "SQLite 文件、附件和本地城市数据所在的文件夹",
    "HUYING_DATABASE_URL": "sqlite:///路径 或 postgres://用户:密码@主机:端口/库名；不写则用 HUYING_HOME 里的一个文件",
    "HUYING_SECRET_KEY": "本市的密钥，至少 32 个字符；正式运行必须设置",
    "HUYING_SECRET_KEY_FILE": "存放密钥的文件",
    "HUYING_HOST": "`huying serve` 监听的地址",
    "HUYING_PORT": "`huying serve` 监听的端口",
    "HUYING_HOSTS": "请求里还可以使用的主机名，用英文逗号分隔",
    "HUYING_PROXIES": "反向代理的地址，只相信它们给出的 X-Forwarded-For；用英文逗号分隔",
    "HUYING_QUESTIONS": "没有密钥的一个地址每小时最多可以查询的次数",
    "HUYING_LANGUAGE": "命令行和通知使用的语言：zh-Hans 或 en",
    "HUYING_IDLE": "登录后多少分钟没有动作就要重新登录",
    "HUYING_EXPORT_ROWS": "一份 Excel 列表最多有多少行",
    "HUYING_PUBLIC_URL": "市民打开网页的地址，通知里的链接以它开头",
    "HUYING_SMTP_URL": "smtp://用户:密码@主机:端口（从一开始就加密用 smtps://）；不设置则邮件等待发送",
    "HUYING_MAIL_PORT": "主循环在本机接收市里来信（SMTP）的端口；不设置则不接收",
    "HUYING_NOW": "演示和测试时固定的时间，如 2026-06-15T09:00:00+08:00",
}
HEADS = {
    "en": {"what": "option", "meaning": "meaning", "name": "setting", "default": "default"},
    "zh-Hans": {"what": "选项", "meaning": "含义", "name": "设置", "default": "默认值"},
}


def commands(language: str) -> Iterator[str]:
    """Every command with its arguments and options."""
    terminal.speak(language)
    for path, command in every(whole(), "huying"):
        context = typer.Context(command, info_name=path)
        params = [param for param in command.get_params(context) if param.name != "help"]
        arguments = [param for param in params if isinstance(param, TyperArgument)]
        yield f"### `{' '.join((path, *(manual.argument(one) for one in arguments)))}`"
        yield ""
        yield manual.told(command, terminal.words)
        yield ""
        rows = [(f"`{manual.name(param)}`", manual.meaning(param, terminal.words)) for param in params]
        if rows:
            yield from _table((HEADS[language]["what"], HEADS[language]["meaning"]), rows)
            yield ""


def whole() -> TyperGroup:
    """The whole command line."""
    command = typer.main.get_command(grammar.app)
    assert isinstance(command, TyperGroup)
    return command


def every(command: TyperCommand | TyperGroup, path: str) -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    """A command and those below it, each with the words that call it."""
    yield path, command
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            assert isinstance(below, TyperCommand | TyperGroup)
            yield from every(below, f"{path} {name}")


def settings(language: str) -> Iterator[str]:
    """Every HUYING_* variable with its default."""
    heads = HEADS[language]
    meanings = {name: meaning for name, (_, meaning) in SETTINGS.items()} if language == "en" else CHINESE
    rows = [
        (f"`{name}`", f"`{default}`" if default else "—", meanings[name]) for name, (default, _) in SETTINGS.items()
    ]
    yield from _table((heads["name"], heads["default"], heads["meaning"]), rows)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join('---' for _ in heads)} |"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


TABLES = {"commands": commands, "settings": settings}
_PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(text: str, language: str) -> str:
    """A page with its tables as the code has them now."""
    return _PLACE.sub(lambda at: f"{at[1]}{chr(10).join(TABLES[at[2]](language)).rstrip()}\n{at[3]}", text)


def main() -> int:
    """Write every page."""
    for name, language in PAGES.items():
        path = ROOT / name
        path.write_text(written(path.read_text("utf-8"), language), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
