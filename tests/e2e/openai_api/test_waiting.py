"""The line as OpenAI clients meet it: what they are told, hanging up, coming back, being refused, and running out."""

import json
from typing import Any

ENDLESS = {"tokens": 100_000, "per_second": 50}
LIMIT_S = 20.0


def body(script: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "alone", "messages": [{"role": "user", "content": json.dumps(script)}]} | fields
