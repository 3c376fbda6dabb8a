"""The CloudWatch alarms of the deploy facts, as PutMetricAlarm takes them."""

from datetime import timedelta
from typing import Any

from local_aws.sla import EVERY_DAY, Sla, SlaError

Definition = dict[str, Any]

SECONDS_OF_A_DAY = 86400
LATEST_DUE = timedelta(hours=12)


def put_alarms(cloudwatch: Any, sns: Any, facts: dict[str, Any], sla: Sla) -> None:
    """Make the alarms, or bring them up to date; each tells its topic."""
    for alarm in facts["cloudwatch"]["alarms"]:
        topic = sns.create_topic(Name=facts["sns_topics"][alarm["topic"]])["TopicArn"]
        definition = alarm_definition(facts["cloudwatch"]["namespace"], alarm, sla)
        cloudwatch.put_metric_alarm(**definition, AlarmActions=[topic])


def alarm_definition(namespace: str, alarm: dict[str, Any], sla: Sla) -> Definition:
    """Return the alarm, without its actions."""
    watches = due_days if alarm.get("by_contract_hour") else last_day
    return {
        "AlarmName": alarm["name"],
        "AlarmDescription": alarm["description"],
        "ComparisonOperator": alarm["comparison"],
        "Threshold": alarm["threshold"],
        "TreatMissingData": alarm["missing_data"],
        "EvaluationPeriods": 1,
        **watches(namespace, alarm, sla),
    }


def last_day(namespace: str, alarm: dict[str, Any], _sla: Sla) -> Definition:
    """Return what makes an alarm watch the last 24 hours.

    A day, because metrics are stamped with the planning time of a batch, and sent hours later.
    """
    return {
        "Namespace": namespace,
        "MetricName": alarm["metric"],
        "Statistic": alarm["statistic"],
        "Period": SECONDS_OF_A_DAY,
    }


def due_days(namespace: str, alarm: dict[str, Any], sla: Sla) -> Definition:
    """Return what makes an alarm watch each day that ends at the promised hour.

    FILL, because CloudWatch looks for older data where there is none, and would ring days later;
    the alarm's word for missing data is left for a metric that was never sent.
    """
    metric = {"Namespace": namespace, "MetricName": alarm["metric"]}
    stat = {"Metric": metric, "Period": SECONDS_OF_A_DAY, "Stat": alarm["statistic"]}
    due = _due_value(sla, alarm["threshold"])
    return {
        "Metrics": [
            {"Id": "sent", "MetricStat": stat, "ReturnData": False},
            {"Id": "filled", "Expression": "FILL(sent, 0)", "ReturnData": False},
            {"Id": "due", "Expression": due, "ReturnData": True},
        ],
        "EvaluationWindow": {"WallClockWindow": {"Timezone": _zone_whose_day_ends(sla.due)}},
    }


def _due_value(sla: Sla, else_value: float) -> str:
    """Return the expression that is `filled` on due days; a day has the weekday it begins on."""
    if sla.weekdays == EVERY_DAY:
        return "filled"
    begins = sorted((weekday - 2) % 7 + 1 for weekday in sla.weekdays)
    is_due = " OR ".join(f"DAY(filled) == {weekday}" for weekday in begins)
    return f"IF({is_due}, filled, {else_value})"


def _zone_whose_day_ends(due: timedelta) -> str:
    """Return the time zone in which it is midnight at that time UTC."""
    minutes = due // timedelta(minutes=1)
    if due > LATEST_DUE or minutes % 5:
        raise SlaError(f"CloudWatch has no day that ends {due} after midnight UTC")
    return f"-{minutes // 60:02}:{minutes % 60:02}" if minutes else "UTC"
