"""An OpenAI-compatible server that does as it is told, faults included: the offline model's sibling for tests."""

from tests.support.scripted_model.script import Call, Script, Then
from tests.support.scripted_model.server import Record, ScriptedModel, Stats

__all__ = ["Call", "Record", "Script", "ScriptedModel", "Stats", "Then"]
