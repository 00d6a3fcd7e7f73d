"""From a job in RabbitMQ to a search hit, and everything that may go wrong on the way."""

import asyncio

import msgspec
import pytest

from services.ingest import jobs as jobs_module
from services.ingest.chunk import cut
from services.ingest.extract.sandbox import SandboxLost
from services.ingest.index import BATCH
from services.ingest.passages import chunks_of
from tests.support import documents, word
from tests.support.drafts import a_question, a_ticket
from tests.support.ingest import Ingest
from tests.support.pictures import enormous_png, picture
from tokenline.contracts.attachments import AttachmentKind, AttachmentState, PictureInfo
from tokenline.contracts.errors import SearchUnavailable, StorageFull
from tokenline.contracts.texts import ExtractedText
from tokenline.contracts.tickets import HoldReason, TicketState
from tokenline.core.file_keys import file_key, text_key, thumbnail_key, view_key

PAGES = ["The budget for 2026 is four million euros.", "Pangolins sleep during the day.", "The end."]


def code_of(attachment):
    return None if attachment.error is None else attachment.error.code


async def test_from_job_to_hit_with_page(ingest):
    conversation = await ingest.conversation()
    attachment = await ingest.upload(documents.pdf(PAGES), "report.pdf", conversation)
    ended = await ingest.ended(attachment)
    assert (ended.state, ended.pages, ended.chunks) == (AttachmentState.INDEXED, 3, 3)
    (hit,) = await ingest.search(conversation, "When do pangolins sleep?")
    assert (hit.attachment_id, hit.name, hit.page) == (attachment.id, "report.pdf", 2)
    assert "Pangolins sleep" in hit.content
    states = [told.state for told in ingest.events if told.id == attachment.id]
    assert states == ["extracting", "embedding", "indexed"]
    assert all(told.progress is None for told in ingest.events)  # a short file says nothing in between
    stored = await ingest.deps.store.get_attachment(attachment.id)
    assert stored == ended
    assert await ingest.waiting() == 0


async def test_failures_name_file_and_reason_and_fail_nothing_else(ingest):
    conversation = await ingest.conversation()
    locked = await ingest.upload(documents.encrypted_pdf("x", user_password="y"), "locked.pdf", conversation)
    broken = await ingest.upload(documents.corrupted_pdf(), "broken.pdf", conversation)
    empty = await ingest.upload(documents.empty_pdf(), "scan.pdf", conversation)
    archive = await ingest.upload(word.archive({"a": "b"}), "holiday.pdf", conversation)
    good = await ingest.upload(documents.pdf(PAGES), "good.pdf", conversation)
    for attachment, code in (
        (locked, "encrypted"),
        (broken, "corrupted"),
        (empty, "no_text"),
        (archive, "unsupported_type"),
    ):
        ended = await ingest.ended(attachment)
        assert ended.state is AttachmentState.FAILED
        assert ended.error.code == code
        assert attachment.name in ended.error.message
    assert (await ingest.ended(good)).state is AttachmentState.INDEXED


async def test_a_bomb_is_ended_and_the_service_goes_on(tmp_path, amqp_url):
    """B7, B8: through the queue, with the others waiting behind it."""
    async with Ingest(tmp_path, amqp_url, extract_cpu_s=1, pdf_reader="pypdf") as ingest:
        conversation = await ingest.conversation()
        bombs = [
            await ingest.upload(documents.slow_pdf(), "slow.pdf", conversation),
            await ingest.upload(documents.hungry_pdf(), "hungry.pdf", conversation),
            await ingest.upload(documents.inflating_pdf(50_000_000), "inflating.pdf", conversation),
            await ingest.upload(documents.nested_pdf(), "nested.pdf", conversation),
            await ingest.upload(word.bomb(150), "bomb.docx", conversation),
            await ingest.upload(enormous_png(), "enormous.png", conversation),
        ]
        good = await ingest.upload(documents.pdf(PAGES), "good.pdf", conversation)
        for bomb in bombs:
            ended = await ingest.ended(bomb)
            assert (ended.state, code_of(ended)) == (AttachmentState.FAILED, "too_complex")
        assert (await ingest.ended(good)).state is AttachmentState.INDEXED
        ready = await ingest.http.get("/readyz")
        assert ready.status_code == 200, ready.text
        assert len(await ingest.search(conversation, "pangolins")) == 1


async def test_a_job_delivered_twice_is_done_once(ingest):
    conversation = await ingest.conversation()
    attachment = await ingest.upload(documents.pdf(PAGES), "report.pdf", conversation)
    await ingest.publish(attachment)
    await ingest.ended(attachment)
    await ingest.publish(attachment)
    marker = await ingest.upload(b"Marker.", "marker.txt", conversation)
    await ingest.ended(marker)
    assert [told.state for told in ingest.events if told.id == attachment.id].count("extracting") == 1
    assert len(await ingest.search(conversation, "pangolins budget end", top_k=10)) == 3


async def test_a_lost_job_is_found(ingest):
    """Older than the sweep's patience, and never in the queue."""
    conversation = await ingest.conversation()
    attachment = await ingest.upload(b"Nobody told ingest.", "lost.txt", conversation, publish=False, age_s=60)
    assert (await ingest.ended(attachment)).state is AttachmentState.INDEXED


async def test_malformed_jobs_go_to_the_dead_letters(ingest):
    await ingest.publish_raw(b"not a job")
    conversation = await ingest.conversation()
    attachment = await ingest.upload(b"Still fine.", "a.txt", conversation)
    assert (await ingest.ended(attachment)).state is AttachmentState.INDEXED


async def test_work_that_was_cut_off_is_done_after_the_restart(tmp_path, amqp_url):
    """The job was in hand, unacknowledged; its lease has to run out."""
    async with Ingest(tmp_path, amqp_url) as ingest:
        conversation = await ingest.conversation()
        attachment = await ingest.upload(documents.slow_pdf(), "slow.pdf", conversation)
        await ingest.told(attachment, AttachmentState.EXTRACTING)
    async with Ingest(tmp_path, amqp_url, extract_cpu_s=1, pdf_reader="pypdf") as ingest:
        assert code_of(await ingest.ended(attachment)) == "too_complex"


async def test_an_outage_of_the_index_is_waited_out(ingest, monkeypatch):
    monkeypatch.setattr(jobs_module, "RETRY_S", (0.01,))
    upsert = ingest.deps.vectors.upsert
    failures = iter([SearchUnavailable(), SearchUnavailable()])

    async def failing(*args):
        for failure in failures:
            raise failure
        return await upsert(*args)

    monkeypatch.setattr(ingest.deps.vectors, "upsert", failing)
    conversation = await ingest.conversation()
    attachment = await ingest.upload(b"Patience is a virtue.", "a.txt", conversation)
    assert (await ingest.ended(attachment)).state is AttachmentState.INDEXED
    assert len(await ingest.search(conversation, "patience")) == 1


async def test_a_full_disk_is_waited_out_with_the_text_and_with_the_small_picture(ingest, monkeypatch):
    monkeypatch.setattr(jobs_module, "RETRY_S", (0.01,))
    put, full = ingest.deps.files.put, []

    async def refusing_each_once(key, chunks):
        if key.startswith(("texts/", "thumbnails/", "views/")) and key not in full:
            full.append(key)
            raise StorageFull
        return await put(key, chunks)

    monkeypatch.setattr(ingest.deps.files, "put", refusing_each_once)
    conversation = await ingest.conversation()
    text = await ingest.upload(b"Patience is a virtue.", "a.txt", conversation)
    photo = await ingest.upload(picture(), "a.png", conversation)
    for attachment, key in ((text, text_key(text.id)), (photo, thumbnail_key(photo.id)), (photo, view_key(photo.id))):
        assert (await ingest.ended(attachment)).state is AttachmentState.INDEXED
        assert key in full
        assert await ingest.stored(key) is not None


async def test_a_long_file_is_settled_once_and_before_it_counts_as_indexed(ingest, monkeypatch):
    conversation = await ingest.conversation()
    vectors, seen = ingest.deps.vectors, []

    async def settled():
        seen.append((await ingest.deps.store.get_attachment(attachment.id)).state)

    monkeypatch.setattr(vectors, "settle", settled)
    text = "\n\n".join(f"Paragraph {number}. " + "Words of it. " * 70 for number in range(BATCH + 1))
    attachment = await ingest.upload(text.encode(), "long.txt", conversation)
    assert (await ingest.ended(attachment)).chunks > BATCH
    assert seen == [AttachmentState.EMBEDDING]


async def test_a_file_that_is_gone(ingest):
    conversation = await ingest.conversation()
    attachment = await ingest.upload(b"x", "gone.txt", conversation, publish=False)
    await ingest.deps.files.delete(file_key(attachment.id))
    await ingest.publish(attachment)
    ended = await ingest.ended(attachment)
    assert (ended.state, ended.error.code) == (AttachmentState.FAILED, "not_found")
    assert "gone.txt" in ended.error.message


async def test_a_question_held_for_its_file_is_let_go(ingest):
    store, clock = ingest.deps.store, ingest.deps.clock
    conversation = await ingest.conversation()
    attachment = await ingest.upload(documents.pdf(PAGES), "report.pdf", conversation, publish=False)
    draft = a_ticket(clock, conversation)
    question = a_question(clock, draft, attachment_ids=(attachment.id,))
    accepted = await store.accept(draft, question, conversation, user_limit=2, pool_limit=100, now=clock.now())
    assert (accepted.ticket.state, accepted.ticket.hold_reason) == (TicketState.HELD, HoldReason.INDEXING)
    released = asyncio.Event()
    release = ingest.deps.line.release

    async def watched(owner):
        done = await release(owner)
        released.set()
        return done

    ingest.deps.line.release = watched
    await ingest.publish(attachment)
    await released.wait()
    ticket = await store.get_ticket(accepted.ticket.id)
    assert ticket.state is TicketState.QUEUED


async def test_binding_to_a_conversation_while_reading_is_kept(ingest):
    conversation = await ingest.conversation()
    attachment = await ingest.upload(documents.pdf(PAGES * 20), "report.pdf", conversation)
    ended = await ingest.ended(attachment)
    assert ended.conversation_id == conversation.id


async def test_only_the_owner_and_only_with_the_token(ingest):
    """B5: somebody else's conversation answers as a missing one."""
    mine = await ingest.conversation("ann")
    theirs = await ingest.conversation("bob")
    await ingest.ended(await ingest.upload(b"Ann's secret is a pangolin.", "a.txt", mine))
    body = {"owner_id": "bob", "conversation_id": mine.id, "query": "pangolin", "top_k": 5}
    foreign = await ingest.http.post("/search", json=body)
    missing = await ingest.http.post("/search", json={**body, "conversation_id": mine.id.upper() + "x"})
    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert await ingest.search(theirs, "pangolin") == ()
    for headers in ({"authorization": ""}, {"authorization": "Bearer wrong"}):
        for path in ("/search", "/delete"):
            answer = await ingest.http.post(path, json=body, headers=headers)
            assert answer.status_code == 401
    assert (await ingest.http.post("/search", content=b"{")).status_code == 400
    assert (await ingest.http.post("/search", content=b" " * 70_000)).status_code == 413


async def test_a_question_that_finds_nothing_gets_the_openings_of_the_files(ingest):
    conversation = await ingest.conversation()
    for name, pages in (("report.pdf", PAGES), ("locked.pdf", None), ("note.pdf", ["A note on bicycles."])):
        data = documents.pdf(pages) if pages else documents.encrypted_pdf("x", user_password="y")
        await ingest.ended(await ingest.upload(data, name, conversation))
    for question in ("Summarise this file", "What is it about?", ""):
        hits = await ingest.search(conversation, question, top_k=3, opening=True)
        assert [(hit.name, hit.page) for hit in hits] == [("report.pdf", 1), ("report.pdf", 2), ("note.pdf", 1)]
        assert {hit.similarity for hit in hits} == {0.0}
        assert await ingest.search(conversation, question) == ()
    (hit,) = await ingest.search(conversation, "pangolins", opening=True)
    assert (hit.page, hit.similarity) == (2, 1.0)
    assert await ingest.search(await ingest.conversation(), "What is it about?", opening=True) == ()


async def test_a_picture_is_indexed_without_passages_and_has_a_small_one(ingest):
    conversation = await ingest.conversation()
    attachment = await ingest.upload(picture("JPEG", (1000, 500), orientation=6), "holiday.jpg", conversation)
    ended = await ingest.ended(attachment)
    assert (ended.state, ended.kind, ended.chunks) == (AttachmentState.INDEXED, AttachmentKind.IMAGE, 0)
    assert ended.picture == PictureInfo(width=500, height=1000, thumbnail=True, view=True)
    assert (await ingest.stored(thumbnail_key(attachment.id)))[8:12] == b"WEBP"
    assert (await ingest.stored(view_key(attachment.id)))[:3] == b"\xff\xd8\xff"
    assert await ingest.stored(text_key(attachment.id)) is None


async def test_the_text_is_kept_beside_the_file(ingest):
    """What a passage says it is stands at its offsets in the kept text: nobody needs to read the file again."""
    conversation = await ingest.conversation()
    blocks = [word.paragraph("Animals", style="berschrift1"), word.paragraph("Pangolins sleep during the day.")]
    attachment = await ingest.upload(word.docx(*blocks, title="On animals"), "animals.docx", conversation)
    ended = await ingest.ended(attachment)
    assert (ended.kind, ended.document.title) == (AttachmentKind.DOCUMENT, "On animals")
    (hit,) = await ingest.search(conversation, "pangolins")
    assert hit.section == "Animals"
    kept = msgspec.msgpack.decode(await ingest.stored(text_key(attachment.id)), type=ExtractedText)
    assert kept.text[hit.start : hit.end] == hit.content
    assert [chunk.content for chunk in chunks_of(ended, kept, cut(kept))] == [hit.content]
    own = {"owner_id": "ann", "attachment_ids": [attachment.id]}
    foreign = {**own, "owner_id": "bob"}
    assert (await ingest.http.post("/delete", json=foreign)).status_code == 204
    assert await ingest.stored(text_key(attachment.id)) is not None
    assert (await ingest.http.post("/delete", json=own)).status_code == 204
    assert await ingest.stored(text_key(attachment.id)) is None


async def test_pages_without_text_are_named(ingest):
    conversation = await ingest.conversation()
    data = documents.pdf(["Words.", "", "", "More words."])
    ended = await ingest.ended(await ingest.upload(data, "mixed.pdf", conversation))
    assert (ended.state, ended.pages, ended.warning) == (AttachmentState.INDEXED, 4, "Pages 2–3 have no text.")


async def test_a_long_file_says_how_far_it_is(tmp_path, amqp_url, monkeypatch):
    monkeypatch.setattr("services.ingest.progress.TELL_S", 0.01)
    async with Ingest(tmp_path, amqp_url, extract_cpu_s=3, pdf_reader="pypdf") as ingest:
        conversation = await ingest.conversation()
        attachment = await ingest.upload(documents.slow_pdf(), "slow.pdf", conversation)
        await ingest.ended(attachment)
        steps = [event.progress for event in ingest.events if event.progress is not None]
        assert steps
        assert all(step.of == 1000 and 0 < step.share < 0.5 for step in steps)
        stored = await ingest.deps.store.get_attachment(attachment.id)
        assert stored is not None
        assert stored.progress is None


async def test_a_file_that_takes_the_nursery_down_is_given_up(ingest, monkeypatch):
    monkeypatch.setattr(jobs_module, "RETRY_S", (0.01,))
    conversation = await ingest.conversation()

    async def lost(*_):
        raise SandboxLost

    monkeypatch.setattr(ingest.deps.sandbox, "extract", lost)
    attachment = await ingest.upload(b"Deadly.", "deadly.pdf", conversation)
    assert code_of(await ingest.ended(attachment)) == "too_complex"


async def test_forgotten_files_are_not_found_any_more(ingest):
    conversation = await ingest.conversation()
    attachment = await ingest.upload(documents.pdf(PAGES), "report.pdf", conversation)
    await ingest.ended(attachment)
    foreign = {"owner_id": "bob", "attachment_ids": [attachment.id]}
    assert (await ingest.http.post("/delete", json=foreign)).status_code == 204
    assert len(await ingest.search(conversation, "pangolins")) == 1
    own = {"owner_id": "ann", "attachment_ids": [attachment.id]}
    for _ in range(2):
        assert (await ingest.http.post("/delete", json=own)).status_code == 204
    assert await ingest.search(conversation, "pangolins") == ()


async def test_deleting_while_reading_leaves_nothing(ingest):
    conversation = await ingest.conversation()
    attachment = await ingest.upload(documents.slow_pdf(), "slow.pdf", conversation)
    await ingest.told(attachment, AttachmentState.EXTRACTING)
    own = {"owner_id": "ann", "attachment_ids": [attachment.id]}
    assert (await ingest.http.post("/delete", json=own)).status_code == 204
    await ingest.deps.store.delete_attachment(attachment.id)
    after = await ingest.upload(b"The next one.", "next.txt", conversation)
    assert (await ingest.ended(after)).state is AttachmentState.INDEXED
    assert await ingest.waiting() == 0
    assert {told.state for told in ingest.events if told.id == attachment.id} == {"extracting"}


async def test_a_frozen_reader_leaves_the_passages_of_the_one_who_took_its_file(tmp_path, amqp_url, monkeypatch):
    async with Ingest(tmp_path, amqp_url, parallel=1) as ingest:
        conversation = await ingest.conversation()
        store, write = ingest.deps.store, ingest.deps.vectors.upsert

        async def meanwhile_another_ended_it(*args):
            number = await write(*args)
            current = await store.get_attachment(attachment.id)
            assert current is not None
            ended = msgspec.structs.replace(current, state=AttachmentState.INDEXED, version=current.version + 1)
            assert await store.replace_attachment(ended)
            return number

        monkeypatch.setattr(ingest.deps.vectors, "upsert", meanwhile_another_ended_it)
        attachment = await ingest.upload(b"Patience is a virtue.", "a.txt", conversation)
        await ingest.ended(await ingest.upload(b"", "after_it.txt", conversation))
        assert len(await ingest.search(conversation, "patience")) == 1


async def test_probes_and_metrics(ingest):
    conversation = await ingest.conversation()
    await ingest.ended(await ingest.upload(b"Some words.", "a.txt", conversation))
    await ingest.search(conversation, "words")
    assert (await ingest.http.get("/healthz")).status_code == 200
    assert (await ingest.http.get("/readyz")).json()["checks"] == {"broker": "ok", "store": "ok", "sandbox": "ok"}
    metrics = (await ingest.http.get("/metrics")).text
    assert 'tokenline_ingest_files_total{outcome="indexed"} 1.0' in metrics
    assert 'tokenline_ingest_stage_seconds_count{stage="extract"} 1.0' in metrics
    assert "tokenline_search_seconds_count 1.0" in metrics
    assert conversation.id not in metrics


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b", "<script>alert(1)</script>.pdf", "x" * 500])
async def test_names_are_only_shown(ingest, name):
    conversation = await ingest.conversation()
    attachment = await ingest.upload(b"Some words.", name, conversation)
    assert (await ingest.ended(attachment)).state is AttachmentState.INDEXED
    (hit,) = await ingest.search(conversation, "words")
    assert hit.name == name


async def test_what_was_made_of_a_picture_goes_with_it(ingest):
    attachment = await ingest.upload(picture(), "a.png", await ingest.conversation())
    await ingest.ended(attachment)
    own = {"owner_id": "ann", "attachment_ids": [attachment.id]}
    assert (await ingest.http.post("/delete", json=own)).status_code == 204
    assert [await ingest.stored(key(attachment.id)) for key in (thumbnail_key, view_key)] == [None, None]
