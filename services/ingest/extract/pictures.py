"""Pictures: their size, one of each to show to models, and a small one.

No pixel is decoded before the size was found bearable.
"""

import io
import struct

from PIL import Image, ImageOps

from services.ingest.extract.ocr import Grey, Ocr
from services.ingest.extract.source import Read, Source
from tokenline.contracts.attachments import PictureInfo
from tokenline.contracts.errors import Corrupted, TooComplex
from tokenline.contracts.texts import ExtractedText
from tokenline.core.filetype import GIF, JPEG, PNG, WEBP

MAX_PIXELS = 50_000_000
"""As cameras make them; decoded, they take 200 MB."""
VIEW_PIXELS = 1536
"""Of the longer side. Models that cut pictures into tiles bring the shorter one down to 768, and look no closer."""
THUMBNAIL_PIXELS = 512

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
            plain = _plain(image)
            view, thumbnail = _view(plain), _thumbnail(plain)
            text = "" if source.ocr is None else _recognised(plain, source.ocr)
    except _FAULTS as error:
        raise Corrupted(f"“{source.name}” is damaged and cannot be shown.") from error
    return Read(
        text=ExtractedText(mime_type=mime_type, text=text),
        picture=PictureInfo(width=width, height=height, thumbnail=True, view=True),
        thumbnail=thumbnail,
        view=view,
    )


def _plain(image: Image.Image) -> Image.Image:
    """Turned as the camera said, with nothing of what cameras note: not even where it was taken."""
    image.draft("RGB", (VIEW_PIXELS, VIEW_PIXELS))
    image.thumbnail((VIEW_PIXELS, VIEW_PIXELS))
    upright = ImageOps.exif_transpose(image)
    clear = "A" in upright.getbands() or "transparency" in upright.info
    plain = upright.convert("RGBA" if clear else "RGB")
    plain.info.clear()
    return plain


def _view(plain: Image.Image) -> bytes:
    """A JPEG, which every endpoint can read."""
    out = io.BytesIO()
    _on_white(plain).save(out, "JPEG", quality=85, exif=b"", icc_profile=b"")
    return out.getvalue()


def _recognised(plain: Image.Image, ocr: Ocr) -> str:
    grey = _on_white(plain).convert("L")
    return ocr.text(Grey.of(*grey.size, grey.tobytes())) or ""


def _on_white(plain: Image.Image) -> Image.Image:
    if plain.mode != "RGBA":
        return plain
    white = Image.new("RGBA", plain.size, "white")
    return Image.alpha_composite(white, plain).convert("RGB")


def _thumbnail(plain: Image.Image) -> bytes:
    """A WebP."""
    small = plain.copy()
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    out = io.BytesIO()
    small.save(out, "WEBP", quality=80, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()
