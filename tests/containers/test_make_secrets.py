import base64
import json
import os
from pathlib import Path

import pytest

from containers.airflow.make_secrets import make_secrets

NAMES = {
    "jwt_secret", "api_secret_key", "fernet_key", "logins.json",
    "database_password", "database_url",
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Path:
    make_secrets(tmp_path, os.getgid())
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_every_secret_is_there_and_another_in_every_folder(made: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    make_secrets(elsewhere, os.getgid())
    (one, other) = (contents(elsewhere), {name: (made / name).read_text() for name in NAMES})

    assert one.keys() == other.keys() == NAMES
    assert [name for name in NAMES if one[name] == other[name]] == []


def test_a_second_time_changes_nothing(made: Path) -> None:
    before = contents(made)
    make_secrets(made, os.getgid())

    assert contents(made) == before


def test_what_was_cut_off_is_made_anew(made: Path) -> None:
    (made / "jwt_secret").rename(made / "jwt_secret.new")
    (made / "jwt_secret.new").write_text("hal")
    make_secrets(made, os.getgid())

    assert len((made / "jwt_secret").read_text()) > 60
    assert contents(made).keys() == NAMES


def test_only_the_password_of_the_database_can_be_read_by_another(made: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in made.iterdir()}

    assert modes.pop("database_password") == 0o640
    assert set(modes.values()) == {0o600}


def test_each_secret_has_the_form_that_its_reader_needs(made: Path) -> None:
    found = contents(made)

    assert len(base64.urlsafe_b64decode(found["fernet_key"])) == 32
    assert json.loads(found["logins.json"]).keys() == {"admin"}
    url = f"postgresql+psycopg2://airflow:{found['database_password']}@postgres/airflow"
    assert found["database_url"] == url
