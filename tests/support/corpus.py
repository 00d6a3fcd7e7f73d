"""Documents of every kind that is read, made by small writers, sound ones and broken ones: what ingest meets."""

import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fpdf import FPDF

from tests.support import documents, word
from tests.support.pictures import enormous_png, picture

LETTERS = {
    "latin-1": "Sehr geehrte Damen und Herren, die Größe der Räume beträgt fünfzig Quadratmeter. Übergabe möglich.",
    "cp1252": "Le présent contrat est conclu entre les parties. La durée est d'une année à compter du jour “J”.",
    "koi8-r": "Настоящий договор заключён между сторонами в соответствии с законодательством на один год.",
    "cp1251": "Настоящий договор заключён между сторонами в соответствии с законодательством на один год.",
    "shift_jis": "本契約は、両当事者の間で締結されたものであり、契約期間は署名の日から一年間とする。別紙を参照。",
    "iso2022_jp": "本契約は、両当事者の間で締結されたものであり、契約期間は署名の日から一年間とする。別紙を参照。",
    "gb18030": "本合同由双方签订，合同期限自签署之日起一年。有关详细信息，请参阅附件。如有任何疑问，请与我们联系。",
    "big5": "本合約由雙方簽訂，合約期限自簽署之日起一年。有關詳細資訊，請參閱附件。如有任何疑問，請與我們聯繫。",
    "euc_kr": "본 계약은 당사자 간에 체결되었으며 계약 기간은 서명일로부터 일 년으로 한다. 자세한 내용은 첨부.",
    "utf-8": "Grüße aus Köln, 東京, Санкт-Петербург und 🙂.",
    "utf-8-sig": "Grüße aus Köln, 東京, Санкт-Петербург und 🙂.",
    "utf-16": "Grüße aus Köln, 東京, Санкт-Петербург und 🙂.",
    "utf-16-le": "Notes of the meeting, without any mark at the beginning.",
    "utf-32": "Grüße aus Köln, 東京, Санкт-Петербург und 🙂.",
}
"""A text for each encoding that people still send."""

_WORDS = (
    *(
        "the",
        "budget",
        "of",
        "this",
        "year",
        "allows",
        "for",
        "four",
        "new",
        "bridges",
        "over",
        "a",
        "river",
        "and",
        "one",
    ),
    *("school", "beside", "old", "harbour", "while", "roads", "in", "northern", "district", "wait", "until", "spring"),
    *("because", "nobody", "found", "plans", "that", "engineers", "left", "behind", "drawers", "when", "they", "moved"),
)


@dataclass(frozen=True)
class Specimen:
    name: str
    data: bytes
    outcome: str
    """``ok`` or the code of the refusal."""
    says: str = ""
    """Stands in its text."""


def specimens(seed: int = 1) -> Iterator[Specimen]:
    """The same ones for the same seed."""
    write = _Author(random.Random(seed))
    yield from _pdfs(write)
    yield from _words(write)
    yield from _pages_of_the_web(write)
    yield from _plain(write)
    yield from _sheets(write)
    yield from _pictures()
    yield from _refused()


class _Author:
    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def sentence(self) -> str:
        return " ".join(self._dice.choices(_WORDS, k=self._dice.randint(6, 18))).capitalize() + "."

    def text(self, sentences: int) -> str:
        return " ".join(self.sentence() for _ in range(sentences))


def _pdfs(write: _Author) -> Iterator[Specimen]:
    for count in (1, 3, 12, 60):
        pages = [f"Page {n} of the report. {write.text(25)}" for n in range(1, count + 1)]
        yield Specimen(f"report-{count}.pdf", documents.pdf(pages), "ok", f"Page {count} of the report")
    yield Specimen("outline.pdf", outlined_pdf(write.text), "ok", "Methods")
    yield Specimen("table.pdf", _pdf_table(write), "ok", "Town 3")
    mixed = ["With words.", "", "", "More words.", ""]
    yield Specimen("mixed.pdf", _pdf_of(mixed), "ok", "More words")
    yield Specimen("junk-before.pdf", b"junk from a gateway\n" + documents.pdf(["After it."]), "ok", "After it.")
    yield Specimen("cut-off.pdf", documents.pdf(["Without its end."])[:-20], "ok", "Without its end")
    yield Specimen("open.pdf", documents.encrypted_pdf("Anybody may.", user_password=None), "ok", "Anybody")
    yield Specimen("locked.pdf", documents.encrypted_pdf("Secret.", user_password="x"), "encrypted")
    yield Specimen("scan.pdf", documents.empty_pdf(), "no_text")
    yield Specimen("ruined.pdf", documents.corrupted_pdf(), "corrupted")
    yield Specimen("looping.pdf", documents.looping_pdf(), "corrupted")


def _words(write: _Author) -> Iterator[Specimen]:
    for count in (1, 30, 400):
        blocks = []
        for n in range(1, count + 1):
            if n % 10 == 1:
                blocks.append(word.paragraph(f"Chapter {n // 10 + 1}", style="berschrift1"))
            blocks.append(word.paragraph(f"Paragraph {n}. {write.text(5)}"))
        yield Specimen(f"letter-{count}.docx", word.docx(*blocks), "ok", f"Paragraph {count}.")
    rows = [["Item", "Price"]] + [[f"Thing {n}", f"{n} €"] for n in range(200)]
    prices = word.docx(word.paragraph("Prices", style="Titel"), word.table(rows))
    yield Specimen("prices.docx", prices, "ok", "| Thing 199 |")
    macros = word.docx(word.paragraph("Before."), parts={"word/vbaProject.bin": b"x"})
    yield Specimen("macros.docx", macros, "ok", "Before")
    yield Specimen("locked.docx", word.office_encrypted(), "encrypted")
    yield Specimen("bomb.docx", word.bomb(150), "too_complex")
    yield Specimen("laughing.docx", word.laughing(), "unsupported_type")
    yield Specimen("traversing.docx", word.docx(parts={"../x": "x"}), "unsupported_type")
    yield Specimen("cut-off.docx", word.docx(word.paragraph(write.text(50)))[:800], "corrupted")
    yield Specimen("blank.docx", word.docx(), "no_text")


def _pages_of_the_web(write: _Author) -> Iterator[Specimen]:
    for count in (3, 300):
        body = "".join(f"<h2>Part {n}</h2><p>{write.text(6)}</p>" for n in range(count))
        page = f"<!doctype html><html lang=en><title>T</title><nav><a href=/>Home</a></nav><main>{body}</main></html>"
        yield Specimen(f"page-{count}.html", page.encode(), "ok", f"Part {count - 1}")
    lying = f"<html><head><meta charset=shift_jis></head><body><p>{LETTERS['latin-1']}</p></body></html>"
    yield Specimen("lying-utf8.html", lying.encode(), "ok", "Räume")
    lying = f"<html><head><meta charset=iso-8859-1></head><body><p>{LETTERS['shift_jis']}</p></body></html>"
    yield Specimen("lying-sjis.html", lying.encode("shift_jis"), "ok", "契約期間")
    yield Specimen("deep.html", b"<html><body>" + b"<div>" * 50_000 + b"Deep down." + b"</div>" * 50_000, "ok")
    mail = "MIME-Version: 1.0\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
    yield Specimen("mail.mht", f"{mail}=3Cscript=3Ealert(1)=3C/script=3E".encode(), "ok", "=3Cscript=3E")
    yield Specimen("entities.html", b"<p>&lt;script&gt; &#0; &#xD800; &bogus; &amp;amp;</p>", "ok", "<script>")
    yield Specimen("attributes.html", b"<p " + b"a='b' " * 100_000 + b">Said.</p>", "ok", "Said.")
    yield Specimen("script.html", b"<html><script>alert(1)</script></html>", "no_text")
    yield Specimen("unclosed.html", b"<html><body><p>One<p>Two<table><tr><td>a<td>b", "ok", "Two")


def _plain(write: _Author) -> Iterator[Specimen]:
    for encoding, text in LETTERS.items():
        yield Specimen(f"{encoding}.txt", text.encode(encoding), "ok", text[:20])
    yield Specimen("long.txt", write.text(20_000).encode(), "ok")
    yield Specimen("notes.md", f"# Notes\n\n{write.text(9)}\n\n## More\n\n{write.text(9)}".encode(), "ok", "## More")
    yield Specimen("line-ends.txt", b"one\r\ntwo\rthree\nfour", "ok", "one\ntwo\nthree\nfour")
    yield Specimen("unbroken.txt", b"QUJD" * 100_000, "ok")
    yield Specimen("empty.txt", b"", "no_text")
    yield Specimen("blank.txt", b" \n\t \n", "no_text")
    yield Specimen("binary-later.txt", b"text at first " * 1000 + b"\x00\x01\x02\xff" * 5000, "unsupported_type")
    yield Specimen("too-long.txt", b"word " * 2_100_000, "too_large")


def _sheets(write: _Author) -> Iterator[Specimen]:
    for delimiter, name in ((",", "comma"), (";", "semicolon"), ("\t", "tab")):
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter)
        writer.writerow(["town", "people", "note"])
        writer.writerows([f"Town {n}", n * 1000, write.sentence()] for n in range(300))
        yield Specimen(f"{name}.csv", out.getvalue().encode(), "ok", "| Town 299 |")
    orders = {"orders": [{"id": n, "who": {"name": write.sentence()}} for n in range(300)]}
    yield Specimen("orders.json", json.dumps(orders).encode(), "ok", "orders[299].id: 299")
    yield Specimen("log.jsonl", b"\n".join(json.dumps({"n": n}).encode() for n in range(300)), "ok", "[299].n: 299")
    yield Specimen("deep.json", b"[" * 100_000 + b"]" * 100_000, "no_passages")
    yield Specimen("half.json", b'{"a": "some words", ', "ok", "some words")


def _pictures() -> Iterator[Specimen]:
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        yield Specimen(f"a.{kind.lower()}", picture(kind, (800, 600)), "ok")
    yield Specimen("turned.jpg", picture("JPEG", (800, 600), orientation=6), "ok")
    yield Specimen("half.png", picture("PNG", (800, 600))[:300], "corrupted")
    yield Specimen("enormous.png", enormous_png(), "too_complex")


def _refused() -> Iterator[Specimen]:
    yield Specimen("book.xlsx", word.archive({"[Content_Types].xml": "x", "xl/workbook.xml": "x"}), "unsupported_type")
    yield Specimen("slides.pptx", word.archive({"ppt/presentation.xml": "x"}), "unsupported_type")
    yield Specimen("letter.pages", word.archive({"Index/Document.iwa": "x"}), "unsupported_type")
    yield Specimen("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000), "unsupported_type")
    yield Specimen("files.zip", word.archive({"a.txt": "x"}), "unsupported_type")
    yield Specimen("letter.rtf", rb"{\rtf1\ansi words}", "unsupported_type")
    yield Specimen("program", b"\x7fELF\x02\x01" + bytes(100), "unsupported_type")


def outlined_pdf(text: Callable[[int], str]) -> bytes:
    document = FPDF()
    document.set_title("On sampling")
    document.set_author("Ann")
    document.set_font("Helvetica", size=11)
    for level, title in ((0, "Introduction"), (0, "Methods"), (1, "Sampling")):
        document.add_page()
        document.start_section(title, level=level)
        document.multi_cell(0, text=f"Before it.\n{title}\n{text(20)}")
    return bytes(document.output())


def _pdf_of(pages: list[str]) -> bytes:
    document = FPDF()
    document.set_font("Helvetica", size=11)
    for text in pages:
        document.add_page()
        if text:
            document.multi_cell(0, text=text)
    return bytes(document.output())


def _pdf_table(write: _Author) -> bytes:
    document = FPDF()
    document.set_font("Helvetica", size=11)
    document.add_page()
    with document.table() as table:
        for row in [["Town", "Note"], *([f"Town {n}", write.sentence()] for n in range(8))]:
            line = table.row()
            for cell in row:
                line.cell(cell)
    return bytes(document.output())
