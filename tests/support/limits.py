"""Limits that are counted and never reached: one user of a test asks what hundreds would."""

from tokenline.runtime.limits import LimitSetting, LimitSettings

_HIGH = LimitSetting(max=1_000_000, per_s=60)
HARDLY_LIMITED = LimitSettings(messages=_HIGH, uploads=_HIGH, conversations=_HIGH, searches=_HIGH)
HARDLY_LIMITED_ENV = {
    f"TOKENLINE_LIMITS__{name}__MAX": str(_HIGH.max) for name in ("MESSAGES", "UPLOADS", "CONVERSATIONS", "SEARCHES")
}
