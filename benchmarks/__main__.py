"""``python -m benchmarks``: measure the load job beside a naive job and beside the bare floor."""

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks import ROOT
from benchmarks.cases import CASES, Case
from benchmarks.job_code import freeze_code
from benchmarks.local_s3 import AIRFLOW_PYTHON
from benchmarks.machine import describe_machine
from benchmarks.prepared import Prepared
from benchmarks.report import report_lines, write_json, write_page
from benchmarks.results import Results
from benchmarks.rounds import Rounds
from benchmarks.shop_days import Shop
from benchmarks.spark_process import JARS, JAVA_HOME

FOLDER = ROOT / ".local/bench"
FIGURES = ROOT / ".local/bench.json"
PAGE = ROOT / "docs/benchmarks.md"
FEWEST_ROUNDS = 3


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what to measure."""
    names = ",".join(case.name for case in CASES)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--cases", default=names, help="names of cases (%(default)s)")
    parser.add_argument(
        "--rounds", type=at_least_one, default=FEWEST_ROUNDS, help="rounds (%(default)s)"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="size of a day (%(default)s)")
    parser.add_argument("--no-counts", action="store_true", help="skip the rounds on local S3")
    parser.add_argument(
        "--checkout", type=Path, default=ROOT, help="measure the job of another checkout"
    )
    return parser.parse_args(argv)


def at_least_one(text: str) -> int:
    """Return the number of rounds.

    Raises:
        ArgumentTypeError: it is not a whole number above zero.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of rounds, such as 3")
    return int(text)


def chosen_cases(names: str) -> list[Case]:
    """Return the cases of a list such as ``1,2``.

    Raises:
        SystemExit: there is no such case.
    """
    known = {case.name: case for case in CASES}
    wanted = names.split(",")
    if unknown := [name for name in wanted if name not in known]:
        raise SystemExit(f"There is no case {', '.join(unknown)}; there are {', '.join(known)}.")
    return [known[name] for name in wanted]


def check_installed() -> None:
    """See that everything is there that the processes need.

    Raises:
        SystemExit: something is missing.
    """
    missing = [path for path in (JARS, JAVA_HOME, AIRFLOW_PYTHON) if not path.exists()]
    if missing:
        raise SystemExit(f"{', '.join(map(str, missing))} is missing: run make setup first.")


def measure(cases: Sequence[Case], rounds: Rounds, count: int, counts: bool) -> Results:
    """Return the results of all rounds; in a round every subject of every case runs once."""
    results = Results()
    rounds.prepare(cases)
    # First, because it needs more to be in order than the timed rounds, which take most of an hour.
    for case in cases if counts else []:
        for subject in case.subjects if case.counts_requests else []:
            results.add_counts(case.name, subject, rounds.counted(case, subject))
    for number in range(count):
        rounds.say(f"round {number + 1} of {count}")
        for case in cases:
            # Every other round runs backwards, so that no subject always has the same neighbour.
            for subject in case.subjects[:: -1 if number % 2 else 1]:
                results.add_round(case.name, subject, rounds.timed(case, subject))
    return results


def main() -> None:
    """Measure, show and save the figures."""
    arguments = parse_arguments()
    check_installed()
    cases = chosen_cases(arguments.cases)
    work = own_folder()
    try:
        run(arguments, cases, work)
    finally:
        shutil.rmtree(work)


def own_folder() -> Path:
    """Return a folder for this run alone, and remove those of runs that were killed."""
    for folder in FOLDER.glob("run-*"):
        if not Path("/proc", folder.name.removeprefix("run-")).exists():
            shutil.rmtree(folder)
    work = FOLDER / f"run-{os.getpid()}"
    work.mkdir(parents=True)
    return work


def run(arguments: argparse.Namespace, cases: Sequence[Case], work: Path) -> None:
    """Measure in the folder `work`."""
    code = freeze_code(arguments.checkout, work / "code")
    prepared = Prepared(FOLDER, Shop().scaled(arguments.scale), code)
    load_before = os.getloadavg()[0]
    rounds = Rounds(prepared, code, work / "round")
    results = measure(cases, rounds, arguments.rounds, not arguments.no_counts)
    machine = describe_machine(code, (load_before, os.getloadavg()[0]))
    report = report_lines(cases, results, machine)
    print("\n".join(["", *report]))
    write_json(FIGURES, results)
    if is_whole(arguments):
        write_page(PAGE, report)
    else:
        print(
            f"\n{PAGE} is written by a whole run only: all cases, {FEWEST_ROUNDS} rounds, scale 1."
        )


def is_whole(arguments: argparse.Namespace) -> bool:
    """Return whether the run is one for the page."""
    whole = parse_arguments([])
    is_enough = arguments.rounds >= FEWEST_ROUNDS and arguments.checkout == whole.checkout
    same = (arguments.cases, arguments.scale) == (whole.cases, whole.scale)
    return is_enough and same and not arguments.no_counts


if __name__ == "__main__":
    main()
