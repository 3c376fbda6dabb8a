"""What the contract promises its readers: the hour by which a batch is published, and the days."""

from dataclasses import dataclass
from datetime import time, timedelta

from croniter import croniter
from open_data_contract_standard.model import (
    OpenDataContractStandard,
    ServiceLevelAgreementProperty,
)

AVAILABILITY = "timeOfAvailability"
DAY = timedelta(days=1)
EVERY_DAY = tuple(range(1, 8))


class SlaError(ValueError):
    """The contract promises nothing, or what nobody can watch."""


@dataclass(frozen=True)
class Sla:
    """On each weekday, 1 for Monday to 7, by so much after midnight UTC, a batch is published."""

    due: timedelta
    weekdays: tuple[int, ...] = EVERY_DAY


def read_sla(contract: OpenDataContractStandard) -> Sla:
    """Return what the contract promises.

    Raises:
        SlaError: it does not promise one time of availability, or promises it in other words.
    """
    promises = [each for each in contract.slaProperties or [] if each.property == AVAILABILITY]
    if len(promises) != 1:
        raise SlaError(f"the contract has {len(promises)} slaProperties {AVAILABILITY}, not one")
    due = _due(promises[0])
    return Sla(due, _weekdays(promises[0], due))


def _due(promise: ServiceLevelAgreementProperty) -> timedelta:
    try:
        at = time.fromisoformat(str(promise.value))
    except ValueError as error:
        raise SlaError(f"{AVAILABILITY}: {promise.value!r} is no time of day") from error
    offset = at.utcoffset()
    if offset is None:
        raise SlaError(f"{AVAILABILITY}: {promise.value!r} has no offset; write 06:00+00:00")
    return (timedelta(hours=at.hour, minutes=at.minute) - offset) % DAY


def _weekdays(promise: ServiceLevelAgreementProperty, due: timedelta) -> tuple[int, ...]:
    """Return the days of the schedule, which must be one of weekdays, at the promised time."""
    schedule = promise.schedule
    if schedule is None:
        return EVERY_DAY
    if promise.scheduler != "cron" or not croniter.is_valid(schedule):
        raise SlaError(f"{AVAILABILITY}: {schedule!r} is no schedule of cron")
    (*times, weekdays), nth_of_month = croniter.expand(schedule)
    hour, minute = divmod(due // timedelta(minutes=1), 60)
    if times != [[minute], [hour], ["*"], ["*"]] or nth_of_month:
        raise SlaError(f"{AVAILABILITY}: {schedule!r} is not {hour}:{minute:02} UTC on weekdays")
    return EVERY_DAY if weekdays == ["*"] else tuple(sorted(day or 7 for day in weekdays))
