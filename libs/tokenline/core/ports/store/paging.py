"""What one page of a list is."""

from tokenline.contracts.base import Shape


class Page(Shape):
    """``next`` is the cursor of the following page; ``None``: this was the last."""

    next: str | None
