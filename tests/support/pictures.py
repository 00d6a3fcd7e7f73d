"""Pictures for tests, and files that only say they are some."""

import io
import struct
import zlib

from PIL import Image


def picture(
    kind: str = "PNG", size: tuple[int, int] = (60, 40), *, orientation: int | None = None, frames: int = 1
) -> bytes:
    """Left half red, right half blue. ``orientation`` as cameras note it, with a place in its notes."""
    drawn = Image.new("RGB", size, (220, 30, 30))
    drawn.paste((30, 30, 220), (size[0] // 2, 0, *size))
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
        exif[0x010E] = "taken at 52.5200 N, 13.4050 E"
    out = io.BytesIO()
    more = {"save_all": True, "append_images": [drawn.rotate(90)] * (frames - 1)} if frames > 1 else {}
    drawn.save(out, kind, exif=exif, **more)
    return out.getvalue()


def enormous_png(width: int = 100_000, height: int = 100_000) -> bytes:
    """10 billion pixels in a hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
