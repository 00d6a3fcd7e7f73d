from pathlib import Path

import pytest

from deploy.local import setup_ferretdb
from deploy.local.errors import LocalError
from deploy.local.setup_ferretdb import ferretdb_program, go_program, set_up_ferretdb


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone, on a machine without Go and with an empty cache."""
    for name in ("go.mod", "main.go"):
        source = tmp_path / "clone" / "tests" / "support" / "ferretdb" / name
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("MONGO_URL", raising=False)
    monkeypatch.setattr(setup_ferretdb, "_GO_HOME", str(tmp_path / "no-go"))
    return tmp_path / "clone"


def install_go(root: Path, version: str, build: str) -> None:
    go = root.parent / "bin" / "go"
    go.parent.mkdir(exist_ok=True)
    go.write_text(f'#!/bin/sh\nif [ "$1" = version ]; then echo "go version {version} linux/amd64"; else {build}; fi\n')
    go.chmod(0o755)


def test_the_program_is_another_when_its_sources_are(root: Path, tmp_path: Path) -> None:
    first = ferretdb_program(root)
    elsewhere = root.rename(tmp_path / "elsewhere")
    assert ferretdb_program(elsewhere) == first
    (elsewhere / "tests" / "support" / "ferretdb" / "go.mod").write_text("changed")
    assert ferretdb_program(elsewhere) != first


@pytest.mark.parametrize(("version", "enough"), [("go1.23.9", False), ("go1.24", True), ("go1.26.8", True)])
def test_go_must_be_new_enough(root: Path, version: str, enough: bool) -> None:
    install_go(root, version, "true")
    assert (go_program() is not None) == enough


def test_without_go_what_to_do_is_said(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    set_up_ferretdb(root)
    said = capfd.readouterr().out
    assert "MONGO_URL" in said
    assert "Go 1.24" in said


def test_it_is_built_once(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    install_go(root, "go1.26.0", 'while [ "$1" != -o ]; do shift; done; echo built > "$2"')
    set_up_ferretdb(root)
    assert ferretdb_program(root).read_text() == "built\n"
    capfd.readouterr()
    set_up_ferretdb(root)
    assert capfd.readouterr().out == ""


def test_a_build_that_fails_leaves_nothing_and_stops_only_ci(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    install_go(root, "go1.26.0", "exit 1")
    set_up_ferretdb(root)
    assert "skipped" in capfd.readouterr().out
    assert not list((root.parent / "cache" / "tokenline").iterdir())
    monkeypatch.setenv("CI", "true")
    with pytest.raises(LocalError, match="MONGO_URL"):
        set_up_ferretdb(root)
