"""The cases: what is delivered onto which past, who loads it, and what the job is to reach."""

from dataclasses import dataclass

from benchmarks.deliveries import Delivery

JOB, NAIVE, FLOOR = "job", "naive", "floor"
MONTH, YEAR = 30, 365


@dataclass(frozen=True)
class Goal:
    """A limit for the job: of one figure, or of its seconds as a ratio to another's seconds."""

    at_most: float
    aim: float | None = None
    subject: str | None = None
    case: str | None = None
    figure: str = "seconds"


@dataclass(frozen=True)
class Case:
    """One delivery, the days that are in the tables before it (none: no tables), and the goals."""

    name: str
    title: str
    delivery: Delivery
    past_days: int = 0
    subjects: tuple[str, ...] = (JOB, NAIVE, FLOOR)
    goals: tuple[Goal, ...] = ()
    counts_requests: bool = True


NEXT_DAY = Delivery(first_day=MONTH, days=1)
CORRECTING_DAY = Delivery(first_day=MONTH, days=1, corrections=True)
DAY_AFTER_YEAR = Delivery(first_day=YEAR, days=1)
CORRECTING_DAY_AFTER_YEAR = Delivery(first_day=YEAR, days=1, corrections=True)
FIRST_MONTH = Delivery(first_day=0, days=MONTH, with_products=True)
DIRTY_MONTH = Delivery(first_day=0, days=MONTH, with_products=True, dirt=0.02)
QUARTER = Delivery(first_day=0, days=3 * MONTH, with_products=True)

CASES = (
    Case(
        "1", "first load of 30 days, clean", FIRST_MONTH,
        goals=(Goal(1.75, 1.5, FLOOR), Goal(1.0, subject=NAIVE)), counts_requests=False,
    ),
    Case("1b", "the same with 2 % dirt", DIRTY_MONTH, counts_requests=False),
    Case("2", "next day on 30 days", NEXT_DAY, MONTH, goals=(Goal(0.4, 0.33, NAIVE),)),
    Case(
        "3", "next day with corrections and orphans", CORRECTING_DAY, MONTH,
        goals=(Goal(0.67, subject=NAIVE),),
    ),
    Case(
        "4", "next day on 365 days", DAY_AFTER_YEAR, YEAR, (JOB, FLOOR),
        goals=(
            Goal(1.25, subject=JOB, case="2"),
            Goal(1.0, subject=JOB, case="2", figure="files_read"),
            Goal(1.0, subject=JOB, case="2", figure="s3_requests"),
        ),
    ),
    Case(
        "4b", "the same with corrections and orphans", CORRECTING_DAY_AFTER_YEAR, YEAR, (JOB,),
        goals=(Goal(1.25, subject=JOB, case="3"),),
    ),
    Case(
        "5", "a day's files again", NEXT_DAY, MONTH + 1, (JOB, NAIVE),
        goals=(Goal(0, figure="files_added"), Goal(0, figure="files_removed")),
    ),
    Case(
        "6", "first load of 90 days", QUARTER, subjects=(JOB,),
        goals=(Goal(4096, figure="peak_mb"),), counts_requests=False,
    ),
)  # fmt: skip
