"""State by name in one file that outlives the process, however that ends."""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

FORM = "form"


class StateFile:
    """Contents by name; what was put is there again after a kill.

    SQLite's write-ahead log without a sync for each write: it survives the process and its
    container, and may lose its last moments with the machine.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it; only one thread at a time may use it."""
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute("CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, content)")

    def put(self, contents: Mapping[str, bytes | None]) -> None:
        """Write all of it or nothing; None takes a name away."""
        gone = [(name,) for name, content in contents.items() if content is None]
        there = [(name, content) for name, content in contents.items() if content is not None]
        self._database.execute("BEGIN IMMEDIATE")
        with self._database:
            self._database.executemany("DELETE FROM state WHERE name = ?", gone)
            self._database.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", there)

    def get(self, name: str) -> bytes | None:
        """Return the content of this name."""
        rows = self._database.execute("SELECT content FROM state WHERE name = ?", (name,))
        return next((content for (content,) in rows), None)

    def under(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield what has a name that starts with `prefix`, with the rest of the name."""
        wanted = "SELECT name, content FROM state WHERE substr(name, 1, ?) = ? ORDER BY name"
        for name, content in self._database.execute(wanted, (len(prefix), prefix)):
            yield name.removeprefix(prefix), content

    def require_form(self, form: str) -> None:
        """Mark a new file with the form of its contents.

        Raises:
            SystemExit: the file was written in another form.
        """
        found = self.get(FORM)
        if found is None:
            self.put({FORM: form.encode()})
        elif found.decode() != form:
            raise SystemExit(
                f"The kept state was written by {found.decode()}, this is {form}: "
                "remove it and start again (docker compose down --volumes)."
            )
