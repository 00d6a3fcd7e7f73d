"""Links to files, for downloading them without a credential."""

from tokenline.contracts.base import Shape


class FileLink(Shape):
    """A link to one's own file. Whoever has it can download that file, and nothing else, until then."""

    url: str
    """Without the gateway's address: to be resolved against that."""
    expires_at: float
