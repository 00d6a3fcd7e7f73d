"""Pictures: their size, and a small one of each. No pixel is decoded before the size was found bearable."""

import io
import struct

from PIL import Image, ImageOps

from services.ingest.extract.source import Read, Source
from tokenline.contracts.attachments import PictureInfo
from tokenline.contracts.errors import Corrupted, TooComplex
from tokenline.contracts.texts import ExtractedText
from tokenline.core.filetype import GIF, JPEG, PNG, WEBP

MAX_PIXELS = 50_000_000
"""As cameras make them; decoded, they take 200 MB."""
THUMBNAIL_PIXELS = 512
THUMBNAIL_BYTES = 512 * 1024

_FORMATS = {PNG: "PNG", JPEG: "JPEG", WEBP: "WEBP", GIF: "GIF"}
_FAULTS = (OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, struct.error, OverflowError)
"""What Pillow raises on files that break their format's rules."""
_TURNED = frozenset({5, 6, 7, 8})
_ORIENTATION = 0x0112

Image.MAX_IMAGE_PIXELS = None  # checked here, where it is an error and no warning


def read_picture(source: Source, mime_type: str) -> Read:
    try:
        # Only the library's reader for this format: it has fifty others that nobody asked for.
        with Image.open(io.BytesIO(source.data), formats=[_FORMATS[mime_type]]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise TooComplex(f"“{source.name}” has more than {MAX_PIXELS // 1_000_000} million pixels.")
            if image.getexif().get(_ORIENTATION) in _TURNED:
                width, height = height, width
            thumbnail = _thumbnail(image)
    except _FAULTS as error:
        raise Corrupted(f"“{source.name}” is damaged and cannot be shown.") from error
    return Read(
        text=ExtractedText(mime_type=mime_type, text=""),
        picture=PictureInfo(width=width, height=height, thumbnail=True),
        thumbnail=thumbnail,
    )


def _thumbnail(image: Image.Image) -> bytes:
    """A WebP, turned as the camera said, with nothing of what cameras note: not even where it was taken."""
    image.draft("RGB", (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    image.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    upright = ImageOps.exif_transpose(image)
    clear = "A" in upright.getbands() or "transparency" in upright.info
    plain = upright.convert("RGBA" if clear else "RGB")
    plain.info.clear()
    out = io.BytesIO()
    plain.save(out, "WEBP", quality=80, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()
