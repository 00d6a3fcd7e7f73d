"""What every vector index keeps, on each engine."""

import pytest
from msgspec.structs import replace

from tests.contract.vectors.conftest import HYBRID, WORDS
from tokenline.contracts.errors import Misconfigured
from tokenline.core.ports.vectors import Chunk, Listed

# The client's local mode says that payload indexes do nothing there; the server's do.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant:UserWarning")

ANNA, BERT = "anna", "bert"


def chunk(attachment, content, start=0, page=1):
    return Chunk(
        attachment_id=attachment,
        name=f"{attachment}.pdf",
        page=page,
        start=start,
        end=start + len(content),
        content=content,
    )


async def contents(index, owner, attachments, query, top_k=5, dense=None):
    return [hit.content for hit in await index.search(owner, attachments, query, dense, top_k)]


async def test_a_hit_carries_its_source(index):
    await index.upsert(ANNA, [chunk("a1", "The budget is four million.", start=120, page=7)], None)
    (hit,) = await index.search(ANNA, ["a1"], "budget", None, 5)
    assert (hit.attachment_id, hit.name, hit.page, hit.start, hit.end) == ("a1", "a1.pdf", 7, 120, 147)
    assert hit.content == "The budget is four million."
    assert hit.similarity == 1.0


async def test_best_first_with_falling_similarity_and_no_more_than_asked(index):
    texts = [
        "Nothing of interest stands here.",
        "The reactor is cooled with water.",
        "The reactor pump failed, so the reactor pump was replaced.",
        "A pump.",
    ]
    await index.upsert(ANNA, [chunk("a1", text, start=100 * n) for n, text in enumerate(texts)], None)
    hits = await index.search(ANNA, ["a1"], "Which reactor pump failed?", None, 5)
    assert hits[0].content == texts[2]
    assert texts[0] not in [hit.content for hit in hits]
    similarities = [hit.similarity for hit in hits]
    assert similarities == sorted(similarities, reverse=True)
    assert all(0 < similarity <= 1 for similarity in similarities)
    assert len(await index.search(ANNA, ["a1"], "reactor pump", None, 2)) == 2


async def test_writing_twice_changes_nothing(index):
    chunks = [chunk("a1", f"The valve number {n} is open.", start=100 * n) for n in range(3)]
    for _ in range(2):
        await index.upsert(ANNA, chunks, None)
    assert len(await index.search(ANNA, ["a1"], "valve", None, 10)) == 3


async def test_a_foreign_owner_gets_nothing(index):
    await index.upsert(ANNA, [chunk("a1", "Anna's secret is a pangolin.")], None)
    await index.upsert(BERT, [chunk("b1", "Bert owns a bicycle.")], None)
    assert await contents(index, BERT, ["a1"], "pangolin") == []
    assert await contents(index, BERT, ["a1", "b1"], "secret pangolin bicycle") == ["Bert owns a bicycle."]


async def test_only_the_given_attachments(index):
    await index.upsert(ANNA, [chunk("a1", "A pangolin in one file."), chunk("a2", "A pangolin in another file.")], None)
    assert await contents(index, ANNA, ["a2"], "pangolin") == ["A pangolin in another file."]
    assert await contents(index, ANNA, [], "pangolin") == []
    assert await contents(index, ANNA, ["a1", "a1", "missing"], "pangolin") == ["A pangolin in one file."]


async def test_filtered_before_ranking(index):
    """A thousand better hits of others leave the owner's only one where it belongs: in the answer."""
    await index.upsert(BERT, [chunk("b1", "pangolin " * 9, start=100 * n) for n in range(1000)], None)
    await index.upsert(ANNA, [chunk("a1", "Somewhere in this long sentence there is also a pangolin.")], None)
    assert len(await contents(index, ANNA, ["a1"], "pangolin", top_k=1)) == 1


async def test_others_files_are_not_felt_in_the_ranking(index):
    mine = [chunk("a1", "alpha alpha beta"), chunk("a1", "beta gamma gamma", start=100)]
    await index.upsert(ANNA, mine, None)
    before = await index.search(ANNA, ["a1"], "alpha gamma", None, 5)
    await index.upsert(BERT, [chunk("b1", "gamma", start=10 * n) for n in range(200)], None)
    assert await index.search(ANNA, ["a1"], "alpha gamma", None, 5) == before


async def test_delete_only_the_owners_and_only_the_given(index):
    await index.upsert(ANNA, [chunk("a1", "A pangolin."), chunk("a2", "One more pangolin.")], None)
    await index.delete(BERT, ["a1"])
    assert len(await contents(index, ANNA, ["a1"], "pangolin")) == 1
    await index.delete(ANNA, ["a1", "missing"])
    await index.delete(ANNA, [])
    assert await contents(index, ANNA, ["a1", "a2"], "pangolin") == ["One more pangolin."]


async def test_survives_a_restart(open_index):
    index = await open_index(WORDS)
    await index.upsert(ANNA, [chunk("a1", "A pangolin.")], None)
    index = await open_index(WORDS)
    assert await contents(index, ANNA, ["a1"], "pangolin") == ["A pangolin."]
    await index.delete(ANNA, ["a1"])
    index = await open_index(WORDS)
    assert await contents(index, ANNA, ["a1"], "pangolin") == []


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("東京は日本の首都です。富士山は高い。", "日本の首都はどこですか"),
        ("北京是中国的首都，人口超过两千万。", "中国的首都"),
        ("서울은 대한민국의 수도이다.", "대한민국의 수도"),
        ("Die Straße nach Köln ist gesperrt.", "strasse koln"),
        ("Les modèles sont entraînés la nuit.", "modeles"),
        ("The engineers were running tests.", "run test"),
    ],
)
async def test_languages(index, text, query):
    await index.upsert(ANNA, [chunk("a1", text), chunk("a1", "Completely different words.", start=500)], None)
    assert await contents(index, ANNA, ["a1"], query) == [text]


@pytest.mark.parametrize("query", ["", "   ", "the of and", "?!", "zzzzz", "\x00", "pangolin" * 5000])
async def test_queries_that_find_nothing(index, query):
    await index.upsert(ANNA, [chunk("a1", "A pangolin.")], None)
    assert await contents(index, ANNA, ["a1"], query) == []


async def openings(index, owner, attachments, top_k=5):
    return [hit.content for hit in await index.opening(owner, attachments, top_k)]


async def test_openings_stand_in_the_order_of_files_and_text(index):
    """Written backwards, asked for backwards: places go round the files, and what one cannot fill others get."""
    for file in ("a1", "a2", "a3"):
        length = 1 if file == "a2" else 40
        await index.upsert(ANNA, [chunk(file, f"{file} {n}", start=100 * n) for n in reversed(range(length))], None)
    assert await openings(index, ANNA, ["a3", "a2", "a1"]) == ["a3 0", "a3 1", "a2 0", "a1 0", "a1 1"]
    assert await openings(index, ANNA, ["a3", "a2", "a1"], top_k=2) == ["a3 0", "a2 0"]
    assert await openings(index, ANNA, ["a1"], top_k=12) == [f"a1 {n}" for n in range(12)]
    assert await openings(index, ANNA, ["a2", "missing", "a2"], top_k=2) == ["a2 0"]
    assert await openings(index, ANNA, []) == []


async def test_an_opening_carries_its_source_and_is_similar_to_nothing(index):
    await index.upsert(ANNA, [chunk("a1", "The budget is four million.", start=120, page=7)], None)
    (hit,) = await index.opening(ANNA, ["a1"], 5)
    assert (hit.attachment_id, hit.name, hit.page, hit.start, hit.end) == ("a1", "a1.pdf", 7, 120, 147)
    assert hit.similarity == 0.0


async def test_openings_are_the_owners_only(index):
    await index.upsert(ANNA, [chunk("a1", "Anna's secret is a pangolin.")], None)
    await index.upsert(BERT, [chunk("b1", "Bert owns a bicycle.")], None)
    assert await openings(index, BERT, ["a1", "b1"]) == ["Bert owns a bicycle."]


async def test_openings_after_a_restart_and_without_the_deleted(open_index):
    index = await open_index(WORDS)
    await index.upsert(ANNA, [chunk("a1", "A pangolin."), chunk("a2", "A bicycle.")], None)
    index = await open_index(WORDS)
    await index.delete(ANNA, ["a1"])
    assert await openings(index, ANNA, ["a1", "a2"]) == ["A bicycle."]


async def test_dense_and_keyword_are_fused(open_index):
    """First in both beats first in one; a passage that only one ranking knows is still found."""
    index = await open_index(HYBRID)
    chunks = [
        chunk("a1", "The cat sat down.", start=0),
        chunk("a1", "A feline took a seat.", start=100),
        chunk("a1", "Stock prices fell. One cat fell, too.", start=200),
    ]
    await index.upsert(ANNA, chunks, [[1, 0, 0], [0.9, 0.1, 0], [0, 0, 1]])
    hits = await index.search(ANNA, ["a1"], "cat sat", [1, 0, 0], 3)
    assert hits[0].content == chunks[0].content
    assert hits[0].similarity == pytest.approx(1.0)
    assert {hit.content for hit in hits} == {chunk.content for chunk in chunks}
    only_dense = await index.search(ANNA, ["a1"], "the of", [0, 0, 1], 1)
    assert only_dense[0].content == chunks[2].content


async def test_dense_vectors_are_filtered_too(open_index):
    index = await open_index(HYBRID)
    await index.upsert(BERT, [chunk("b1", f"Bert {n}", start=10 * n) for n in range(100)], [[1, 0, 0]] * 100)
    await index.upsert(ANNA, [chunk("a1", "Anna"), chunk("a2", "Anna too")], [[0, 1, 0], [1, 0, 0]])
    assert await contents(index, ANNA, ["a1", "b1"], "", dense=[1, 0, 0]) == ["Anna"]


async def test_vectors_of_another_model_are_refused(open_index):
    index = await open_index(HYBRID)
    with pytest.raises(Misconfigured, match="3 dimensions"):
        await index.upsert(ANNA, [chunk("a1", "x")], [[1, 0]])
    with pytest.raises(Misconfigured):
        await index.upsert(ANNA, [chunk("a1", "x")], [[1, 0, 0, 0]])


async def test_passages_without_a_dense_vector_are_found_by_their_words(open_index):
    """While a former model cannot be asked."""
    index = await open_index(HYBRID)
    await index.upsert(ANNA, [chunk("a1", "A pangolin.")], [[1, 0, 0]])
    await index.upsert(ANNA, [chunk("a1", "A bicycle.", start=100)], None)
    assert await contents(index, ANNA, ["a1"], "bicycle") == ["A bicycle."]
    assert await contents(index, ANNA, ["a1"], "bicycle", dense=[0, 1, 0], top_k=1) == ["A bicycle."]


async def test_a_copy_is_found_as_what_was_written_and_outlives_it(open_index):
    """More passages than are copied at a time, without and with a vector of the model."""
    index = await open_index(HYBRID)
    chunks = [chunk("a1", f"The valve number {n} is open.", start=100 * n, page=n) for n in range(150)]
    await index.upsert(ANNA, chunks[:100], [[1, n / 100, 0] for n in range(100)])
    await index.upsert(ANNA, chunks[100:], None)
    for _ in range(2):
        assert await index.copy(ANNA, "a1", "a2", "again.pdf") == 150
    await index.settle()
    index = await open_index(HYBRID)
    for query, dense in (("valve", None), ("", [1, 0.4, 0])):
        asked = query, dense, 200
        before = sorted(await index.search(ANNA, ["a1"], *asked), key=place)
        after = sorted(await index.search(ANNA, ["a2"], *asked), key=place)
        assert [hit.similarity for hit in after] == pytest.approx([hit.similarity for hit in before])
        as_written = [replace(hit, similarity=0.0, attachment_id="a1", name="a1.pdf") for hit in after]
        assert as_written == [replace(hit, similarity=0.0) for hit in before]
        assert {(hit.attachment_id, hit.name) for hit in after} == {("a2", "again.pdf")}
        assert len(after) == (100 if dense else 150)
    await index.delete(ANNA, ["a1"])
    assert len(await openings(index, ANNA, ["a2"], 200)) == 150
    # Written anew it is no other: the points are those that reading it would have given.
    await index.upsert(ANNA, [replace(one, attachment_id="a2") for one in chunks], None)
    assert len(await openings(index, ANNA, ["a2"], 200)) == 150


def place(hit):
    return hit.start


async def test_nothing_of_others_is_copied(index):
    await index.upsert(ANNA, [chunk("a1", "Anna's secret is a pangolin.")], None)
    assert await index.copy(BERT, "a1", "b1", "b1.pdf") == 0
    assert await index.copy(ANNA, "missing", "a2", "a2.pdf") == 0
    assert await openings(index, BERT, ["a1", "b1"]) == []
    assert await openings(index, ANNA, ["a2", "b1"]) == []


async def test_a_passage_without_a_vector_is_found_by_its_words_alone(open_index):
    index = await open_index(HYBRID)
    chunks = [chunk("a1", "A pangolin."), chunk("a1", "A bicycle.", start=100)]
    await index.upsert(ANNA, chunks, [[1, 0, 0], None])
    assert await contents(index, ANNA, ["a1"], "", dense=[1, 0, 0]) == ["A pangolin."]
    assert await contents(index, ANNA, ["a1"], "bicycle", dense=None) == ["A bicycle."]


async def test_whose_files_the_points_are_of_comes_page_by_page(index):
    """R9: what nobody has can be found, however many points there are."""
    for owner, file, passages in ((ANNA, "a1", 7), (ANNA, "a2", 1), (BERT, "b1", 5)):
        await index.upsert(owner, [chunk(file, f"Passage {n}.", start=100 * n) for n in range(passages)], None)
    pages: list[Listed] = []
    cursor = None
    while not pages or cursor is not None:
        pages.append(await index.listed(cursor, 4))
        cursor = pages[-1].next
    assert [page.points for page in pages] == [4, 4, 4, 1]
    assert frozenset().union(*(page.files for page in pages)) == {(ANNA, "a1"), (ANNA, "a2"), (BERT, "b1")}


async def test_a_page_goes_on_where_points_were_deleted(index):
    files = [f"a{n}" for n in range(6)]
    for file in files:
        await index.upsert(ANNA, [chunk(file, "Words.")], None)
    first = await index.listed(None, 3)
    rest = {file for _, file in (await index.listed(first.next, 10)).files}
    gone = min(rest)
    await index.delete(ANNA, [gone])
    again = await index.listed(first.next, 10)
    assert {file for _, file in again.files} == rest - {gone}
    assert again.next is None
    await index.delete(ANNA, files)
    assert await index.listed(None, 10) == Listed(files=frozenset(), points=0, next=None)
