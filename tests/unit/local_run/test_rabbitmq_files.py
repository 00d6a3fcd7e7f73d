import stat
from pathlib import Path

import pytest

from deploy.local.rabbitmq_files import (
    load_state,
    save_state,
    server_config,
    server_environment,
    with_free_ports,
)
from deploy.local.rabbitmq_install import make_lean_home, needed_applications


def test_a_folder_keeps_its_node(tmp_path: Path) -> None:
    first = with_free_ports(load_state(tmp_path))
    save_state(tmp_path, first)
    assert load_state(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "node.json").stat().st_mode) == 0o600
    assert load_state(tmp_path / "other").name != first.name


def test_four_different_ports_below_those_of_clients() -> None:
    state = with_free_ports(load_state(Path("nowhere")))
    ports = {state.amqp_port, state.dist_port, state.epmd_port, state.management_port}
    assert len(ports) == 4
    assert max(ports) < 32768


def test_config_listens_on_loopback(tmp_path: Path) -> None:
    state = with_free_ports(load_state(tmp_path))
    text = server_config(state, (), 1000)
    assert f"listeners.tcp.1 = 127.0.0.1:{state.amqp_port}\n" in text
    assert "heartbeat = 5\n" in text
    assert "management" not in text
    assert "management.tcp.ip = 127.0.0.1\n" in server_config(state, ("rabbitmq_management",), 1000)


def test_settings_of_the_systems_own_node_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RABBITMQ_NODENAME", "rabbit@laptop")
    monkeypatch.setenv("RABBITMQ_USE_LONGNAME", "true")
    monkeypatch.setenv("ERL_FLAGS", "-name x")
    state = load_state(tmp_path)
    environment = server_environment(tmp_path, state)
    assert environment["RABBITMQ_NODENAME"] == f"{state.name}@localhost"
    assert "RABBITMQ_USE_LONGNAME" not in environment
    assert "ERL_FLAGS" not in environment


def library(home: Path, name: str, *needs: str) -> None:
    folder = home / "plugins" / f"{name}-1.0.0" / "ebin"
    folder.mkdir(parents=True)
    listed = ",\n  ".join(("kernel", *needs))
    (folder / f"{name}.app").write_text(f"{{application, '{name}', [{{applications, [{listed}]}}]}}.\n")


def test_a_lean_home_has_what_the_server_leans_on_and_no_more(tmp_path: Path) -> None:
    home = tmp_path / "home"
    library(home, "rabbit", "rabbit_common", "ra")
    library(home, "rabbit_common", "recon")
    library(home, "ra", "rabbit_common")
    library(home, "recon")
    library(home, "rabbitmq_management", "cowboy", "rabbit")
    library(home, "cowboy")
    library(home, "rabbitmq_mqtt", "rabbit")

    assert set(needed_applications(home / "plugins", ("rabbit",))) == {"rabbit", "rabbit_common", "ra", "recon"}
    lean = make_lean_home(home, tmp_path / "lean", ("rabbitmq_management",))
    linked = {link.name.rsplit("-", 1)[0] for link in (lean / "plugins").iterdir()}
    assert linked == {"rabbit", "rabbit_common", "ra", "recon", "rabbitmq_management", "cowboy"}


def test_packages_of_archives_are_left_as_they_are(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "plugins").mkdir(parents=True)
    (home / "plugins" / "rabbit-3.7.0.ez").touch()
    assert make_lean_home(home, tmp_path / "lean", ()) == home
