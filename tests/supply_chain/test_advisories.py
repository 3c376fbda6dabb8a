import dataclasses
from datetime import date
from pathlib import Path

import pytest

from supply_chain.__main__ import ACCEPTED
from supply_chain.advisories import Acceptance, AuditError, Finding, problems, read_acceptances

TODAY = date(2026, 12, 1)
FINDING = Finding("requirements-glue.txt", "pyarrow", "19.0.1", "PYSEC-1", ("CVE-1",), ("20.0.0",))
ACCEPTANCE = Acceptance("pyarrow", "CVE-1", "Glue 5.1 has 19.", TODAY)


def test_a_finding_that_nobody_accepted_is_told_with_where_it_is_fixed() -> None:
    assert list(problems([FINDING], [], TODAY)) == [
        "requirements-glue.txt: pyarrow 19.0.1 has PYSEC-1, CVE-1, fixed in 20.0.0"
    ]


@pytest.mark.parametrize("name", ["PYSEC-1", "CVE-1"])
def test_an_accepted_finding_is_quiet_under_any_of_its_names(name: str) -> None:
    accepted = dataclasses.replace(ACCEPTANCE, advisory=name)

    assert list(problems([FINDING], [accepted], TODAY)) == []


def test_an_acceptance_holds_for_its_package_alone() -> None:
    other = dataclasses.replace(FINDING, package="pandas")

    assert list(problems([FINDING, other], [ACCEPTANCE], TODAY)) == [str(other)]


def test_an_acceptance_ends_after_its_last_day() -> None:
    assert list(problems([FINDING], [ACCEPTANCE], date(2026, 12, 2))) == [
        "pyarrow: CVE-1 was accepted until 2026-12-01"
    ]


def test_an_acceptance_that_no_package_needs_is_to_be_removed() -> None:
    assert list(problems([], [ACCEPTANCE], TODAY)) == [
        "pyarrow: CVE-1 is accepted and not there: remove the entry"
    ]


def test_entries_are_read_from_the_file(tmp_path: Path) -> None:
    entry = (
        'package = "pyarrow"\nadvisory = "CVE-1"\nreason = "Glue 5.1 has 19."\nuntil = 2026-12-01'
    )
    (tmp_path / "accepted.toml").write_text(f"[[accepted]]\n{entry}\n")

    assert read_acceptances(tmp_path / "accepted.toml") == [ACCEPTANCE]


@pytest.mark.parametrize(
    "entry",
    [
        'package = "pyarrow"\nadvisory = "CVE-1"\nreason = "Glue"',
        'package = "pyarrow"\nadvisory = "CVE-1"\nreason = ""\nuntil = 2026-12-01',
        'package = "pyarrow"\nadvisory = "CVE-1"\nreason = "Glue"\nuntil = "2026-12-01"',
        'package = "pyarrow"\nadvisory = "CVE-1"\nreason = "Glue"\nuntil = 2026-12-01\nmore = 1',
    ],
    ids=["without a day", "without a reason", "a day that is text", "one field too many"],
)
def test_an_entry_must_say_all_there_is_to_say(tmp_path: Path, entry: str) -> None:
    (tmp_path / "accepted.toml").write_text(f"[[accepted]]\n{entry}\n")

    with pytest.raises(AuditError, match=r"accepted\.toml: .* must have exactly package \(str\)"):
        read_acceptances(tmp_path / "accepted.toml")


def test_our_own_entries_can_be_read() -> None:
    assert all(entry.reason for entry in read_acceptances(ACCEPTED))
