"""The hour and the days by which the contract promises a batch."""

from datetime import timedelta
from typing import Any

import pytest
from open_data_contract_standard.model import (
    OpenDataContractStandard,
    ServiceLevelAgreementProperty,
)

from local_aws.sla import EVERY_DAY, Sla, SlaError, read_sla
from local_stack.paths import ROOT

SIX = timedelta(hours=6)
CONTRACT = ROOT / "include/contracts/orders_lakehouse.odcs.yaml"


def promise(value: Any = "06:00+00:00", schedule: str | None = None, **more: Any) -> dict[str, Any]:
    cron = {"scheduler": "cron", "schedule": schedule} if schedule else {}
    return {"property": "timeOfAvailability", "value": value, **cron, **more}


def read(*promises: dict[str, Any]) -> Sla:
    properties = [ServiceLevelAgreementProperty(**each) for each in promises]
    return read_sla(OpenDataContractStandard(slaProperties=properties))


def test_the_project_s_contract_promises_a_batch_a_day() -> None:
    assert read_sla(OpenDataContractStandard.from_file(str(CONTRACT))) == Sla(SIX, EVERY_DAY)


@pytest.mark.parametrize(
    ("value", "due"),
    [
        ("06:00+00:00", SIX),
        ("06:30Z", timedelta(hours=6, minutes=30)),
        ("09:00-08:00", timedelta(hours=17)),
        ("01:00+02:00", timedelta(hours=23)),
    ],
)
def test_the_hour_is_that_of_utc(value: str, due: timedelta) -> None:
    assert read(promise(value)).due == due


@pytest.mark.parametrize(
    ("days", "weekdays"),
    [
        ("*", EVERY_DAY),
        ("1-5", (1, 2, 3, 4, 5)),
        ("0,3", (3, 7)),
        ("fri-sun", (5, 6, 7)),
    ],
)
def test_a_schedule_names_the_days(days: str, weekdays: tuple[int, ...]) -> None:
    assert read(promise(schedule=f"0 6 * * {days}")).weekdays == weekdays


def test_other_promises_do_not_matter() -> None:
    assert read({"property": "frequency", "value": 1, "unit": "d"}, promise()).due == SIX


@pytest.mark.parametrize(
    ("promises", "message"),
    [
        pytest.param([], "has 0 slaProperties timeOfAvailability", id="none"),
        pytest.param([promise(), promise()], "has 2 slaProperties", id="two"),
        pytest.param([promise("six")], "'six' is no time of day", id="no time"),
        pytest.param([promise("06:00")], "'06:00' has no offset", id="no offset"),
        pytest.param([promise(schedule="daily")], "'daily' is no schedule", id="no schedule"),
        pytest.param(
            [promise(schedule="0 6 * * 1", scheduler="airflow")], "is no schedule of cron",
            id="of another scheduler"),
        pytest.param([promise(schedule="0 7 * * 1-5")], "is not 6:00 UTC", id="another hour"),
        pytest.param([promise(schedule="0 6 1 * *")], "is not 6:00 UTC", id="a day of the month"),
        pytest.param([promise(schedule="0 6 * * 1#2")], "is not 6:00 UTC", id="the second Monday"),
    ],
)  # fmt: skip
def test_what_can_not_be_watched_is_an_error(promises: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(SlaError, match=message):
        read(*promises)
