import pytest

from services.ingest.extract import ocr
from tokenline.contracts.errors import Misconfigured


def test_a_machine_without_tesseract_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_LIBRARIES", ("libnothing.so.1",))
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")  # set by it
    with pytest.raises(Misconfigured, match="apt-get install tesseract-ocr"):
        ocr.Tesseract("eng")
