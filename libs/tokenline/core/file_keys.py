"""Where in the file store the parts of an attachment are; the name a user gave plays no part in it."""

from tokenline.contracts.ids import AttachmentId


def file_key(attachment_id: AttachmentId) -> str:
    """The file as it was given."""
    return f"attachments/{attachment_id}"


def text_key(attachment_id: AttachmentId) -> str:
    """Its `ExtractedText`, in msgpack."""
    return f"texts/{attachment_id}"


def thumbnail_key(attachment_id: AttachmentId) -> str:
    """A picture's small WebP."""
    return f"thumbnails/{attachment_id}"
