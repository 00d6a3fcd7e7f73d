"""What the source says about a class and the interpreter forgets: the strings below its fields."""

import ast
import inspect
import textwrap


def field_notes(shape: type) -> dict[str, str]:
    """The string that follows each field declared in the class itself, on one line; fields without one are left out."""
    [declared] = ast.parse(textwrap.dedent(inspect.getsource(shape))).body
    if not isinstance(declared, ast.ClassDef):
        raise TypeError(f"{shape} is no class")
    notes = {}
    for field, below in zip(declared.body, declared.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(note))):
                notes[name] = one_line(note)
    return notes


def one_line(text: str) -> str:
    """White space folded, and the double backticks of docstrings made single."""
    return " ".join(text.split()).replace("``", "`")
