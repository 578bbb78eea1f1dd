"""Every small mistake that could be made in a file: its mutants.

The changes are those of mutmut's operators (a comparison moved, an argument lost, ``and``
for ``or``), applied to the whole file; mutmut itself changes plain functions only, and so
neither a property, nor a default, nor the table. To them come the mistakes that a machine
of guards and rows invites: an operand, a row, a member, a ``case`` or a statement that is
missing, a condition turned round, two rows in each other's place.

Left alone is what no test could notice: annotations, casts, decorators, imports, ``__all__``,
docstrings, and the words of an assert.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs
import libcst as cst
import libcst.matchers as m
from mutmut.mutation.mutators import mutation_operators, operator_arg_removal, operator_string

Operator = Callable[[Any], Iterable[cst.CSTNode]]
Change = tuple[str, cst.CSTNode, cst.CSTNode]
"""Where (the names of the classes and functions around it), the old node and the new."""


@attrs.frozen
class Mutant:
    """One mistake.

    Attributes:
        file: The file's name.
        name: The file, where in it, and what changed: ``guards.py spent: old => new``.
        code: The whole file with the mistake in it.
    """

    file: str
    name: str
    code: str


def mutants(file: str, code: str) -> list[Mutant]:
    """The mutants of a file, each once, in the file's order."""
    module = cst.parse_module(code)
    parts = [module.code_for_node(statement) for statement in module.body]
    head, _, tail = code.partition("".join(parts))
    made: dict[str, Mutant] = {}
    names: Counter[str] = Counter()
    for place, statement in enumerate(module.body):
        for where, new in _changed(statement):
            part = module.code_for_node(new)
            changed = "".join([head, *parts[:place], part, *parts[place + 1 :], tail])
            if changed in made or changed == code or not _compiles(changed):
                continue
            name = f"{file} {where}: {_words(code, changed)}"
            names[name] += 1
            again = f" ({names[name]})" if names[name] > 1 else ""
            made[changed] = Mutant(file, name + again, changed)
    return list(made.values())


def _changed(statement: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
    """Where in a statement of the file something was changed, and the statement then."""
    visitor = _Changes()
    statement.visit(visitor)
    for where, old, new in visitor.changes:
        changed = new if old is statement else statement.deep_replace(old, new)
        assert isinstance(changed, cst.CSTNode), "a statement stays a statement"
        yield where, changed


def _compiles(code: str) -> bool:
    try:
        compile(code, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _words(code: str, changed: str) -> str:
    """What changed, in the lines where it did: short, and the same as long as they are."""
    old, new = code.splitlines(), changed.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return f"{_line(old)} => {_line(new)}"


def _line(lines: Sequence[str]) -> str:
    return " ".join(" ".join(lines).split()) or "nothing"


class _Changes(cst.CSTVisitor):
    """Collects what can be changed, and remembers inside of what."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[Change] = []
        self._around: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_left_alone(node, inside=bool(self._around)):
            return False
        where = ".".join(self._around) or "the file"
        for kind, operator in _OPERATORS:
            if isinstance(node, kind):
                self.changes += [(where, node, new) for new in operator(node)]
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._around.append(node.name.value)
        if isinstance(node, cst.Assert):
            node.test.visit(self)
            return False
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._around.pop()


def _is_left_alone(node: cst.CSTNode, *, inside: bool) -> bool:
    if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom):
        return True
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.BaseString):
        return True
    if inside or not isinstance(node, cst.Assign):
        return False
    # `__all__`, and names for types such as `A | B` or `Callable[...]`.
    named = m.Assign(targets=[m.AssignTarget(target=m.Name("__all__"))])
    union = m.Assign(value=m.BinaryOperation(operator=m.BitOr()) | m.Subscript())
    return m.matches(node, named | union)


def _arguments(node: cst.Call) -> Iterator[cst.CSTNode]:
    """One argument lost; a lost position would only be a call that Python refuses."""
    if m.matches(node.func, m.Name("cast")):
        return
    for new in operator_arg_removal(node):
        lost = len(new.args) < len(node.args)
        if not lost or _keywords(new) < _keywords(node):
            yield new


def _keywords(node: cst.Call) -> int:
    return sum(arg.keyword is not None for arg in node.args)


def _one_string(node: cst.BaseString) -> Iterator[cst.CSTNode]:
    """One wrong word is enough, whatever its case."""
    yield from list(operator_string(node))[:1]


def _one_operand(node: cst.BooleanOperation) -> Iterator[cst.CSTNode]:
    yield node.left
    yield node.right


def _one_set(node: cst.BinaryOperation) -> Iterator[cst.CSTNode]:
    if isinstance(node.operator, cst.BitOr | cst.BitAnd | cst.Subtract):
        yield node.left
        yield node.right


def _negated(node: cst.BaseExpression) -> cst.BaseExpression:
    inner = node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.UnaryOperation(cst.Not(), inner)


def _turned_round(node: cst.If | cst.IfExp | cst.CompIf) -> Iterator[cst.CSTNode]:
    yield node.with_changes(test=_negated(node.test))


def _case_guard(node: cst.MatchCase) -> Iterator[cst.CSTNode]:
    if node.guard is not None:
        yield node.with_changes(guard=None, whitespace_before_if=cst.SimpleWhitespace(""))
        yield node.with_changes(guard=_negated(node.guard))


def _case_alternatives(node: cst.MatchOr) -> Iterator[cst.CSTNode]:
    for left in _each_left_out(node.patterns):
        last = left[-1].with_changes(separator=cst.MaybeSentinel.DEFAULT)
        yield node.with_changes(patterns=[*left[:-1], last]) if len(left) > 1 else last.pattern


def _member(node: cst.Tuple | cst.List | cst.Set | cst.Dict) -> Iterator[cst.CSTNode]:
    for left in _each_left_out(node.elements):
        if left or not isinstance(node, cst.Set):
            yield node.with_changes(elements=left)


def _each_left_out(items: Sequence[Any]) -> Iterator[list[Any]]:
    for place in range(len(items)):
        yield [*items[:place], *items[place + 1 :]]


def _rows_swapped(node: cst.Tuple) -> Iterator[cst.CSTNode]:
    row = m.Element(value=m.Call(func=m.Name("Row")))
    items = list(node.elements)
    for place in range(len(items) - 1):
        one, other = items[place : place + 2]
        if m.matches(one, row) and m.matches(other, row):
            pair = [one.with_changes(value=other.value), other.with_changes(value=one.value)]
            yield node.with_changes(elements=[*items[:place], *pair, *items[place + 2 :]])


def _statement(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """Nothing instead of it; what binds a local name would only break the next line."""
    statement = node.body[0]
    attribute = m.Assign(targets=[m.AssignTarget(target=m.Attribute())])
    if m.matches(statement, m.AugAssign() | m.Raise() | m.Expr(value=m.Call()) | attribute):
        yield node.with_changes(body=[cst.Pass()])


def _returned(node: cst.Return) -> Iterator[cst.CSTNode]:
    if node.value is not None and not m.matches(node.value, m.Name("None")):
        yield node.with_changes(value=cst.Name("None"))


_OPERATORS: list[tuple[Any, Operator]] = [
    *[
        (kind, operator)
        for kind, operator in mutation_operators
        if operator not in (operator_string, operator_arg_removal)
    ],
    (cst.BaseString, _one_string),
    (cst.Call, _arguments),
    (cst.BooleanOperation, _one_operand),
    (cst.BinaryOperation, _one_set),
    ((cst.If, cst.IfExp, cst.CompIf), _turned_round),
    (cst.MatchCase, _case_guard),
    (cst.MatchOr, _case_alternatives),
    ((cst.Tuple, cst.List, cst.Set, cst.Dict), _member),
    (cst.Tuple, _rows_swapped),
    (cst.SimpleStatementLine, _statement),
    (cst.Return, _returned),
]
