from pathlib import Path

from deploy.local.options import Options
from deploy.local.plan import Plan, Process, Secrets, make_plan, ready_line

SECRETS = Secrets("the-key", "the-token", "ann@example.org", "hunter2")
OPTIONS = Options(data=Path("/data"), workers=2, slots=3, gateways=2)


def plan(options: Options = OPTIONS, **environment: str) -> Plan:
    return make_plan(options, SECRETS, "amqp://broker", 23456, environment)


def members(of: Plan) -> dict[str, Process]:
    stages = (of.before_broker, *of.stages)
    return {process.name: process for stage in stages for process in stage}


def test_who_runs_and_where() -> None:
    assert plan().ports() == {
        23456: "model",
        8140: "ingest",
        8091: "worker-1",
        8092: "worker-2",
        8080: "gateway-1",
        8081: "gateway-2",
        8090: "admin",
    }


def test_those_who_ask_stop_before_those_who_answer() -> None:
    stages = [{process.name for process in stage} for stage in plan().stages]
    assert stages == [{"ingest", "worker-1", "worker-2"}, {"gateway-1", "gateway-2", "admin"}]


def test_common_environment() -> None:
    for process in members(plan()).values():
        assert process.environment["AMQP_URL"] == "amqp://broker"
        assert process.environment["TOKENLINE_DATA_DIR"] == "/data"
        assert process.environment["TOKENLINE_HOST"] == "127.0.0.1"
        assert process.environment["TOKENLINE_SECRET_KEY"] == "the-key"
        assert process.environment["TOKENLINE_SERVICE_TOKEN"] == "the-token"
        assert process.environment["TOKENLINE_INGEST_URL"] == "http://127.0.0.1:8140"


def test_each_service_is_told_its_own_name_and_port() -> None:
    processes = members(plan())
    worker = processes["worker-2"].environment
    assert (worker["TOKENLINE_WORKER_ID"], worker["TOKENLINE_PORT"], worker["TOKENLINE_SLOTS"]) == (
        "worker-2",
        "8092",
        "3",
    )
    gateway = processes["gateway-2"].environment
    assert (gateway["TOKENLINE_GATEWAY_ID"], gateway["TOKENLINE_PORT"]) == ("gateway-2", "8081")
    assert processes["gateway-1"].command[1:] == ("-m", "services.gateway")


def test_only_gateways_learn_the_first_password() -> None:
    given = plan(TOKENLINE_ADMIN_EMAIL="ann@example.org", TOKENLINE_ADMIN_PASSWORD="hunter2")
    knowing = {name for name, process in members(given).items() if "hunter2" in process.environment.values()}
    assert knowing == {"gateway-1", "gateway-2"}


def test_the_offline_model_stands_in_and_keeps_a_stray_key_at_home() -> None:
    environment = members(plan(OPENAI_API_KEY="sk-of-another-program"))["worker-1"].environment
    assert environment["OPENAI_BASE_URL"] == "http://127.0.0.1:23456/v1"
    assert environment["OPENAI_API_KEY"] == "offline"


def test_a_given_model_replaces_the_offline_one() -> None:
    given = plan(OPENAI_BASE_URL="http://vllm/v1", OPENAI_API_KEY="sk-1", TOKENLINE_MODEL="llama")
    assert given.before_broker == ()
    environment = members(given)["worker-1"].environment
    assert environment["OPENAI_BASE_URL"] == "http://vllm/v1"
    assert environment["OPENAI_API_KEY"] == "sk-1"
    assert environment["TOKENLINE_MODEL"] == "llama"


def test_given_engines_are_passed_on() -> None:
    environment = members(plan(MONGO_URL="mongodb://m", QDRANT_URL="http://q"))["ingest"].environment
    assert (environment["MONGO_URL"], environment["QDRANT_URL"]) == ("mongodb://m", "http://q")


def test_ready_line() -> None:
    expected = "Tokenline is ready  chat http://127.0.0.1:8080  admin http://127.0.0.1:8090"
    assert ready_line(Options()) == expected
