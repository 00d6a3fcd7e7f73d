"""What a person can say to `make run`."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from deploy.local.errors import LocalError

WORKER_PORTS_FROM = 1  # workers listen on ADMIN_PORT+1 and up
INGEST_PORT_AT = 50  # ingest listens on ADMIN_PORT+50
_FLAGS = ("port", "admin-port", "data", "workers", "slots", "gateways")


@dataclasses.dataclass(frozen=True)
class Options:
    """The launcher's options, valid among themselves; ports may still be in use."""

    port: int = 8080
    admin_port: int = 8090
    data: Path = Path("var")
    workers: int = 1
    slots: int = 4
    gateways: int = 1

    def gateway_ports(self) -> list[int]:
        """PORT, PORT+1, …"""
        return [self.port + i for i in range(self.gateways)]

    def worker_ports(self) -> list[int]:
        """ADMIN_PORT+1, ADMIN_PORT+2, …"""
        return [self.admin_port + WORKER_PORTS_FROM + i for i in range(self.workers)]

    def ingest_port(self) -> int:
        """ADMIN_PORT+50."""
        return self.admin_port + INGEST_PORT_AT


def parse_options(arguments: Sequence[str]) -> Options:
    """Options from `--port 8080 …` as the Makefile passes them. Raises LocalError with the sentence to show.

    Not argparse: its messages speak of flags, while people type `make run PORT=…`.
    """
    given: dict[str, str] = {}
    for flag, value in zip(arguments[::2], arguments[1::2], strict=False):
        if flag.removeprefix("--") not in _FLAGS:
            raise LocalError(f"There is no option {flag}: run `make help` for those there are.")
        given[flag.removeprefix("--")] = value.strip()
    if len(arguments) % 2:
        raise LocalError(f"The option {arguments[-1]} lacks its value.")

    def number(flag: str, default: int, least: int, most: int) -> int:
        said = given.get(flag) or str(default)
        if not (said.isascii() and said.isdigit()) or not least <= int(said) <= most:
            name = flag.upper().replace("-", "_")
            raise LocalError(f"{name} must be a whole number from {least} to {most}, not {said!r}.")
        return int(said)

    options = Options(
        port=number("port", Options.port, 1, 65535),
        admin_port=number("admin-port", Options.admin_port, 1, 65535 - INGEST_PORT_AT),
        data=Path(given.get("data") or Options.data),
        workers=number("workers", Options.workers, 1, INGEST_PORT_AT - WORKER_PORTS_FROM),
        slots=number("slots", Options.slots, 1, 1000),
        gateways=number("gateways", Options.gateways, 1, 50),
    )
    _check_ports(options)
    return options


def _check_ports(options: Options) -> None:
    if options.gateway_ports()[-1] > 65535:
        raise LocalError(f"{options.gateways} gateways from PORT={options.port} pass port 65535: lower PORT.")
    taken = {options.admin_port, *options.worker_ports(), options.ingest_port()}
    both = sorted(taken.intersection(options.gateway_ports()))
    if both:
        raise LocalError(
            f"PORT={options.port} and ADMIN_PORT={options.admin_port} both want port {both[0]}: "
            f"set ADMIN_PORT to {options.port + options.gateways} or higher."
        )
