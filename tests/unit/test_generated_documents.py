"""The tables in docs/ are those of the code."""

import pytest

from deploy.codegen import documents


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
    assert "| `queue_full` | 503 | Rejected |" in text


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
