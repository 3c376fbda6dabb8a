"""Make the secrets of the stack, once, in the folder that is its volume."""

import base64
import json
import os
import secrets
import sys
from pathlib import Path

OWNER_ALONE = 0o600
OWNER_AND_GROUP = 0o640
POSTGRES_GROUP = 999
"""The group of Postgres in its image, which reads the password of its database, and no other."""
USER = "admin"
DATABASE_URL = "postgresql+psycopg2://airflow:{}@postgres/airflow"


def make_secrets(folder: Path, postgres_group: int = POSTGRES_GROUP) -> None:
    """Write every secret that is not there yet; what is there stays."""
    keep(folder / "jwt_secret", secrets.token_urlsafe(64))
    keep(folder / "api_secret_key", secrets.token_urlsafe(32))
    keep(folder / "fernet_key", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    keep(folder / "logins.json", json.dumps({USER: secrets.token_urlsafe(16)}))
    password = folder / "database_password"
    keep(password, secrets.token_urlsafe(32))
    keep(folder / "database_url", DATABASE_URL.format(password.read_text()))
    os.chown(password, -1, postgres_group)
    password.chmod(OWNER_AND_GROUP)


def keep(path: Path, content: str) -> None:
    """Write the file in one step, for its owner alone, unless it is there."""
    if path.exists():
        return
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(OWNER_ALONE)
    unfinished.write_text(content)
    unfinished.rename(path)


if __name__ == "__main__":
    make_secrets(Path(sys.argv[1]))
