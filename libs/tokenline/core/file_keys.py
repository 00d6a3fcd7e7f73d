"""Where in the file store the parts of an attachment are; the name a user gave plays no part in it."""

from tokenline.contracts.ids import AttachmentId

FILES = "attachments"
DERIVED = ("texts", "thumbnails", "views")
"""What reading a file leaves beside it."""
UPLOADS = "uploads"
"""Under it are the pieces of all uploads that are not finished."""


def file_key(attachment_id: AttachmentId) -> str:
    """The file as it was given."""
    return f"{FILES}/{attachment_id}"


def piece_key(upload_id: AttachmentId, piece: str) -> str:
    """A piece of an upload that is not finished."""
    return f"{pieces_key(upload_id)}/{piece}"


def pieces_key(upload_id: AttachmentId) -> str:
    """Under it are all its pieces, also those that came to nothing."""
    return f"{UPLOADS}/{upload_id}"


def text_key(attachment_id: AttachmentId) -> str:
    """Its `ExtractedText`, in msgpack."""
    return f"texts/{attachment_id}"


def thumbnail_key(attachment_id: AttachmentId) -> str:
    """A picture's small WebP."""
    return f"thumbnails/{attachment_id}"


def view_key(attachment_id: AttachmentId) -> str:
    """A picture as models are shown it, in JPEG."""
    return f"views/{attachment_id}"
