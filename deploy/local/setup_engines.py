"""Programs that come from the system's packages: RabbitMQ, and for tests Chromium, promtool and tesseract."""

import dataclasses
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.rabbitmq_install import server_home
from deploy.local.steps import step

# Ways to install, in the order they are looked for, and whether the command has to be run by root.
_MANAGERS = {
    "apt-get": ("apt-get install -y --no-install-recommends", True),
    "dnf": ("dnf install -y", True),
    "zypper": ("zypper install -y", True),
    "pacman": ("pacman -S --noconfirm", True),
    "apk": ("apk add", True),
    "brew": ("brew install", False),
}


@dataclasses.dataclass(frozen=True)
class Engine:
    """Something that no language's registry has."""

    name: str
    # Any of these on PATH will do.
    programs: tuple[str, ...]
    # The package's name where it differs from the one for apt-get.
    package: str
    other_names: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def package_for(self, manager: str) -> str:
        """Its package's name for this manager."""
        return self.other_names.get(manager, self.package)


RABBITMQ = Engine(
    "RabbitMQ", (), "rabbitmq-server", {"brew": "rabbitmq", "pacman": "rabbitmq", "apk": "rabbitmq-server"}
)
CHROMIUM = Engine(
    "Chromium",
    ("chromium", "chromium-browser", "google-chrome"),
    "chromium",
    {"brew": "--cask chromium"},
)
PROMTOOL = Engine("promtool", ("promtool",), "prometheus")
TESSERACT = Engine("tesseract", ("tesseract",), "tesseract-ocr", {"brew": "tesseract"})


def missing_engines(wanted: tuple[Engine, ...]) -> list[Engine]:
    """Those that this machine lacks."""
    return [engine for engine in wanted if not _present(engine)]


def _present(engine: Engine) -> bool:
    if engine is RABBITMQ:
        return server_home() is not None
    return any(shutil.which(program) for program in engine.programs)


def install_command(engines: list[Engine], manager: str, is_root: bool) -> str:
    """What a person types to get `engines`."""
    command, needs_root = _MANAGERS[manager]
    sudo = "sudo " if needs_root and not is_root else ""
    return f"{sudo}{command} {' '.join(engine.package_for(manager) for engine in engines)}"


def set_up_engines(root: Path, wanted: tuple[Engine, ...], required: tuple[Engine, ...]) -> None:
    """Install what is missing where that needs nobody's password; say how to where it does.

    Raises LocalError when one of `required` stays missing. Others are announced: their tests are skipped.
    """
    lacking = missing_engines(wanted)
    if not lacking:
        return
    names = ", ".join(engine.name for engine in lacking)
    manager = next((name for name in _MANAGERS if shutil.which(name)), None)
    is_root = os.geteuid() == 0
    if manager == "apt-get" and is_root:
        packages = [engine.package_for(manager) for engine in lacking]
        step(
            f"System packages ({', '.join(packages)})",
            [["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *packages]],
            "Check the network and the package sources, then run the same command again"
            + _instead(RABBITMQ in lacking),
            folder=root,
            environment=dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive"},
        )
        return
    how = f"`{install_command(lacking, manager, is_root)}`" if manager else "your system's package manager"
    if any(engine in required for engine in lacking):
        raise LocalError(f"{names} missing: install with {how} and run the same command again{_instead(True)}")
    print(f"! {names} missing: tests that need it are skipped; install with {how}", flush=True)


def _instead(rabbitmq: bool) -> str:
    return ", or set AMQP_URL to a RabbitMQ that you have already." if rabbitmq else "."
