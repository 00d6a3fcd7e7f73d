"""What the source says about a class and the interpreter forgets: the strings below its fields."""

import ast
import inspect
import textwrap
from functools import cache

import msgspec


@cache
def field_notes(shape: type) -> dict[str, str]:
    """The string that follows each field, on one line; fields without one are left out.

    Of a struct also those that it inherits. Empty where there is no source to read.
    """
    notes: dict[str, str] = {}
    for base in shape.__bases__:
        if issubclass(base, msgspec.Struct) and base is not msgspec.Struct:
            notes |= field_notes(base)
    return notes | _own_notes(shape)


def _own_notes(shape: type) -> dict[str, str]:
    try:
        source = inspect.getsource(shape)
    except OSError:
        return {}
    [declared] = ast.parse(textwrap.dedent(source)).body
    if not isinstance(declared, ast.ClassDef):
        raise TypeError(f"{shape} is no class")
    notes = {}
    for field, below in zip(declared.body, declared.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(note))):
                notes[name] = one_line(note)
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(note))):
                notes[name] = one_line(note)
    return notes


def about(shape: type) -> str:
    """Its own docstring on one line; empty where it has none (msgspec hands down that of the base)."""
    return one_line(shape.__dict__.get("__doc__") or "") if not _inherited(shape) else ""


def _inherited(shape: type) -> bool:
    return any(shape.__doc__ == base.__doc__ for base in shape.__bases__)


def one_line(text: str) -> str:
    """White space folded, and the double backticks of docstrings made single."""
    return " ".join(text.split()).replace("``", "`")
