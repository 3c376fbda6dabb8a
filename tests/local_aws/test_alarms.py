"""The alarms of the deploy facts: what they watch is sent, and all of them are made."""

from datetime import timedelta
from typing import Any

import pytest
import yaml
from lakehouse_airflow.metric_data import Attempt, attempt_metrics, publication_metrics

from local_aws.alarms import alarm_definition
from local_aws.provision import provision
from local_aws.sla import Sla, SlaError
from local_stack.paths import ROOT
from tests.local_aws.aws import Aws

FACTS = yaml.safe_load((ROOT / "infra/lakehouse.yaml").read_text())
NAMESPACE = FACTS["cloudwatch"]["namespace"]
ALARMS = {alarm["name"]: alarm for alarm in FACTS["cloudwatch"]["alarms"]}
NOT_PUBLISHED = ALARMS["orders-lakehouse-not-published"]
SIX = timedelta(hours=6)
EVERY_DAY = Sla(SIX)

MANIFEST = {
    "planned_at": "2026-11-24T03:00:00Z",
    "files": [{"delivered_at": "2026-11-24T02:55:00Z"}],
}
COUNTS = {
    "read": 1,
    "outcomes": {"inserted": 1, "rejected": 0},
    "files_rejected": 0,
    "parked": {"after": 0},
}
ATTEMPT = Attempt(
    number=1,
    ledger={"datasets": {"orders": COUNTS}},
    report={"score": 99.0, "datasets": {"orders": 99.0}},
    load={"oldest_parked": {}, "time_travel_days": {"orders": 30.0}},
)


def sent_without_dimensions() -> set[str]:
    """Return the metrics without dimensions that a published batch sends."""
    published = {"published_at": "2026-11-24T03:10:00Z"}
    data = [
        *attempt_metrics(MANIFEST, ATTEMPT, {"load_delta": 60.0}),
        *publication_metrics(MANIFEST, published),
    ]
    return {datum["MetricName"] for datum in data if not datum["Dimensions"]}


def watched(alarm: dict[str, Any]) -> dict[str, Any]:
    """Return namespace, name and dimensions of the metric that a definition or an alarm has."""
    stats = [
        each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each
    ]
    [metric] = stats or [alarm]
    return {name: metric.get(name) or [] for name in ("Namespace", "MetricName", "Dimensions")}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_what_is_sent(name: str) -> None:
    metric = watched(alarm_definition(NAMESPACE, ALARMS[name], EVERY_DAY))

    assert metric["MetricName"] in sent_without_dimensions()
    assert (metric["Namespace"], metric["Dimensions"]) == (NAMESPACE, [])


def test_only_a_day_without_a_batch_rings_without_data() -> None:
    ringing = [name for name, each in ALARMS.items() if each["missing_data"] == "breaching"]
    assert ringing == [NOT_PUBLISHED["name"]]


def test_a_metric_is_watched_for_a_day() -> None:
    definition = alarm_definition(NAMESPACE, ALARMS["orders-lakehouse-quality-score"], EVERY_DAY)

    assert (definition["Period"], definition["EvaluationPeriods"]) == (86400, 1)
    assert (definition["Statistic"], definition["Threshold"]) == ("Minimum", 95)
    assert (definition["ComparisonOperator"], definition["TreatMissingData"]) == (
        "LessThanThreshold",
        "ignore",
    )


def watched_value(sla: Sla) -> str:
    """Return the expression that the alarm for a missing batch judges."""
    metrics = alarm_definition(NAMESPACE, NOT_PUBLISHED, sla)["Metrics"]
    [value] = [each["Expression"] for each in metrics if each["ReturnData"]]
    return str(value)


def test_a_day_without_a_batch_counts_none() -> None:
    metrics = alarm_definition(NAMESPACE, NOT_PUBLISHED, EVERY_DAY)["Metrics"]

    [sent, filled, _due] = metrics
    assert (sent["MetricStat"]["Period"], sent["MetricStat"]["Stat"]) == (86400, "Sum")
    assert filled["Expression"] == f"FILL({sent['Id']}, 0)"
    assert watched_value(EVERY_DAY) == "filled"


def test_where_no_files_are_due_the_day_that_ends_then_is_good() -> None:
    assert watched_value(Sla(SIX, (1, 3))) == "IF(DAY(filled) == 2 OR DAY(filled) == 7, filled, 1)"


@pytest.mark.parametrize(
    ("due", "zone"),
    [
        (timedelta(0), "UTC"),
        (SIX, "-06:00"),
        (timedelta(hours=8, minutes=30), "-08:30"),
        (timedelta(hours=12), "-12:00"),
    ],
)
def test_the_watched_day_ends_at_the_promised_hour(due: timedelta, zone: str) -> None:
    window = alarm_definition(NAMESPACE, NOT_PUBLISHED, Sla(due))["EvaluationWindow"]

    assert window == {"WallClockWindow": {"Timezone": zone}}


@pytest.mark.parametrize("minutes", [12 * 60 + 5, 6 * 60 + 1])
def test_an_hour_at_which_no_day_ends_is_an_error(minutes: int) -> None:
    with pytest.raises(SlaError, match="no day that ends"):
        alarm_definition(NAMESPACE, NOT_PUBLISHED, Sla(timedelta(minutes=minutes)))


@pytest.fixture(scope="module")
def put(aws: Aws) -> dict[str, dict[str, Any]]:
    """Return the alarms of an account that was set up twice, by name."""
    for _ in range(2):
        provision(ROOT, aws.endpoint)
    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"]: alarm for alarm in alarms}


def test_exactly_the_listed_alarms_are_made(put: dict[str, dict[str, Any]]) -> None:
    assert put.keys() == ALARMS.keys()
    for name, alarm in put.items():
        assert watched(alarm) == watched(alarm_definition(NAMESPACE, ALARMS[name], EVERY_DAY))
        assert (alarm["Threshold"], alarm["ActionsEnabled"]) == (ALARMS[name]["threshold"], True)
        assert alarm["TreatMissingData"] == ALARMS[name]["missing_data"]


def test_an_alarm_tells_the_topic_of_its_kind(put: dict[str, dict[str, Any]], aws: Aws) -> None:
    told = {name: alarm["AlarmActions"] for name, alarm in put.items()}
    topics = {
        "error-rate": "data-quality",
        "quality-score": "data-quality",
        "restore-window": "job-failures",
        "not-published": "processing-delays",
    }
    assert {name: [arn.rpartition(":")[2] for arn in arns] for name, arns in told.items()} == {
        f"orders-lakehouse-{alarm}": [f"orders-lakehouse-{topic}"]
        for alarm, topic in topics.items()
    }
    known = [topic["TopicArn"] for topic in aws.client("sns").list_topics()["Topics"]]
    assert all(arn in known for arns in told.values() for arn in arns)
