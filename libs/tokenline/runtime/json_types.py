"""JSON's own types, taken at their word in bodies: ``0`` is no boolean and ``"5"`` no number, as the documents say."""

from typing import Annotated

from pydantic import BeforeValidator, Strict
from pydantic_core import PydanticCustomError


def _whole(value: object) -> object:
    """JSON's ``5.0`` is a whole number, so strictness would go too far."""
    if isinstance(value, bool | str):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


Flag = Annotated[bool, Strict()]
WHOLE = BeforeValidator(_whole)
"""Beside ``int``, after its bounds."""
Number = Annotated[float, Strict()]
"""Whole ones, too."""
