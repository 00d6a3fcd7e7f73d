"""A6: on a labelled set of our own (`tests/support/labelled`) the offline model quotes the sentence that answers, from
the right file, word for word. Through the real extraction, passages, search and prompt.

Seen on 24 November 2026: it stands first for 67 of 74 questions (90 %), for 33 of the 37 kept aside (89 %), and among
what is quoted for 68. Before sentences were chosen by what a question asks for it was first for 49 (66 %).
"""

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from tests.support.labelled.library import LabelledLibrary, answers, labelled_library, squeezed
from tests.support.labelled.questions import ANSWERED, HELD_OUT, UNANSWERED, Labelled
from tokenline.contracts.attachments import Passage
from tokenline.core.citations import cited
from tokenline.core.passages import render
from tokenline.core.ports.model import ChatTurn
from tokenline.offline_model.reply import NOTHING_FITS, NOTHING_SHARED, SIGNATURE, reply

FIRST = 0.87
FIRST_HELD_OUT = 0.83
"""A little below what was seen."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def library(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LabelledLibrary]:
    async with labelled_library(tmp_path_factory.mktemp("labelled")) as opened:
        yield opened


async def said(library: LabelledLibrary, question: str) -> tuple[str, list[Passage]]:
    """The answer, and the passages that were given."""
    passages = await library.search(question, 5)
    turns = [ChatTurn(role="system", content=render(passages)), ChatTurn(role="user", content=question)]
    return reply(turns), passages


def quotes(answer: str) -> list[str]:
    return [paragraph for paragraph in answer.split("\n\n") if paragraph.startswith("“")]


def right(quote: str, question: Labelled) -> bool:
    sentence, _, source = quote.rpartition("” [")
    return question.says in squeezed(sentence) and f"({question.file}" in source


async def share_first(library: LabelledLibrary, questions: Sequence[Labelled]) -> float:
    firsts = []
    for question in questions:
        answer, _ = await said(library, question.asked)
        firsts.append(any(right(quote, question) for quote in quotes(answer)[:1]))
    return sum(firsts) / len(firsts)


async def test_the_set_is_one(library: LabelledLibrary) -> None:
    for question in ANSWERED:
        assert any(answers(passage, question) for passage in library.passages), question
    assert len({question.file for question in ANSWERED}) == 13


async def test_the_right_sentence_is_quoted_first(library: LabelledLibrary) -> None:
    assert await share_first(library, ANSWERED) >= FIRST


async def test_also_for_questions_that_nobody_tuned_it_for(library: LabelledLibrary) -> None:
    assert await share_first(library, HELD_OUT) >= FIRST_HELD_OUT


async def test_every_quote_is_word_for_word_and_its_citation_leads_to_it(library: LabelledLibrary) -> None:
    for question in ANSWERED:
        answer, passages = await said(library, question.asked)
        assert answer.endswith(SIGNATURE)
        citations = {one.number: one for one in cited(answer, passages)}
        for quote in quotes(answer):
            sentence, _, source = quote.removeprefix("“").rpartition("” [")
            citation = citations[int(source.split("]")[0])]
            assert squeezed(sentence) in squeezed(citation.passage)
            assert source.split("(", 1)[1].startswith(citation.name)


def nothing_fits(answer: str) -> bool:
    return answer.startswith((NOTHING_SHARED, NOTHING_FITS))


async def test_what_is_not_in_the_files_is_not_answered(library: LabelledLibrary) -> None:
    """14 of 16: an insurance is in the files, though not for teeth, and trains are, though not for a marathon."""
    told = [nothing_fits((await said(library, question))[0]) for question in UNANSWERED]
    assert sum(told) >= 0.8 * len(told)


async def test_what_is_in_them_is_seldom_called_a_bad_fit(library: LabelledLibrary) -> None:
    """Of 74 questions 5, and then the sentence that is shown is mostly right."""
    told = [nothing_fits((await said(library, question.asked))[0]) for question in ANSWERED]
    assert sum(told) <= 0.1 * len(told)
