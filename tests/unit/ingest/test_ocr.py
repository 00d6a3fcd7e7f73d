from pathlib import Path

import pytest
from pydantic import ValidationError

from services.ingest.__main__ import open_sandbox
from services.ingest.extract import ocr
from services.ingest.extract.sandbox import Sandbox
from services.ingest.settings import IngestSettings
from tokenline.contracts.errors import Misconfigured


def test_a_machine_without_tesseract_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_LIBRARIES", ("libnothing.so.1",))
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")  # set by it
    with pytest.raises(Misconfigured, match="apt-get install tesseract-ocr"):
        ocr.Tesseract("eng")


def settings(folder: Path, **more: object) -> IngestSettings:
    return IngestSettings(data_dir=folder, service_token="a token of tests", **more)  # type: ignore[arg-type]


def test_it_needs_the_library_that_draws_pages(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="TOKENLINE_PDF_READER"):
        open_sandbox(settings(tmp_path, ocr="eng", pdf_reader="pypdf"))


@pytest.mark.parametrize("languages", ["", "eng deu", "../eng", "eng+", "-l"])
def test_languages_are_names(tmp_path: Path, languages: str) -> None:
    with pytest.raises(ValidationError):
        settings(tmp_path, ocr=languages)


def test_what_was_read_without_it_is_not_taken_for_what_it_reads() -> None:
    assert len({Sandbox(ocr=languages).reads_by for languages in (None, "eng", "eng+deu")}) == 3
