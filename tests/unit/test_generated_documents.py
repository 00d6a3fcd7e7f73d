"""The tables in docs/ are those of the code."""

import pytest

from deploy.codegen import documents
from tokenline.contracts.errors import TokenlineError
from tokenline.contracts.remedies import REMEDIES
from tokenline.runtime.documents.parts import error_kinds


@pytest.mark.parametrize("path", documents.documents(), ids=lambda path: path.name)
def test_the_committed_tables_are_fresh(path):
    assert path.read_text() == documents.fresh(path.read_text()), "run `make types`"


def test_every_table_has_a_place():
    text = "".join(path.read_text() for path in documents.documents())
    assert [name for name in documents.TABLES if f"<!-- made: {name} -->" not in text] == []


def test_only_what_stands_between_the_marks_is_written():
    text = documents.fresh("before\n<!-- made: errors -->\nstale\n<!-- end -->\nafter\n")
    assert text.startswith("before\n<!-- made: errors -->\n| Code |")
    assert text.endswith("|\n<!-- end -->\nafter\n")
    assert "| `queue_full` | 503 | Rejected | Too many questions" in text


def test_a_variable_stands_once_with_all_its_readers():
    rows = [line for line in documents.TABLES["settings"]().splitlines() if "`TOKENLINE_POOL_LIMIT`" in line]
    assert len(rows) == 1
    assert "| `100000` | gateway, admin | Live tickets of a pool" in rows[0]


def test_check_reports_a_stale_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(documents, "DOCS", tmp_path)
    (tmp_path / "a.md").write_text("<!-- made: metrics -->\n<!-- end -->\n")
    assert documents.main(["--check"]) == 1
    assert "a.md is stale: run `make types`" in capsys.readouterr().err
    assert documents.main([]) == 0
    assert documents.main(["--check"]) == 0


@pytest.mark.parametrize("kind", list(error_kinds()), ids=lambda kind: kind.code)
def test_every_error_says_in_a_sentence_what_is_wrong_and_in_another_what_to_do(kind):
    assert kind.default_message[-1] in ".!"
    if kind is not TokenlineError:
        assert kind.default_message != TokenlineError.default_message, "everybody would read that something went wrong"
    remedy = REMEDIES[kind]
    assert remedy.when
    assert remedy.do
    assert f"| `{kind.code}` |" in documents.TABLES["errors"]()


def test_no_two_errors_share_a_code():
    codes = [kind.code for kind in error_kinds()]
    assert sorted(codes) == sorted(set(codes))
