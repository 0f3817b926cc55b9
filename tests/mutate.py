"""Change the rules one small step at a time and see whether a test notices: `make mutate`.

Each mutant is one changed expression in a function of `pipeline/rules/`. It is put into the
running functions of a forked process, which then runs only the tests that call the function:
a mutant costs seconds, not a whole run. Needs os.fork, so a POSIX machine.

    python -m tests.mutate [module …]        e.g. counts speaker
"""

from __future__ import annotations

import ast
import contextlib
import copy
import gc
import io
import os
import pickle
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
RULES = ROOT / "pipeline" / "rules"
TESTS = sorted(
    str(path)
    for pattern in (
        "test_rule*.py",
        "test_readings.py",
        "test_canonical.py",
        "test_validate.py",
        "test_tables.py",
    )
    for path in (ROOT / "tests").glob(pattern)
)
SECONDS = 90

_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip

Function = tuple[str, int]
"""A function's file name and first line."""


@dataclass(frozen=True)
class Mutant:
    """One changed expression: where it is, what it was and became, and the code of its function."""

    where: str
    change: str
    function: Function
    code: CodeType


# --- making mutants -----------------------------------------------------------------------------


def changes(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression could be by mistake."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _OPPOSITE:
            node.ops = [_OPPOSITE[type(op)]()]
            yield node
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
        case _:
            yield from _parts(node)


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """The expression with one of its conditions or keys left out."""
    match node:
        case ast.BoolOp(values=values):
            for left_out in range(len(values)):
                rest = [value for n, value in enumerate(values) if n != left_out]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        case ast.BinOp(left=one, right=other, op=ast.BitAnd() | ast.BitOr()):
            yield from (one, other)
        case ast.IfExp(body=one, orelse=other):
            yield from (one, other)
        case ast.UnaryOp(operand=operand, op=ast.Not() | ast.Invert()):
            yield operand
        case ast.Call(func=ast.Attribute(attr="groupby"), args=[ast.List(elts=keys), *_]) if len(keys) > 1:
            for left_out in range(len(keys)):
                changed = copy.deepcopy(node)
                changed.args[0] = ast.List([k for n, k in enumerate(keys) if n != left_out], ast.Load())
                yield changed


def mutants(path: Path) -> Iterator[Mutant]:
    """All mutants of a module's functions; declarations at its top level are left alone."""
    tree = ast.parse(path.read_text("utf-8"))
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        for statement in function.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.expr):
                    yield from _of_node(tree, node, path)


def _of_node(tree: ast.Module, node: ast.expr, path: Path) -> Iterator[Mutant]:
    before = ast.unparse(node)
    for changed in changes(copy.deepcopy(node)):
        after = ast.unparse(changed)
        mutated = ast.fix_missing_locations(_Replace(node, changed).visit(copy.deepcopy(tree)))
        code = compile(mutated, str(path), "exec")
        inner = [each for each in _codes(code) if _spans(each, node.lineno)]
        if inner and before != after:
            chosen = max(inner, key=lambda each: each.co_firstlineno)
            where = f"{path.relative_to(ROOT)}:{node.lineno}"
            yield Mutant(where, f"{before}  →  {after}", (path.name, chosen.co_firstlineno), chosen)


class _Replace(ast.NodeTransformer):
    """Puts the changed expression where the old one stood, known by its place."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old = ast.dump(old, include_attributes=True)
        self.new = ast.copy_location(new, old)

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and ast.dump(node, include_attributes=True) == self.old:
            return self.new
        return self.generic_visit(node)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _spans(code: CodeType, line: int) -> bool:
    named = not code.co_name.startswith("<")
    return named and any(line == each for _, _, each in code.co_lines() if each)


# --- trying them ------------------------------------------------------------------------------


class Recorder:
    """Which tests call which functions of the rules."""

    def __init__(self) -> None:
        self.called: dict[Function, set[str]] = defaultdict(set)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Any:
        seen: set[CodeType] = set()

        def note(frame: FrameType, _event: str, _argument: object) -> None:
            seen.add(frame.f_code)

        sys.setprofile(note)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            for code in seen:
                if Path(code.co_filename).parent == RULES:
                    # With all its cases: the first of them may have worked out what the others look up.
                    test = item.nodeid.partition("[")[0]
                    self.called[Path(code.co_filename).name, code.co_firstlineno].add(test)


def forked(job: Callable[[], object]) -> object:
    """The result of a job done in a process of its own; None if it died or took too long."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        signal.alarm(SECONDS)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                result = job()
            with os.fdopen(write, "wb") as pipe:
                pickle.dump(result, pipe)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(data) if data else None


def record() -> object:
    """The map from functions to the tests that call them."""
    recorder = Recorder()
    signal.alarm(0)
    pytest.main([*TESTS, "-q", "-p", "no:cacheprovider"], plugins=[recorder])
    return dict(recorder.called)


def survives(mutant: Mutant, tests: set[str]) -> object:
    """Whether all tests pass with the mutant in place of the function. Runs in a forked process."""
    functions = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
    for each in functions:
        place = (Path(each.__code__.co_filename), each.__code__.co_firstlineno)
        if place == (RULES / mutant.function[0], mutant.function[1]):
            each.__code__ = mutant.code
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *sorted(tests)])) == 0


def main(names: list[str]) -> int:
    """Print the mutants that no test noticed; 1 if there are any."""
    import pipeline.validate  # noqa: F401  everything is loaded once, before any fork

    paths = [path for path in sorted(RULES.glob("*.py")) if not names or path.stem in names]
    every = [mutant for path in paths if path.stem not in ("rule", "__init__") for mutant in mutants(path)]
    called = forked(record)
    assert isinstance(called, dict), "the tests themselves do not run"
    print(f"{len(every)} mutants in {len(paths)} modules")
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        outcomes = pool.map(
            lambda each: (
                forked(lambda: survives(each, called[each.function])) if called.get(each.function) else True
            ),
            every,
        )
        alive = [mutant for mutant, outcome in zip(every, outcomes, strict=True) if outcome is True]
    for mutant in alive:
        print(f"{mutant.where}  {mutant.change}")
    print(f"{len(alive)} survived")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
