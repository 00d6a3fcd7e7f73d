"""Secrets of an installation and the first administrator's sign-in, kept in the data folder."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from deploy.local.plan import Secrets
from deploy.local.rabbitmq_files import write_private

SIGN_IN_FILE = "first-sign-in.txt"
STORE_FILE = "tokenline.db"
FORMER_KEYS_FILE = "secret-key.former"
"""Where whoever replaces ``secret-key`` moves it: what it signed is good until it expires."""
_DEFAULT_EMAIL = "admin@tokenline.local"
# 15 characters of 62: 89 bits, and short enough to type.
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


def load_secrets(data: Path, environment: Mapping[str, str]) -> tuple[Secrets, str]:
    """The installation's secrets, made when missing, and the lines that tell how to sign in.

    A password given by TOKENLINE_ADMIN_PASSWORD is used and not written down.
    """
    email = environment.get("TOKENLINE_ADMIN_EMAIL") or _DEFAULT_EMAIL
    password = environment.get("TOKENLINE_ADMIN_PASSWORD", "")
    file = data / SIGN_IN_FILE
    if password:
        told = f"Sign in to admin as {email} with the password in TOKENLINE_ADMIN_PASSWORD"
    elif file.exists():
        email, password = _read(file)
        told = f"Sign in to admin as {email}; the first password is in {file}"
    elif (data / STORE_FILE).exists():
        # The account is there already: a password made here would open nothing.
        email = ""
        told = "Sign in to admin with the account of the first start"
    else:
        password = "".join(secrets.choice(_ALPHABET) for _ in range(15))
        write_private(file, f"email: {email}\npassword: {password}\n")
        told = f"Sign in to admin as {email}  password {password}  (kept in {file})"
    made = Secrets(
        secret_key=_kept(data / "secret-key"),
        service_token=_kept(data / "service-token"),
        admin_email=email,
        admin_password=password,
        former_keys=tuple(_lines(data / FORMER_KEYS_FILE)),
    )
    return made, told


def _read(file: Path) -> tuple[str, str]:
    lines = (line.partition(": ") for line in file.read_text(encoding="utf-8").splitlines())
    fields = {key: value for key, _, value in lines}
    return fields["email"], fields["password"]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def _kept(path: Path) -> str:
    """The secret in `path`; 32 random bytes in base64url at the first call."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32) + "\n")
    return path.read_text(encoding="utf-8").strip()
