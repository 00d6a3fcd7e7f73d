from pathlib import Path

from deploy.local.setup import engines_for
from deploy.local.setup_engines import CHROMIUM, PROMTOOL, RABBITMQ, TESSERACT, install_command
from deploy.local.stamps import Stamp, fingerprint


def test_fingerprint_follows_names_contents_facts_and_absence(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("1")
    seen = [fingerprint([a, b]), fingerprint([a]), fingerprint([a], "fact")]
    a.write_text("2")
    seen += [fingerprint([a, b]), fingerprint([a])]
    b.write_text("")
    seen += [fingerprint([a, b])]
    assert len(set(seen)) == len(seen)
    assert fingerprint([a, b]) == fingerprint([b, a])


def test_facts_do_not_run_together() -> None:
    assert fingerprint([], "ab", "c") != fingerprint([], "a", "bc")


def test_a_stamp_counts_only_after_the_end_of_its_step(tmp_path: Path) -> None:
    stamp = Stamp(tmp_path, "python")
    assert not stamp.matches("x")
    stamp.write("x")
    assert stamp.matches("x")
    assert not stamp.matches("y")
    stamp.clear()
    assert not stamp.matches("x")


def test_a_given_broker_needs_no_rabbitmq() -> None:
    assert engines_for("run", has_amqp_url=True, in_ci=False) == ((), ())
    assert engines_for("run", has_amqp_url=False, in_ci=False) == ((RABBITMQ,), (RABBITMQ,))


def test_engines_of_tests_are_required_only_by_ci() -> None:
    wanted, required = engines_for("test", has_amqp_url=True, in_ci=False)
    assert wanted == (RABBITMQ, CHROMIUM, PROMTOOL, TESSERACT)
    assert required == ()
    assert engines_for("test", has_amqp_url=False, in_ci=True) == (wanted, wanted)


def test_install_commands_can_be_typed_as_they_are() -> None:
    both = [RABBITMQ, CHROMIUM]
    assert install_command(both, "apt-get", is_root=False) == (
        "sudo apt-get install -y --no-install-recommends rabbitmq-server chromium"
    )
    assert install_command([RABBITMQ], "dnf", is_root=True) == "dnf install -y rabbitmq-server"
    assert install_command([RABBITMQ], "brew", is_root=False) == "brew install rabbitmq"
