"""Odd and bad files, each with what must become of it: expected.yaml beside the files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

HERE = Path(__file__).parent
FILES, BASE = HERE / "files", HERE / "base"


@dataclass(frozen=True)
class Case:
    """A file, what it shows, and its fate: the reasons to refuse it whole, or its rows' fates."""

    file: str
    shows: str
    refused: tuple[str, ...] = ()
    read: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def dataset(self) -> str:
        """The dataset that the file is delivered for."""
        return self.file.partition("/")[0]

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return (FILES / self.file).read_bytes()


def read_cases() -> list[Case]:
    """Return all cases, in the order of the table."""
    rows = yaml.safe_load((HERE / "expected.yaml").read_text())
    return [Case(**{**row, "refused": tuple(row.get("refused", ()))}) for row in rows]
