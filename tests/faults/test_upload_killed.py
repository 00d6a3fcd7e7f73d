"""R1: a file on its way while its connection is cut again and again, and while its gateway is killed. It arrives."""

import hashlib
import random
from pathlib import Path

import httpx2
import pytest

from tests.support.relay import Relay
from tests.support.system import TLS, System
from tokenline.client import AsyncTokenline, UploadProgress, resumable
from tokenline.contracts.attachments import Attachment

SEED = 20_261_124
MIB = 1024 * 1024
SIZE_BYTES = 20 * MIB
CUTS = 4
KILLED_AT_BYTES = 16 * MIB
"""More than sockets hold, so that some of it was stored before."""


async def test_r1_an_upload_survives_cuts_and_a_killed_gateway(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable, "FIRST_S", 0.05)
    for number in (1, 2):
        system.gateway(number, ready="/healthz")
    chance = random.Random(SEED)
    data = b"".join(b"%032x\n" % chance.getrandbits(128) for _ in range(SIZE_BYTES // 33))
    file = tmp_path / "numbers.txt"
    file.write_bytes(data)
    token = system.sign_in("ada@example.org")["access_token"]

    async with Relay(system.ports["gateway-1"]) as relay:
        cuts = sorted(chance.sample(range(MIB, len(data) - MIB), CUTS))
        told: list[int] = []

        def cut(progress: UploadProgress) -> None:
            told.append(progress.sent_bytes)
            if cuts and progress.sent_bytes >= cuts[0]:
                del cuts[0]
                relay.cut()

        async with AsyncTokenline(relay.url, access_token=token) as client:
            arrived(system, token, await client.upload(file, on_progress=cut, wait=False), data)
    assert cuts == []
    assert relay.links > 1
    assert told.count(resumable.READ_BYTES) == 1, "it began at the beginning once"

    told.clear()

    def kill(progress: UploadProgress) -> None:
        if progress.sent_bytes >= KILLED_AT_BYTES and system.processes["gateway-1"].poll() is None:
            system.kill("gateway-1")
            told.clear()
        told.append(progress.sent_bytes)

    async with AsyncTokenline([system.url("gateway-1"), system.url("gateway-2")], access_token=token) as client:
        arrived(system, token, await client.upload(file, on_progress=kill, wait=False), data)
    assert system.processes["gateway-1"].poll() is not None
    assert told[-1] == len(data)
    assert min(told) > MIB, "it went on from what the killed one had stored"
    assert pieces_left(system) == []


def pieces_left(system: System) -> list[Path]:
    """But for what a killed gateway was writing: its file store names such by a number until they are whole."""
    uploads = system.folder / "files" / "uploads"
    return [path for path in uploads.rglob("*") if path.is_file() and "#" not in path.name]


def arrived(system: System, token: str, file: Attachment, data: bytes) -> None:
    url = f"{system.url('gateway-2')}/api/v1/attachments/{file.id}/content"
    content = httpx2.get(url, headers={"authorization": f"Bearer {token}"}, timeout=30, verify=TLS).content
    assert hashlib.sha256(content).digest() == hashlib.sha256(data).digest()
