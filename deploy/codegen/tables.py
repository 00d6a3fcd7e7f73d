"""The tables in docs/ that follow from code, as Markdown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, get_args

import msgspec
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from deploy.codegen.typescript import type_text
from services.admin_dashboard.app import METRICS as ADMIN_METRICS
from services.admin_dashboard.settings import DashboardSettings
from services.agent_worker.app import METRICS as WORKER_METRICS
from services.agent_worker.settings import WorkerSettings
from services.gateway.app import METRICS as GATEWAY_METRICS
from services.gateway.settings import GatewaySettings
from services.ingest.app import METRICS as INGEST_METRICS
from services.ingest.settings import IngestSettings
from tokenline.contracts import errors, frames, metrics
from tokenline.contracts.closing import CLOSE_CODES
from tokenline.contracts.remedies import REMEDIES, retry
from tokenline.runtime.documents.parts import error_kinds
from tokenline.runtime.documents.schemas import reachable, tag_of
from tokenline.runtime.documents.source import about, field_notes
from tokenline.runtime.settings import ServiceSettings

SETTINGS: dict[str, type[ServiceSettings]] = {
    "gateway": GatewaySettings,
    "worker": WorkerSettings,
    "ingest": IngestSettings,
    "admin": DashboardSettings,
}
MEASURED = {"gateway": GATEWAY_METRICS, "worker": WORKER_METRICS, "ingest": INGEST_METRICS, "admin": ADMIN_METRICS}
FAMILIES = (errors.Retryable, errors.Rejected, errors.Fatal)


class Variable(NamedTuple):
    name: str
    default: str
    note: str


def settings() -> str:
    """Every variable once, with the services that read it."""
    read: dict[str, dict[str, Variable]] = {}
    for service, shape in SETTINGS.items():
        for variable in _variables(shape):
            read.setdefault(variable.name, {})[service] = variable
    rows = []
    # What all read first.
    for name, readers in sorted(read.items(), key=lambda item: len(item[1]) < len(SETTINGS)):
        note = next((variable.note for variable in readers.values() if variable.note), "")
        services = "all" if len(readers) == len(SETTINGS) else ", ".join(readers)
        rows.append((f"`{name}`", _defaults(readers), services, note.replace("`None`", "unset")))
    return _table(("Variable", "Default", "Read by", "Meaning"), rows)


def _variables(shape: type[ServiceSettings]) -> Iterator[Variable]:
    # Those of the bases first: a field that is declared again is told about anew.
    bases = [base for base in reversed(shape.__mro__) if issubclass(base, ServiceSettings)]
    notes = {name: note for base in bases for name, note in field_notes(base).items()}
    for field, info in shape.model_fields.items():
        name = str(info.validation_alias or f"TOKENLINE_{field.upper()}")
        if isinstance(info.default, BaseModel):
            yield from _group(name, info.default)
        else:
            yield Variable(name, _default(info), notes.get(field, ""))


def _group(prefix: str, defaults: BaseModel, about: str = "") -> Iterator[Variable]:
    """Settings inside of settings, each with what is said of its group."""
    bases = [base for base in type(defaults).__mro__ if issubclass(base, BaseModel) and base is not BaseModel]
    notes = {field: note for base in bases for field, note in field_notes(base).items()}
    for field, value in defaults:
        name, note = f"{prefix}__{field.upper()}", f"{about} {notes.get(field, '')}".strip()
        if isinstance(value, BaseModel):
            yield from _group(name, value, note)
        else:
            yield Variable(name, _shown(value), note)


def _defaults(readers: Mapping[str, Variable]) -> str:
    by_default: dict[str, list[str]] = {}
    for service, variable in readers.items():
        by_default.setdefault(variable.default, []).append(service)
    if len(by_default) == 1:
        return next(iter(by_default))
    return ", ".join(f"{default} ({', '.join(names)})" for default, names in by_default.items())


def _default(info: FieldInfo) -> str:
    return "required" if info.is_required() else _shown(info.default)


def _shown(default: object) -> str:
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    return "–" if value in (None, "", ()) else f"`{value}`"


def measured() -> str:
    """Every metric, with the services that serve it."""
    rows = []
    for metric in metrics.ALL:
        served_by = [name for name, served in MEASURED.items() if metric in served]
        services = "all" if len(served_by) == len(MEASURED) else ", ".join(served_by) or "–"
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        rows.append((f"`{metric.name}`", metric.kind.value, labels, services, f"{metric.help} {metric.remedy}".strip()))
    return _table(("Metric", "Kind", "Labels", "At", "Meaning, and what to do"), rows)


def client_frames() -> str:
    return _frames(get_args(frames.ClientFrame), optional=True)


def server_frames() -> str:
    return _frames(get_args(frames.ServerFrame), optional=False)


def frame_parts() -> str:
    """Shapes that occur inside frames."""
    roots = get_args(frames.ClientFrame | frames.ServerFrame)
    parts: dict[str, tuple[str, str, str]] = {}
    for root in roots:
        for shape in reachable(msgspec.inspect.type_info(root)):
            if shape in roots:
                continue
            if issubclass(shape, Enum):
                parts[shape.__name__] = (f"`{shape.__name__}`", "", " · ".join(f"`{member.value}`" for member in shape))
            else:
                parts[shape.__name__] = (f"`{shape.__name__}`", _fields(shape, optional=False), _about(shape))
    return _table(("Shape", "Fields", "Meaning"), [parts[name] for name in sorted(parts)])


def _frames(shapes: Sequence[type], *, optional: bool) -> str:
    rows = [(f"`{tag_of(shape)}`", _fields(shape, optional=optional), _about(shape)) for shape in shapes]
    return _table(("`type`", "Fields", "Meaning"), rows)


def _fields(shape: type, *, optional: bool) -> str:
    info = msgspec.inspect.type_info(shape)
    fields: Iterable[Any] = getattr(info, "fields", ())
    return "<br>".join(
        f"`{field.encode_name}{'?' if optional and not field.required else ''}: {type_text(field.type)}`"
        for field in fields
    )


def _about(shape: type) -> str:
    """Its docstring, then what is said of its fields."""
    said = [about(shape), *(f"`{field}`: {note}" for field, note in field_notes(shape).items())]
    return "<br>".join(line for line in said if line).replace("`None`", "`null`")


def error_codes() -> str:
    """Every error that can reach a client."""
    rows = []
    for error in error_kinds():
        family = next((family.__name__ for family in FAMILIES if issubclass(error, family)), "")
        remedy = REMEDIES[error]
        fields = ", ".join(f"`{field}`" for field in remedy.fields)
        rows.append(
            (
                f"`{error.code}`",
                str(error.status),
                family,
                error.default_message,
                remedy.when,
                remedy.do,
                retry(error),
                fields,
            )
        )
    return _table(("Code", "Status", "Family", "Message", "When", "What to do", "Same again?", "`detail`"), rows)


def close_codes() -> str:
    """Why a socket is closed."""
    return _table(("Code", "Why", "What to do"), [(str(code.code), code.why, code.remedy) for code in CLOSE_CODES])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
