"""The sentences of the system, read from its code: each English text that `errors.say` may be handed.

A text reaches `say` through a parameter or field called `message`, `mend` or `msgid`. Every call of such a
function or class is followed to the texts that can stand there: literals, choices, constants, tables of constants,
texts that a generator yields. What can't be followed is told too, so that no sentence slips by unseen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from scripts.words import parsed

ROOT = Path(__file__).parent.parent
CARRIED = ("message", "msgid", "mend")
_PLACE = re.compile(r"\{[a-z_]+\}")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Sentence:
    """One English text and where it stands; `text` is None where the code couldn't be followed."""

    file: str
    line: int
    text: str | None
    code: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text or self.code}"


@dataclass(frozen=True)
class Module:
    """One file of the code, and for each of its nodes the node around it."""

    file: str
    tree: ast.Module
    around: dict[ast.AST, ast.AST]

    @property
    def stem(self) -> str:
        return Path(self.file).stem

    @cached_property
    def imported(self) -> dict[str, str]:
        """The names that the module imports, each with the last word of where it comes from."""
        nodes = (node for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom))
        return {alias.asname or alias.name: str(node.module).split(".")[-1] for node in nodes for alias in node.names}

    def functions(self, node: ast.AST) -> Iterator[_Function]:
        """The functions around a node, the nearest first."""
        above = self.around.get(node)
        while above is not None:
            if isinstance(above, _Function):
                yield above
            above = self.around.get(above)


@cache
def modules() -> tuple[Module, ...]:
    """Every file of the package but the migrations."""
    found = []
    for path in sorted((ROOT / "huying").rglob("*.py")):
        if "migrations" not in path.parts:
            tree = parsed(path)
            around = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
            found.append(Module(str(path.relative_to(ROOT)), tree, around))
    return tuple(found)


@dataclass(frozen=True)
class Carrier:
    """A function or class that takes a sentence: its module, and the place and name of the parameter."""

    module: str
    place: int
    name: str
    method: bool = False


@cache
def carriers() -> dict[str, list[Carrier]]:
    """Everything in the package that takes a sentence, by its name; several may share one."""
    found: dict[str, list[Carrier]] = {}
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, _Function | ast.ClassDef) and node.name != "__init__":
                names = _parameters(node)
                method = isinstance(module.around[node], ast.ClassDef)
                taken = [Carrier(module.stem, names.index(name), name, method) for name in CARRIED if name in names]
                found.setdefault(node.name, []).extend(taken)
    return {name: taken for name, taken in found.items() if taken}


def _parameters(node: _Function | ast.ClassDef) -> list[str]:
    """The parameters of a function without `self`, of a class's `__init__`, or the fields of a dataclass.

    One that is declared to be something else than a text has no name here: an e-mail is a message, too.
    """
    if isinstance(node, _Function):
        arguments = [argument for argument in node.args.args if argument.arg != "self"]
        return [argument.arg if _may_be_text(argument.annotation) else "" for argument in arguments]
    for inner in node.body:
        if isinstance(inner, _Function) and inner.name == "__init__":
            return _parameters(inner)
    fields = [line for line in node.body if isinstance(line, ast.AnnAssign)]
    own = [line for line in fields if "ClassVar" not in ast.unparse(line.annotation)]
    return [getattr(line.target, "id", "") if _may_be_text(line.annotation) else "" for line in own]


def _may_be_text(annotation: ast.expr | None) -> bool:
    return annotation is None or ast.unparse(annotation) == "str"


@cache
def sentences() -> tuple[Sentence, ...]:
    """Every sentence of the package, each place where it stands."""
    return tuple(_sentences())


def _sentences() -> Iterator[Sentence]:
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                yield from _handed(module, node)
            elif isinstance(node, ast.ClassDef):
                yield from _declared(module, node)
        yield from _written(module)
    for path in sorted((ROOT / "huying" / "templates").rglob("*.html")):
        yield from _shown(path)


_SAID = re.compile(r"""\{% say (?:"([^"]*)"|(\S+))""")


def _shown(path: Path) -> Iterator[Sentence]:
    """What a template says; a name stands for a text that the code hands over."""
    for line, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        for found in _SAID.finditer(text):
            if found[1]:
                yield Sentence(str(path.relative_to(ROOT)), line, found[1])


def _declared(module: Module, node: ast.ClassDef) -> Iterator[Sentence]:
    """`message = …` and `mend = …` of an error's class."""
    for line in node.body:
        if isinstance(line, ast.Assign | ast.AnnAssign) and line.value is not None:
            targets = line.targets if isinstance(line, ast.Assign) else [line.target]
            if any(isinstance(target, ast.Name) and target.id in CARRIED for target in targets):
                yield from _found(module, line.value, _texts(module, line.value))


def _handed(module: Module, call: ast.Call) -> Iterator[Sentence]:
    """What a call hands to a parameter that takes a sentence."""
    given = [value for carrier in _carrying(module, call) for value in _argument(call, carrier)]
    texts = [_texts(module, value) for value in given]
    if texts and all(found is None for found in texts):
        yield Sentence(module.file, call.lineno, None, ast.unparse(call))
    for value, found in zip(given, texts, strict=True):
        yield from _found(module, value, found or [])


def _carrying(module: Module, call: ast.Call) -> list[Carrier]:
    """Which carriers a call may mean: by name, and by the module that it is in or comes from."""
    if isinstance(call.func, ast.Name):
        home = module.imported.get(call.func.id, module.stem)
        return [carrier for carrier in carriers().get(call.func.id, []) if carrier.module == home]
    if not isinstance(call.func, ast.Attribute):
        return []
    found, of = carriers().get(call.func.attr, []), getattr(call.func.value, "id", "")
    return [carrier for carrier in found if (carrier.module == of if of in module.imported else carrier.method)]


def _argument(call: ast.Call, carrier: Carrier) -> list[ast.expr]:
    named = [argument.value for argument in call.keywords if argument.arg == carrier.name]
    return named or call.args[carrier.place : carrier.place + 1]


def _found(module: Module, node: ast.expr, texts: list[str] | None) -> Iterator[Sentence]:
    if texts is None:
        yield Sentence(module.file, node.lineno, None, ast.unparse(node))
    for text in texts or ():
        yield Sentence(module.file, node.lineno, text)


def _written(module: Module) -> Iterator[Sentence]:
    """Whatever else reads like a sentence with places to fill in: nobody writes such a text but to say it."""
    for node in ast.walk(module.tree):
        text = plain(node)
        if text.endswith(".") and _PLACE.search(text) and not isinstance(module.around[node], ast.Expr | ast.JoinedStr):
            yield Sentence(module.file, getattr(node, "lineno", 0), text)


def plain(node: ast.AST | None) -> str:
    """The text that a node of the code is, "" for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _texts(module: Module, node: ast.expr) -> list[str] | None:
    """The texts that an expression can be; none for one that was handed on, None where it can't be followed."""
    if isinstance(node, ast.Constant):
        return [plain(node)] if plain(node) else []
    if isinstance(node, ast.Attribute):
        return [] if node.attr in CARRIED else None
    if isinstance(node, ast.IfExp):
        return _together(_texts(module, node.body), _texts(module, node.orelse))
    if isinstance(node, ast.BoolOp):
        return _together(*(_texts(module, value) for value in node.values))
    if isinstance(node, ast.Subscript):
        return _texts(module, node.value)
    if isinstance(node, ast.Tuple | ast.List | ast.Dict):
        parts = node.values if isinstance(node, ast.Dict) else node.elts
        return _together(*(_texts(module, part) for part in parts))
    if isinstance(node, ast.Call):
        return _called(module, node)
    return _named(module, node) if isinstance(node, ast.Name) else None


def _together(*parts: list[str] | None) -> list[str] | None:
    known = [part for part in parts if part is not None]
    return [text for part in known for text in part] if len(known) == len(parts) else None


def _called(module: Module, call: ast.Call) -> list[str] | None:
    """`TABLE.get(key, other)`: what the table holds, and the other; a function of the module: what it returns."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "get":
        return _together(_texts(module, call.func.value), *(_texts(module, other) for other in call.args[1:]))
    given = list(_given(module, getattr(call.func, "id", ""), ast.Return))
    return _together(*given) if given else None


def _given(module: Module, name: str, kind: type[ast.Return] | type[ast.Yield]) -> Iterator[list[str] | None]:
    """The texts that the functions of that name return or yield."""
    for function in ast.walk(module.tree):
        if isinstance(function, _Function) and function.name == name:
            for node in ast.walk(function):
                if isinstance(node, kind) and node.value:
                    yield _texts(module, node.value)


def _named(module: Module, node: ast.Name) -> list[str] | None:
    """What a name stands for: a sentence handed on, what the function binds to it, or a constant."""
    for function in module.functions(node):
        if node.id in _parameters(function):
            return [] if node.id in CARRIED else _passed(module, function, node.id)
        bound = list(_bound(module, function, node.id))
        if bound:
            return _together(*bound)
    for other in (module, *modules()):
        bound = list(_bound(other, other.tree, node.id))
        if bound:
            return _together(*bound)
    return None


def _passed(module: Module, function: _Function, name: str) -> list[str] | None:
    """What the module passes to a parameter, wherever it calls the function."""
    carrier = Carrier(module.stem, _parameters(function).index(name), name)
    calls = [call for call in ast.walk(module.tree) if isinstance(call, ast.Call) and _calls(call, function)]
    given = [_texts(module, value) for call in calls for value in _argument(call, carrier)]
    return _together(*given) if given else None


def _calls(call: ast.Call, function: _Function) -> bool:
    return function.name == (call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", ""))


def _bound(module: Module, scope: ast.Module | _Function, name: str) -> Iterator[list[str] | None]:
    """The texts of each assignment to a name, and of each loop over what a generator yields."""
    inner = ast.walk(scope) if isinstance(scope, _Function) else iter(scope.body)
    for node in inner:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                yield _texts(module, node.value)
        elif isinstance(node, ast.For | ast.comprehension) and getattr(node.target, "id", "") == name:
            yield _looped(module, node.iter)


def _looped(module: Module, node: ast.expr) -> list[str] | None:
    """The texts that a loop runs over: those of a tuple, or those that a function of the module yields."""
    if not isinstance(node, ast.Call):
        return _texts(module, node)
    yielded = list(_given(module, getattr(node.func, "id", ""), ast.Yield))
    return _together(*yielded) if yielded else None
