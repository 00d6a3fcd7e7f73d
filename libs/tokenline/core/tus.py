"""tus 1.0 (https://tus.io/protocols/resumable-upload): what its headers say."""

import base64
import binascii

from tokenline.contracts.errors import BadRequest

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
MEDIA = "application/offset+octet-stream"
METADATA_CHARACTERS = 4096


def metadata_of(header: str) -> dict[str, str]:
    """``Upload-Metadata`` as a dictionary: ``filename d29ybGQudHh0,is_private`` → ``{"filename": "world.txt", …}``.

    A key without a value has an empty one. Raises `BadRequest`.
    """
    found: dict[str, str] = {}
    if len(header) > METADATA_CHARACTERS:
        raise BadRequest("Upload-Metadata is too long.")
    for pair in header.split(",") if header.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not key or key in found:
            raise BadRequest("Upload-Metadata is no list of different keys.")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadRequest("A value in Upload-Metadata is no Base64 of UTF-8.") from error
    return found


def as_metadata(values: dict[str, str]) -> str:
    """The reverse. Keys hold neither spaces nor commas."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())
