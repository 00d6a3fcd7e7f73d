import sys
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from deploy.local.errors import LocalError
from deploy.local.steps import side_by_side, step


def run(folder: Path, title: str, code: str) -> None:
    step(title, [[sys.executable, "-c", code]], "Try again.", folder=folder)


def test_a_step_says_that_it_begins_and_how_it_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, "Good", "print('nobody wants to know')")
    with pytest.raises(LocalError, match="failed, see above"):
        run(tmp_path, "Bad", "print('the reason'); exit(1)")
    said = capsys.readouterr().out.splitlines()
    assert said[1].startswith("· Good: done in ")
    assert said[:1] + said[2:] == ["· Good …", "· Bad …", "· Bad: failed", "    the reason"]


def test_what_can_be_done_at_the_same_time_is() -> None:
    everybody = Barrier(3, timeout=30)

    def meet() -> None:
        everybody.wait()

    side_by_side(meet, meet, meet)


def test_one_that_fails_ends_set_up_when_the_others_are_done(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="Try again"):
        side_by_side(partial(run, tmp_path, "Bad", "exit(1)"), partial(run, tmp_path, "Good", "open('there', 'x')"))
    assert (tmp_path / "there").exists()
