"""Which actions the code can write into a trail, read from the code itself, so that none is forgotten.

An action is followed from `record_trail` and `control_event` back through the functions that hand it on, to
the texts it is put together from. What comes from somewhere else is not guessed: `STATES` says it.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import product
from pathlib import Path

from humana.messages import ROOT

APPS = ("humana", "tenants", "byoc", "audit", "documents", "companions", "chats")
WRITERS = ("record_trail", "control_event", "Happening")
#: Where one happening is handed on as another: nothing new is written there.
HANDED_ON = {("audit/services/relay.py", "_tell"), ("audit/services/trail.py", "record_trail")}
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Unknown(Exception):
    """The code does not tell what the expression can be."""


@dataclass(frozen=True)
class Place:
    """An expression, in the function and module it stands in."""

    module: Module
    function: Function | None
    what: ast.expr

    def __str__(self) -> str:
        return f"{self.module.path}:{self.what.lineno}: {ast.unparse(self.what)}"


@dataclass(frozen=True)
class Module:
    path: str
    tree: ast.Module

    @property
    def dotted(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def imported(self) -> dict[str, tuple[str, str]]:
        """By the name it has here: the module it is of, and what it is called there."""
        return {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    @cached_property
    def constants(self) -> dict[str, list[ast.expr]]:
        return _assigned(self.tree.body)


class Code:
    """All modules that Humana consists of."""

    def __init__(self, states: dict[tuple[str, str], frozenset[str]]) -> None:
        found = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))]
        self.modules = [_module(path) for path in found if "migrations" not in path.parts]
        self.by_name = {one.dotted: one for one in self.modules}
        self.states = states
        self.used: set[tuple[str, str]] = set()
        self._calls: dict[str, list[tuple[Module, ast.Call, Function | None]]] = {}
        for module in self.modules:
            for call, function in _calls(module.tree, None):
                self._calls.setdefault(_name(call.func), []).append((module, call, function))

    def actions(self) -> dict[str, set[str]]:
        """Every action, with the places that write it."""
        told: dict[str, set[str]] = {}
        for module, call, function in (one for name in WRITERS for one in self._calls.get(name, [])):
            if (module.path, function.name if function else "") in HANDED_ON:
                continue
            place = Place(module, function, _argument(call, "action", 0))
            for text in self.texts(place):
                told.setdefault(text, set()).add(str(place))
        return told

    def texts(self, place: Place, seen: tuple[str, ...] = ()) -> set[str]:
        """What the expression can be; raises Unknown."""
        what, inner = place.what, str(place)
        if (place.module.path, ast.unparse(what)) in self.states:
            self.used.add((place.module.path, ast.unparse(what)))
            return set(self.states[place.module.path, ast.unparse(what)])
        if inner in seen:
            return set()
        seen = (*seen, inner)

        if (
            isinstance(what, ast.JoinedStr | ast.BinOp)
            and place.function
            and _handed_only(what, place.function)
        ):
            return self._together(place, place.function, seen)

        def within(one: ast.expr) -> set[str]:
            return self.texts(Place(place.module, place.function, one), seen)

        match what:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.JoinedStr(values=parts):
                return {"".join(one) for one in product(*map(within, parts))}
            case ast.FormattedValue(value=value):
                return within(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return {a + b for a, b in product(within(left), within(right))}
            case ast.IfExp(body=yes, orelse=no):
                return within(yes) | within(no)
            case ast.BoolOp(values=values):
                return set().union(*map(within, values))
            case ast.Subscript(value=ast.Dict(values=values)):
                return set().union(*map(within, values))
            case ast.Name(id=name):
                return self._named(place, name, seen)
            case ast.Attribute():
                return {_member(place)}
        raise Unknown(str(place))

    def _together(self, place: Place, function: Function, seen: tuple[str, ...]) -> set[str]:
        """What is put together of several parameters: caller by caller, as each hands them together."""
        found: set[str] = set()
        for module, call, caller in self._callers(place.module, function):
            what = _filled(place.what, call, function)
            found |= self.texts(Place(module, caller, what), seen)
        return found

    def _callers(self, home: Module, function: Function) -> list[tuple[Module, ast.Call, Function | None]]:
        found = [
            (module, call, caller)
            for module, call, caller in self._calls.get(function.name, [])
            if caller is not function and _calls_it(module, call, home, function)
        ]
        if not found:
            raise Unknown(f"{home.path}: nobody calls {function.name}")
        return found

    def _named(self, place: Place, name: str, seen: tuple[str, ...]) -> set[str]:
        module, function = place.module, place.function
        local = _assigned(function.body).get(name, []) if function else []
        found: set[str] = set().union(*(self.texts(Place(module, function, one), seen) for one in local))
        if function and (position := _position(function, name)) is not None:
            found |= self._handed(module, function, name, position, seen)
        if found:
            return found
        if name in module.constants:
            return set().union(
                *(self.texts(Place(module, None, one), seen) for one in module.constants[name])
            )
        home, original = module.imported.get(name, ("", ""))
        if home in self.by_name:
            there = self.by_name[home]
            return self.texts(Place(there, None, ast.copy_location(ast.Name(original), place.what)), seen)
        raise Unknown(str(place))

    def _handed(
        self, home: Module, function: Function, name: str, position: int, seen: tuple[str, ...]
    ) -> set[str]:
        """What every caller hands to this parameter."""
        found: set[str] = set()
        for module, call, caller in self._callers(home, function):
            found |= self.texts(Place(module, caller, _argument(call, name, position, function)), seen)
        return found


def _module(path: Path) -> Module:
    return Module(str(path.relative_to(ROOT)), ast.parse(path.read_text()))


def _calls(node: ast.AST, function: Function | None) -> Iterator[tuple[ast.Call, Function | None]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, function
        yield from _calls(child, child if isinstance(child, Function) else function)


def _assigned(body: list[ast.stmt]) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for statement in body:
        for node in ast.walk(statement):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                _assign(target, node.value, found)  # type: ignore[attr-defined]
    return found


def _assign(target: ast.expr, value: ast.expr, found: dict[str, list[ast.expr]]) -> None:
    if isinstance(target, ast.Name):
        found.setdefault(target.id, []).append(value)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its in zip(target.elts, value.elts, strict=True):
            _assign(one, its, found)


def _name(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")


def _position(function: Function, name: str) -> int | None:
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    only = [one.arg for one in function.args.kwonlyargs]
    return names.index(name) if name in names else -1 if name in only else None


def _argument(call: ast.Call, name: str, position: int, function: Function | None = None) -> ast.expr:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if function and function.args.args[:1] and function.args.args[0].arg == "self":
        position -= 1
    if 0 <= position < len(call.args):
        return call.args[position]
    return _default(function, name) if function else ast.copy_location(ast.Constant(None), call)


def _default(function: Function, name: str) -> ast.expr:
    given = function.args
    pairs = [*zip(reversed(given.args), reversed(given.defaults), strict=False)]
    pairs += [(one, its) for one, its in zip(given.kwonlyargs, given.kw_defaults, strict=True) if its]
    return next(its for one, its in pairs if one.arg == name)


def _calls_it(module: Module, call: ast.Call, home: Module, function: Function) -> bool:
    match call.func:
        case ast.Name(id=name):
            here = module is home and name == function.name and name not in module.imported
            return here or module.imported.get(name) == (home.dotted, function.name)
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if name == function.name:
            if owner == "self":
                return module is home
            package, original = module.imported.get(owner, ("", ""))
            return f"{package}.{original}" == home.dotted
    return False


def _handed_only(what: ast.expr, function: Function) -> bool:
    """Whether everything in it that varies is a parameter of the function, and there are several."""
    names = {node.id for node in ast.walk(what) if isinstance(node, ast.Name)}
    local = _assigned(function.body)
    return len(names) > 1 and all(one not in local and _position(function, one) is not None for one in names)


def _filled(what: ast.expr, call: ast.Call, function: Function) -> ast.expr:
    """The expression with what one caller hands in the place of each parameter."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            position = _position(function, node.id)
            return _argument(call, node.id, -1 if position is None else position, function)

    return ast.copy_location(Fill().visit(copy.deepcopy(what)), call)


def _member(place: Place) -> str:
    """A member of an enumeration, as the module knows it."""
    try:
        found = eval(ast.unparse(place.what), vars(import_module(place.module.dotted)))
    except (NameError, AttributeError):
        found = None
    if not isinstance(found, str):
        raise Unknown(str(place))
    return str(found)
