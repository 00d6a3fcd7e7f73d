"""CSV and JSON: every passage says which columns and which path its values have."""

import json
import time

import pytest

from services.ingest.chunk import cut
from services.ingest.extract.readers import read
from services.ingest.extract.source import Source
from tokenline.contracts.errors import TooLarge


def text_of(data, name):
    return read(Source(data if isinstance(data, bytes) else data.encode(), name)).text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter(delimiter):
    rows = [["name", "note"], ["Ann", "hello, you; there"], ["Bob", "x"]]
    data = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert text_of(data, "a.csv").text == ("| name | note |\n| --- | --- |\n| Ann | hello, you; there |\n| Bob | x |")


def test_the_header_stands_in_every_passage():
    data = "city,inhabitants\n" + "".join(f"Town {n},{n * 1000}\n" for n in range(500))
    text = text_of(data, "towns.csv")
    passages = [text.text[start:end] for start, end in cut(text)]
    assert len(passages) > 10
    assert all(passage.startswith("| city | inhabitants |\n") for passage in passages)
    assert sum(passage.count("| Town ") for passage in passages) == 500


def test_a_table_without_a_header():
    text = text_of("1,2\n3,4\n", "a.csv").text
    assert text == "| 1 | 2 |\n| 3 | 4 |"


def test_wide_rows_name_their_columns():
    names = [f"column number {n}" for n in range(40)]
    text = text_of(",".join(names) + "\n" + ",".join("v" if n % 2 else "" for n in range(40)) + "\n", "wide.csv").text
    assert text.startswith("column number 1: v; column number 3: v")


def test_what_is_no_table_is_text():
    assert text_of("Just words\nand more.", "a.csv").text == "Just words\nand more."
    assert text_of('a,b\n"unclosed,c\n' + "x" * 2_000_000, "a.csv").text.startswith("a,b")


def test_json_values_have_their_path():
    data = json.dumps(
        {"orders": [{"id": 17, "who": {"name": "Ann", "a b": None}}], "tags": ["x", "y"], "total": 12.50, "empty": {}}
    )
    text = text_of(data, "a.json")
    assert text.text == (
        '# orders\norders[0].id: 17\norders[0].who.name: Ann\norders[0].who["a b"]: null\n\n'
        "# tags\ntags: x, y\n\n# total\ntotal: 12.5\n\n# empty\nempty: {}"
    )
    assert [heading.title for heading in text.headings] == ["orders", "tags", "total", "empty"]


def test_numbers_stay_as_they_are_written():
    assert text_of('{"n": 1.10, "big": 123456789012345678901234567890}', "a.json").text == (
        "n: 1.10\nbig: 123456789012345678901234567890"
    )


def test_json_lines():
    assert text_of('{"a": 1}\n{"a": 2}\n', "log.jsonl").text == "[0].a: 1\n[1].a: 2"


@pytest.mark.parametrize(
    "data", ["[" * 100_000 + "]" * 100_000, '{"a": ', "NaN of the above", '{"a":' * 3000 + "1" + "}" * 3000]
)
def test_json_that_is_none_or_too_deep_is_text(data):
    assert text_of(data, "a.json").text.startswith(data[:5])


def test_a_large_table_takes_bounded_time():
    begin = time.process_time()
    with pytest.raises(TooLarge):
        text_of(b"name,value\n" + b"somebody,12345\n" * 1_700_000, "large.csv")
    text = text_of(b"name,value\n" + b"somebody,12345\n" * 200_000, "large.csv")
    assert len(cut(text)) > 1000
    assert time.process_time() - begin < 20
