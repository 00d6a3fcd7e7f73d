"""What counts as an e-mail address and as a password."""

import re
import unicodedata

from tokenline.contracts.errors import InvalidEmail, WeakPassword

MAX_EMAIL_CHARS = 254
MIN_PASSWORD_CHARS = 8
MAX_PASSWORD_CHARS = 1024

# Whether mail arrives is for a message to prove; this keeps out what cannot be an address. Hosts of an intranet have
# no dot.
_EMAIL = re.compile(r"[^@\s\"<>(),:;\\\[\]]{1,64}@\w([\w-]{0,61}\w)?(\.\w([\w-]{0,61}\w)?)*")


def normal_email(text: str) -> str:
    """The one spelling an account is found by. Raises `InvalidEmail`."""
    email = unicodedata.normalize("NFKC", text).strip().lower()
    if len(email) > MAX_EMAIL_CHARS or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise InvalidEmail
    return email


def normal_password(text: str) -> str:
    """The same characters however a keyboard composes them (RFC 8265 §4.2)."""
    return unicodedata.normalize("NFC", text)


def checked_password(text: str) -> str:
    """As `normal_password`; raises `WeakPassword` by length, the only rule (NIST SP 800-63B)."""
    if not MIN_PASSWORD_CHARS <= len(text) <= MAX_PASSWORD_CHARS:
        raise WeakPassword
    return normal_password(text)
