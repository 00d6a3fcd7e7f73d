"""Opens the archive that a Word document is, only after its directory was found harmless."""

import io
import re
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from lxml import etree

from tokenline.contracts.errors import Corrupted, Encrypted, TooComplex, Unsupported
from tokenline.core.filetype import unsupported, zipped_kind

UNPACKED_BYTES = 100 * 1024 * 1024
RATIO = 100
SMALL_BYTES = 1024 * 1024
"""Unpacked to less than this nothing is a bomb, whatever its ratio."""
MAX_MEMBERS = 5_000
MAX_DIRECTORY_BYTES = 2 * 1024 * 1024

_END = struct.Struct("<4sHHHHIIH")
_END_MAGIC = b"PK\x05\x06"
_NAME_TRICKS = re.compile(r"(?:^|/)\.\.(?:/|$)|^/|\\|^[A-Za-z]:|\x00")
_SYMLINK = 0o120000
_TYPE_OF_FILE = 0o170000
# A document type is where entities are declared. Word never writes one.
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))

# A member whose directory entry leads before the file's beginning is a ValueError, one cut short a struct.error.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


class Archive:
    """Raises `Corrupted`, `Encrypted`, `TooComplex`, `Unsupported` before anything is unpacked."""

    def __init__(self, data: bytes, name: str) -> None:
        self._name = name
        _check_directory(data, name)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGE as error:
            raise self._damaged() from error
        members = self._zip.infolist()
        kind = zipped_kind("\n".join(member.filename for member in members).encode(errors="replace"))
        if kind is not None:
            raise unsupported(name, kind)
        for member in members:
            self._check_member(member)
        if len({member.filename for member in members}) != len(members):
            raise self._damaged()
        _check_size(members, name)

    def read(self, member: str) -> bytes | None:
        """``None``: there is no such member. At most as many bytes as its directory entry says."""
        try:
            return self._zip.read(member)
        except KeyError:
            return None
        except _DAMAGE as error:
            raise self._damaged() from error

    def xml(self, member: str) -> etree._Element | None:
        """Without entities, without a network, no deeper than 256. ``None``: there is no such member."""
        body = self.read(member)
        if body is None:
            return None
        if any(doctype in body for doctype in _DOCTYPES):
            raise Unsupported(f"“{self._name}” declares entities of its own, which no Word document needs.")
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            return etree.fromstring(body, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise self._damaged() from error

    def _check_member(self, member: zipfile.ZipInfo) -> None:
        if _NAME_TRICKS.search(member.orig_filename) or (member.external_attr >> 16) & _TYPE_OF_FILE == _SYMLINK:
            raise Unsupported(f"“{self._name}” holds names that lead out of it, which no Word document does.")
        if member.flag_bits & 1:
            raise Encrypted(f"“{self._name}” is protected with a password. Please attach it without one.")

    def _damaged(self) -> Corrupted:
        return Corrupted(f"“{self._name}” is damaged and cannot be read.")


def resolve(base: str, target: str) -> str:
    """The member that a relationship of the part ``base`` names."""
    path = PurePosixPath(target.lstrip("/")) if target.startswith("/") else PurePosixPath(base).parent / target
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _check_directory(data: bytes, name: str) -> None:
    """Before the directory is read: half a million entries take half a gigabyte."""
    at = data.rfind(_END_MAGIC, max(0, len(data) - 65557))
    if at == -1 or at + _END.size > len(data):
        raise Corrupted(f"“{name}” is damaged and cannot be read.")
    _, _, _, _, members, directory_bytes, _, _ = _END.unpack_from(data, at)
    if members > MAX_MEMBERS or directory_bytes > MAX_DIRECTORY_BYTES:
        raise TooComplex(f"“{name}” holds more parts than a document has.")


def _check_size(members: list[zipfile.ZipInfo], name: str) -> None:
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if unpacked > UNPACKED_BYTES or (unpacked > SMALL_BYTES and unpacked > RATIO * max(packed, 1)):
        raise TooComplex(f"“{name}” would unpack to more than a document needs.")
