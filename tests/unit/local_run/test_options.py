from pathlib import Path

import pytest

from deploy.local.errors import LocalError
from deploy.local.options import Options, parse_options


def test_defaults_are_those_of_the_readme() -> None:
    options = parse_options([])
    assert options == Options(port=8080, admin_port=8090, data=Path("var"), workers=1, slots=4, gateways=1)


def test_empty_values_mean_defaults() -> None:
    assert parse_options(["--port", "", "--data", " ", "--workers", ""]) == Options()


def test_ports_follow_the_fixed_scheme() -> None:
    options = parse_options(["--port", "9000", "--admin-port", "9100", "--workers", "3", "--gateways", "2"])
    assert options.gateway_ports() == [9000, 9001]
    assert options.worker_ports() == [9101, 9102, 9103]
    assert options.ingest_port() == 9150


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "abc"], "PORT must be a whole number from 1 to 65535, not 'abc'."),
        (["--port", "0"], "PORT must be"),
        (["--port", "-1"], "PORT must be"),
        (["--port", "8080.0"], "PORT must be"),
        (["--port", "٣"], "PORT must be"),
        (["--admin-port", "65530"], "ADMIN_PORT must be a whole number from 1 to 65485"),
        (["--workers", "0"], "WORKERS must be"),
        (["--workers", "50"], "WORKERS must be a whole number from 1 to 49"),
        (["--slots", "many"], "SLOTS must be"),
        (["--gateways", "1e3"], "GATEWAYS must be"),
        (["--port", "65535", "--gateways", "2"], "pass port 65535"),
        (["--port", "8089", "--gateways", "2"], "both want port 8090"),
        (["--port", "8140"], "both want port 8140"),
        (["--colour", "blue"], "no option --colour"),
        (["--port"], "--port lacks its value"),
    ],
)
def test_wrong_values_are_named_with_what_is_right(arguments: list[str], sentence: str) -> None:
    with pytest.raises(LocalError) as raised:
        parse_options(arguments)
    assert sentence in str(raised.value)


def test_the_advice_about_ports_works() -> None:
    with pytest.raises(LocalError, match="ADMIN_PORT to 8095 or higher"):
        parse_options(["--port", "8085", "--gateways", "10"])
    assert parse_options(["--port", "8085", "--gateways", "10", "--admin-port", "8095"]).admin_port == 8095
