"""Built files leave packed, and say how long they may be kept."""

import gzip

import httpx2
import pytest
from fastapi import FastAPI

from tokenline.runtime.pages import mount_page

SCRIPT = b"console.log('a place in the line');\n" * 100
PAGE = b"<!doctype html><title>Tokenline</title>" + b"<p>The line.</p>" * 100
FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def page(tmp_path):
    """A browser without cookies and cache, which takes gzip unless told otherwise."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/font-1a2b.woff2").write_bytes(b"wOF2")
    for name, content in (("assets/index-1a2b.js", SCRIPT), ("index.html", PAGE)):
        (tmp_path / name).write_bytes(content)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    app = FastAPI()
    mount_page(app, tmp_path)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://page")


@pytest.mark.parametrize(
    ("path", "content", "media_type", "kept"),
    [
        ("/assets/index-1a2b.js", SCRIPT, "text/javascript; charset=utf-8", FOR_EVER),
        ("/", PAGE, "text/html; charset=utf-8", "no-cache"),
        ("/c/some-conversation", PAGE, "text/html; charset=utf-8", "no-cache"),
    ],
)
async def test_text_is_packed(page, path, content, media_type, kept):
    answer = await page.get(path, headers={"accept-encoding": "br, gzip;q=0.8"})
    assert answer.content == content
    assert int(answer.headers["content-length"]) < len(content) / 5
    told = {name: answer.headers[name] for name in ("content-encoding", "content-type", "cache-control", "vary")}
    assert told == {
        "content-encoding": "gzip",
        "content-type": media_type,
        "cache-control": kept,
        "vary": "accept-encoding",
    }


@pytest.mark.parametrize("takes", ["identity", "", "br, gzip;q=0", "gzip; q=0.000", "xgzip"])
async def test_only_for_those_who_take_it(page, takes):
    answer = await page.get("/assets/index-1a2b.js", headers={"accept-encoding": takes})
    assert answer.content == SCRIPT
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "accept-encoding"


@pytest.mark.parametrize("takes", ["gzip", "GZIP, deflate", "deflate,gzip;q=0.5,br", "gzip ; q=1.0"])
async def test_for_all_who_take_it(page, takes):
    answer = await page.get("/assets/index-1a2b.js", headers={"accept-encoding": takes})
    assert answer.headers["content-encoding"] == "gzip"


async def test_what_is_packed_already_goes_out_as_it_is(page):
    answer = await page.get("/assets/font-1a2b.woff2")
    assert answer.content == b"wOF2"
    assert "content-encoding" not in answer.headers
    assert answer.headers["cache-control"] == FOR_EVER


async def test_a_page_that_is_known_is_not_sent_again(page):
    packed, plain = await page.get("/"), await page.get("/", headers={"accept-encoding": "identity"})
    assert packed.headers["etag"] != plain.headers["etag"]
    again = await page.get("/", headers={"if-none-match": packed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"
    assert again.headers["vary"] == "accept-encoding"


async def test_a_missing_file_is_not_the_page(page):
    answer = await page.get("/assets/gone-1a2b.js")
    assert answer.status_code == 404
    assert "cache-control" not in answer.headers


async def test_the_page_is_no_answer_for_programs(page):
    assert (await page.get("/api/v1/nowhere")).status_code == 404
