import stat
from pathlib import Path

from deploy.local.sign_in import SIGN_IN_FILE, load_secrets


def test_first_start_makes_a_password_and_shows_it_once(tmp_path: Path) -> None:
    secrets, told = load_secrets(tmp_path, {})
    assert len(secrets.admin_password) >= 15
    assert secrets.admin_password in told
    file = tmp_path / SIGN_IN_FILE
    assert secrets.admin_password in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    again, told = load_secrets(tmp_path, {})
    assert again == secrets
    assert secrets.admin_password not in told
    assert str(file) in told


def test_given_password_is_never_written(tmp_path: Path) -> None:
    given = {"TOKENLINE_ADMIN_EMAIL": "ann@example.org", "TOKENLINE_ADMIN_PASSWORD": "hunter2"}
    secrets, told = load_secrets(tmp_path, given)
    assert (secrets.admin_email, secrets.admin_password) == ("ann@example.org", "hunter2")
    assert "hunter2" not in told
    assert not (tmp_path / SIGN_IN_FILE).exists()


def test_given_email_gets_a_made_password(tmp_path: Path) -> None:
    secrets, told = load_secrets(tmp_path, {"TOKENLINE_ADMIN_EMAIL": "ann@example.org"})
    assert secrets.admin_email == "ann@example.org"
    assert "ann@example.org" in told


def test_keys_are_long_private_different_and_kept(tmp_path: Path) -> None:
    first, _ = load_secrets(tmp_path, {})
    assert len(first.secret_key) >= 43
    assert first.secret_key != first.service_token
    for name in ("secret-key", "service-token"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    other, _ = load_secrets(tmp_path, {})
    assert other.secret_key == first.secret_key


def test_a_restored_store_without_the_note_gets_no_password_that_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "tokenline.db").touch()
    secrets, told = load_secrets(tmp_path, {})
    assert secrets.admin_password == ""
    assert told == "Sign in to admin with the account of the first start"
    assert not (tmp_path / "first-sign-in.txt").exists()


def test_a_key_that_was_replaced_still_verifies(tmp_path: Path) -> None:
    first, _ = load_secrets(tmp_path, {})
    assert first.former_keys == ()
    (tmp_path / "secret-key").rename(tmp_path / "secret-key.former")
    replaced, _ = load_secrets(tmp_path, {})
    assert replaced.secret_key != first.secret_key
    assert replaced.former_keys == (first.secret_key,)
