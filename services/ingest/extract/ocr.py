"""Text out of pixels, by tesseract's library. Runs inside the sandbox only.

A child can start no program and open no file, and need not: languages are in memory before it is forked.
"""

import ctypes
import os
import time
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Protocol, Self

from tokenline.contracts.errors import Misconfigured

DPI = 300
"""As tesseract's authors advise, and the quickest of 150, 200 and 300."""
LEAST_CONFIDENCE = 50
"""Of 100. Below that it is grain, a drawing or a face, and no text."""
PAGE_S = 20.0
"""One page may take; two are usual."""

_LIBRARIES = ("libtesseract.so.5", "libtesseract.so.4", "libtesseract.5.dylib")
# TessPageSegMode in tesseract/capi.h: columns and blocks are found. The library's own default is one block.
_AUTOMATIC = 3


class Pixels(Protocol):
    """Grey, a byte each, of which ``stride`` make a row."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def stride(self) -> int: ...
    @property
    def buffer(self) -> "ctypes.Array[ctypes.c_ubyte]": ...


@dataclass(frozen=True)
class Grey:
    """`Pixels` without gaps between rows."""

    width: int
    height: int
    buffer: "ctypes.Array[ctypes.c_ubyte]"

    @classmethod
    def of(cls, width: int, height: int, data: bytes) -> Self:
        return cls(width, height, (ctypes.c_ubyte * len(data)).from_buffer_copy(data))

    @property
    def stride(self) -> int:
        return self.width


class Tesseract:
    """One of its engines, for one thread at a time; forked with the process."""

    def __init__(self, languages: str) -> None:
        """``eng+deu``. Raises `Misconfigured` where the library, or what it needs for a language, is missing."""
        os.environ["OMP_THREAD_LIMIT"] = "1"  # read when the library is loaded; a child can start no thread
        self._api = _library()
        self._engine = self._api.TessBaseAPICreate()
        started = self._api.TessBaseAPIInit3(self._engine, None, languages.encode()) == 0
        # It starts with those languages of several that it has.
        if not started or not set(languages.split("+")) <= self._loaded():
            raise Misconfigured(
                f"tesseract cannot read “{languages}”: each language needs its data"
                " (Debian and Ubuntu: tesseract-ocr-deu for deu)."
            )
        self._api.TessBaseAPISetPageSegMode(self._engine, _AUTOMATIC)

    def text(self, pixels: Pixels, within_s: float) -> str | None:
        """What is written there, ``""`` where nothing is; ``None``: it would take longer."""
        api, engine = self._api, self._engine
        api.TessBaseAPISetImage(engine, ctypes.addressof(pixels.buffer), pixels.width, pixels.height, 1, pixels.stride)
        api.TessBaseAPISetSourceResolution(engine, DPI)
        monitor = api.TessMonitorCreate()
        try:
            api.TessMonitorSetDeadlineMSecs(monitor, max(1, int(within_s * 1000)))
            if api.TessBaseAPIRecognize(engine, monitor) != 0:
                return None
        finally:
            api.TessMonitorDelete(monitor)
        if api.TessBaseAPIMeanTextConf(engine) < LEAST_CONFIDENCE:
            return ""
        said = api.TessBaseAPIGetUTF8Text(engine)
        try:
            return (ctypes.string_at(said) if said else b"").decode(errors="replace").strip()
        finally:
            api.TessDeleteText(said)

    def _loaded(self) -> set[str]:
        names = self._api.TessBaseAPIGetLoadedLanguagesAsVector(self._engine)
        loaded = {name.decode() for name in takewhile(bool, (names[at] for at in count()))}
        self._api.TessDeleteTextArray(names)
        return loaded


class Ocr:
    """For one file, within its time."""

    def __init__(self, tesseract: Tesseract, seconds: int) -> None:
        self._tesseract = tesseract
        self._until = time.monotonic() + seconds
        self.seconds = seconds

    def text(self, pixels: Pixels) -> str | None:
        """``None``: the time is over, or this page takes too long."""
        left = self._until - time.monotonic()
        return None if left <= 0 else self._tesseract.text(pixels, min(left, PAGE_S))


def _library() -> ctypes.CDLL:
    for name in _LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        _declare(library)
        return library
    raise Misconfigured(
        "Scans cannot be read: tesseract is not installed (Debian and Ubuntu: apt-get install tesseract-ocr)."
    )


def _declare(library: ctypes.CDLL) -> None:
    """tesseract/capi.h."""
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("TessBaseAPICreate", pointer, ()),
        ("TessBaseAPIInit3", number, (pointer, text, text)),
        ("TessBaseAPISetPageSegMode", None, (pointer, number)),
        ("TessBaseAPISetImage", None, (pointer, pointer, number, number, number, number)),
        ("TessBaseAPISetSourceResolution", None, (pointer, number)),
        ("TessBaseAPIRecognize", number, (pointer, pointer)),
        ("TessBaseAPIMeanTextConf", number, (pointer,)),
        ("TessBaseAPIGetUTF8Text", pointer, (pointer,)),
        ("TessDeleteText", None, (pointer,)),
        ("TessBaseAPIGetLoadedLanguagesAsVector", ctypes.POINTER(text), (pointer,)),
        ("TessDeleteTextArray", None, (ctypes.POINTER(text),)),
        ("TessMonitorCreate", pointer, ()),
        ("TessMonitorSetDeadlineMSecs", None, (pointer, number)),
        ("TessMonitorDelete", None, (pointer,)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
