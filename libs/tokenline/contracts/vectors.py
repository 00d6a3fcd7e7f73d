"""Which indexes of passages there are: the one that is searched, and the one that will take its place."""

import re
from collections.abc import Sequence

from tokenline.contracts.base import Shape
from tokenline.contracts.errors import Misconfigured

PREFIX = "tokenline"
"""Of the collections' names, where an installation has no other."""


class Layout(Shape):
    """What passages and vectors of one collection have in common: those of two layouts cannot be compared."""

    model: str | None = None
    """``None``: keyword vectors alone."""
    dimension: int | None = None
    cut: int = 1
    """Version of how texts are cut into passages."""

    def __post_init__(self) -> None:
        if (self.model is None) != (self.dimension is None):
            raise Misconfigured("An embedding model needs its dimension, and a dimension its model.")

    @property
    def collection(self) -> str:
        name = f"{PREFIX}-keyword" if self.model is None else f"{PREFIX}-{_slug(self.model)}-{self.dimension}"
        return name if self.cut == 1 else f"{name}-c{self.cut}"

    @property
    def told(self) -> str:
        """For people."""
        return "keywords alone" if self.model is None else f"{self.model} ({self.dimension} dimensions)"

    def embeds_like(self, other: "Layout") -> bool:
        """Whether one embedder serves both."""
        return (self.model, self.dimension) == (other.model, other.dimension)

    def check(self, dense: Sequence[Sequence[float] | None]) -> None:
        """Raises `Misconfigured` when the vectors are not those of this collection."""
        for vector in dense:
            if vector is not None and len(vector) != self.dimension:
                raise Misconfigured(
                    f"The embedding model's vectors do not have the {self.dimension} dimensions that were set.",
                    dimension=len(vector),
                )


class Index(Shape):
    layout: Layout
    no: int
    """An attachment notes the highest number of an index that has all its passages."""


class IndexState(Shape):
    """One for the whole installation, changed by compare-and-set on ``version``."""

    current: Index
    """Searched."""
    filling: Index | None = None
    """Takes the place of the former as soon as no attachment lacks in it."""
    dropping: tuple[Layout, ...] = ()
    """Their collections are to be deleted."""
    last_no: int
    """Highest number ever given."""
    version: int = 0

    @property
    def wanted(self) -> Index:
        """The one that all attachments shall be in."""
        return self.filling or self.current


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
