"""A real OpenID Connect provider for tests, and a person who goes through its pages without a browser."""

import re
import subprocess
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx2

ROOT = Path(__file__).parents[2]
CLIENT_ID = "tokenline"
CLIENT_SECRET = "the secret of tokenline & co."
CALLBACK = "/api/v1/auth/oidc/callback"
_FORM = re.compile(r'<form[^>]*action="([^"]+)"', re.IGNORECASE)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', re.IGNORECASE)


class OidcProvider:
    """Each start makes a key of its own: `restart` is what others call rotation, at its worst. All block."""

    def __init__(self, port: int, redirect_uri: str, algorithm: str = "RS256") -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.algorithm = algorithm
        self._port, self._redirect_uri = port, redirect_uri
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = Path(__file__).with_name("oidc_provider.mjs")
        command = ["node", str(program), str(self._port), self._redirect_uri, self.algorithm]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._process.stdout is not None
        while (line := self._process.stdout.readline()) != b"ready\n":
            assert line, "the provider did not start"

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()


async def through_the_pages(http: httpx2.AsyncClient, address: str, login: str) -> str:
    """From where a button leads to the address that the provider sends the browser back to, which is not opened."""
    answer = await http.get(address)
    for _ in range(20):
        if answer.is_redirect:
            address = urljoin(address, answer.headers["location"])
            if CALLBACK in address:
                return address
            answer = await http.get(address)
            continue
        form = _FORM.search(answer.text)
        assert form is not None, f"{answer.status_code} at {address}: {answer.text[:500]}"
        address = urljoin(address, unescape(form[1]))
        fields = dict(_HIDDEN.findall(answer.text))
        if 'name="login"' in answer.text:
            fields |= {"login": login, "password": "anything"}
        answer = await http.post(address, data=fields)
    raise AssertionError(f"no way back from {address}")
