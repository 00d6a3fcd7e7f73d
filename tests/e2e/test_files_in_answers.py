"""R5, R6, R7 through the whole product: a file that can be read, one that cannot and one that is too large, beside each
other; what the model is given is what `POST …/query` finds."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx2
import pytest

from deploy.local.rabbitmq import NodeHandle
from tests.support import documents, word
from tests.support.system import System, shared_system
from tokenline.core.passages import parse, parse_unread

LIMIT = 200_000
MORE = "It stands at the end of the pier and is known to all who live there. " * 5
SAYS = "The lighthouse is 24 metres high [1], they say [7]."


class Page(BaseHTTPRequestHandler):
    """The same at every address."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Piers</title><h1>Piers</h1><p>The pier is 90 metres long.")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def there() -> Iterator[int]:
    """The port of a site on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def running(broker_node: NodeHandle, tmp_path_factory: pytest.TempPathFactory, there: int) -> Iterator[System]:
    with shared_system(broker_node, tmp_path_factory.mktemp("files")) as system:
        system.scripted_model()
        system.ingest()
        system.worker()
        system.gateway(
            TOKENLINE_UPLOAD_BYTES=str(LIMIT),
            TOKENLINE_FETCH_NETWORKS='["127.0.0.1/32"]',
            TOKENLINE_FETCH_PORTS=f"[{there}]",
        )
        yield system


def test_one_file_fails_beside_another(running: System) -> None:
    chapters = [(title, f"The lighthouse, as seen under {title}. {MORE}") for title in ("Sights", "Trade", "Weather")]
    blocks = [(word.paragraph(title, style="berschrift1"), word.paragraph(text)) for title, text in chapters]
    towers = word.docx(*(block for pair in blocks for block in pair))
    locked = documents.encrypted_pdf("Secret.", user_password="x")
    with running.client() as client:

        def upload(name: str, data: bytes) -> httpx2.Response:
            return client.post("/api/v1/attachments", files={"file": (name, data)})

        large = upload("large.txt", b"x" * (LIMIT + 1))
        files = [upload("towers.docx", towers).json(), upload("locked.pdf", locked).json()]
        assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")
        assert "large.txt" in large.json()["error"]["message"]

        question = json.dumps({"say": SAYS})
        body = {"content": question, "attachment_ids": [file["id"] for file in files], "wait": True}
        said = client.post("/api/v1/chat/messages", json=body).json()
        answer = said["ticket"]["answer"]
        # In the answer …
        assert answer["content"] == SAYS
        [cited] = answer["citations"]
        assert (cited["number"], cited["name"], cited["page"]) == (1, "towers.docx", None)
        assert cited["section"] in dict(chapters)
        assert [file["name"] for file in answer["unread"]] == ["locked.pdf"]
        assert "locked.pdf" in answer["unread"][0]["reason"]
        # … in the message …
        home = answer["conversation_id"]
        [asked, _] = client.get(f"/api/v1/chat/conversations/{home}/messages").json()["items"]
        states = {file["name"]: (file["state"], (file["error"] or {}).get("code")) for file in asked["attachments"]}
        assert states == {"towers.docx": ("indexed", None), "locked.pdf": ("failed", "encrypted")}
        # … and to the model, which was given what a query finds.
        system = running.model_asked()["messages"][0]["content"]
        assert [file.name for file in parse_unread(system)] == ["locked.pdf"]
        found = client.post(f"/api/v1/chat/conversations/{home}/query", json={"query": question}).json()["items"]
        assert len(found) == len(chapters)
        given = [(passage.source, passage.text) for passage in parse(system)]
        assert given == [
            (f"{hit['source']['name']}, section {hit['source']['section']}", hit["content"]) for hit in found
        ]


def test_a_page_of_the_web_is_fetched_read_and_cited(running: System, there: int) -> None:
    with running.client() as client:
        made = client.post("/api/v1/attachments/url", json={"url": f"http://127.0.0.1:{there}/piers"})
        assert made.status_code == 201, made.text
        question = json.dumps({"say": "The pier is 90 metres long [1]."})
        body = {"content": question, "attachment_ids": [made.json()["id"]], "wait": True}
        answer = client.post("/api/v1/chat/messages", json=body).json()["ticket"]["answer"]
        [cited] = answer["citations"]
        assert cited["name"] == "Piers.html"
        assert "90 metres" in cited["passage"]
