"""Documents for tests: real PDFs, and files made to harm whoever reads them."""

import zlib
from collections.abc import Sequence

from fpdf import FPDF
from fpdf.enums import AccessPermission, EncryptionMethod
from PIL import Image, ImageDraw, ImageFont


def pdf(pages: Sequence[str]) -> bytes:
    """One page for each text; a long text flows over several."""
    document = FPDF()
    document.set_font("Helvetica", size=11)
    for text in pages:
        document.add_page()
        document.multi_cell(0, text=text)
    return bytes(document.output())


def encrypted_pdf(text: str, *, user_password: str | None) -> bytes:
    """``None``: anybody may open it, only editing needs a password."""
    document = FPDF()
    document.set_encryption(
        owner_password="owner",
        user_password=user_password,
        permissions=AccessPermission.none(),
        encryption_method=EncryptionMethod.RC4,
    )
    document.set_font("Helvetica", size=11)
    document.add_page()
    document.multi_cell(0, text=text)
    return bytes(document.output())


def scan_pdf(pages: Sequence[str | tuple[str, ...]]) -> bytes:
    """A page of lines is a picture of them, as scanners make it; one of text is text; one of neither is empty."""
    document = FPDF()
    document.set_font("Helvetica", size=11)
    for page in pages:
        document.add_page()
        if isinstance(page, str):
            document.multi_cell(0, text=page)
        elif page:
            document.image(lettering(page, size=(1240, 1754)), x=0, y=0, w=document.w)
    return bytes(document.output())


def lettering(lines: Sequence[str], size: tuple[int, int]) -> Image.Image:
    drawn = Image.new("L", size, 255)
    for number, line in enumerate(lines):
        ImageDraw.Draw(drawn).text((90, 90 + 40 * number), line, fill=0, font=ImageFont.load_default(size=26))
    return drawn


def empty_pdf() -> bytes:
    """A page with nothing on it, as a scan without text is."""
    document = FPDF()
    document.add_page()
    return bytes(document.output())


def corrupted_pdf() -> bytes:
    """Its objects are gone."""
    whole = pdf(["Lost words."])
    return whole[:20] + b"\x00" * (len(whole) - 60) + whole[-40:]


def raw_pdf(content: bytes, *, filters: str = "", resources: str = "/Font<</F1 5 0 R>>") -> bytes:
    """A PDF of one page with this content stream."""
    stream = f"<</Length {len(content)}{filters}>>stream\n".encode() + content + b"\nendstream"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<<{resources}>>>>".encode(),
        stream,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body = b"%PDF-1.7\n"
    offsets = []
    for number, data in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n".encode() + data + b"\nendobj\n"
    table = b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    xref = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode() + table
    trailer = f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF".encode()
    return body + xref + trailer


def inflating_pdf(unpacked_bytes: int, *, layers: int = 1) -> bytes:
    """A stream that unpacks to so many bytes of spaces, packed ``layers`` times over."""
    packed = b" " * unpacked_bytes
    for _ in range(layers):
        packed = zlib.compress(packed, 9)
    return raw_pdf(packed, filters="/Filter[" + "/FlateDecode" * layers + "]")


def slow_pdf() -> bytes:
    """3 KB, within every limit on sizes, and half an hour of work: a thousand times the same page, two seconds each."""
    page = raw_pdf(zlib.compress(b"BT ( ) Tj ET " * 70_000, 9), filters="/Filter/FlateDecode")
    return page.replace(b"/Kids[3 0 R]/Count 1", b"/Kids[" + b"3 0 R " * 1000 + b"]/Count 1000")


def hungry_pdf() -> bytes:
    """30 KB that become one string of 30 million letters."""
    text = b"BT /F1 9 Tf (" + b"a" * 30_000_000 + b") Tj ET"
    return raw_pdf(zlib.compress(text, 9), filters="/Filter/FlateDecode")


def looping_pdf() -> bytes:
    """A page tree that is its own child."""
    return raw_pdf(b"").replace(b"/Kids[3 0 R]/Count 1", b"/Kids[2 0 R]/Count 1")


def nested_pdf(depth: int = 100_000) -> bytes:
    """Arrays within arrays, deeper than any stack."""
    return raw_pdf(b"[" * depth + b"]" * depth + b" TJ")


def looping_outline_pdf() -> bytes:
    """Bookmarks that follow each other in a circle, over a page with words."""
    loop = b"/Outlines<</First 6 0 R/Last 6 0 R>>"
    page = raw_pdf(b"BT /F1 9 Tf (words) Tj ET").replace(b"/Catalog", b"/Catalog" + loop)
    entry = b"6 0 obj\n<</Title(A)/Next 6 0 R/First 6 0 R/Dest[3 0 R/Fit]>>\nendobj\n"
    return page.replace(b"xref\n0", entry + b"xref\n0", 1)


def counting_pdf(count: int) -> bytes:
    """One page that says it is so many."""
    return raw_pdf(b"BT /F1 9 Tf (words) Tj ET").replace(b"/Count 1", f"/Count {count}".encode())


def crowded_pdf(count: int) -> bytes:
    """Really so many pages, all of them the same."""
    page = raw_pdf(b"BT /F1 9 Tf (words) Tj ET")
    return page.replace(b"/Kids[3 0 R]/Count 1", b"/Kids[" + b"3 0 R " * count + f"]/Count {count}".encode())


def xref_loop_pdf() -> bytes:
    """Its table of objects goes on where it begins."""
    page = raw_pdf(b"BT /F1 9 Tf (words) Tj ET")
    at = page.rfind(b"xref\n0")
    return page.replace(b"/Root 1 0 R>>", f"/Root 1 0 R/Prev {at}>>".encode())


def mapped_pdf() -> bytes:
    """Letters whose codes a table in the file explains, one byte each, as TeX writes them."""
    table = b"1 begincodespacerange<00><FF>endcodespacerange 1 beginbfrange<01><04>[<0048><0065><006C><006F>]endbfrange"
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(table), table)
    page = raw_pdf(b"BT /F1 9 Tf <0102030304> Tj ET")
    page = page.replace(b"/BaseFont/Helvetica", b"/BaseFont/ABCDEF+CMR10/ToUnicode 6 0 R")
    return page.replace(b"xref\n0", b"6 0 obj\n" + stream + b"\nendobj\nxref\n0", 1)
