"""I6: a route reads what belongs to somebody only through the one ownership check."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

GATEWAY = Path(__file__).parents[2] / "services" / "gateway"
ROUTES = sorted([*GATEWAY.glob("rest/*.py"), *GATEWAY.glob("sse/*.py"), *GATEWAY.glob("*/routes.py")])
PUBLIC = {"get_user"}
KNOWN = {("messages.py", "_answered", "get_ticket")}
"""Reads of what the very same call has made, or been given through the check: file, function, read."""


def reads(tree: ast.AST, inside: str = "", checked: bool = False) -> Iterator[tuple[str, str, bool]]:
    """Function, name of the read of one thing by its id, and whether its result goes straight into `owned_by`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from reads(node, node.name)
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            store = isinstance(of, ast.Attribute | ast.Name) and ast.unparse(of).endswith("store")
            if store and node.func.attr.startswith("get_"):
                yield inside, node.func.attr, checked
        owned = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "owned_by"
        yield from reads(node, inside, owned or (checked and isinstance(node, ast.Await)))


@pytest.mark.parametrize("file", ROUTES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_route_reads_through_the_one_check(file: Path) -> None:
    for function, read, checked in reads(ast.parse(file.read_text())):
        assert checked or read in PUBLIC or (file.name, function, read) in KNOWN, (
            f"{function} in {file} calls {read} without `owned_by`: read it through `core.access`, or say in KNOWN "
            f"why its id is no caller's."
        )


def test_the_check_of_this_test_sees_what_it_looks_for() -> None:
    bad = "async def route(deps):\n    return await deps.store.get_ticket(1)\n"
    good = "async def route(deps, me):\n    return owned_by(me, await deps.store.get_ticket(1))\n"
    late = "async def route(deps, me):\n    thing = await deps.store.get_ticket(1)\n    return owned_by(me, thing)\n"
    assert [list(reads(ast.parse(text))) for text in (bad, good, late)] == [
        [("route", "get_ticket", False)],
        [("route", "get_ticket", True)],
        [("route", "get_ticket", False)],
    ]
