"""CloudWatch metrics, as the pipeline publishes them."""

import datetime as dt

from tests.local_aws.aws import Aws

NAMESPACE = "OrdersLakehouse"


def test_published_metrics_can_be_read_back(aws: Aws) -> None:
    cloudwatch = aws.client("cloudwatch")
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    dimensions = [{"Name": "Dataset", "Value": "orders"}]
    metric = {"MetricName": "RecordsProcessed", "Dimensions": dimensions}
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {**metric, "Value": value, "Unit": "Count", "Timestamp": now} for value in (3, 4)
        ],
    )
    span = {"StartTime": now - dt.timedelta(hours=1), "EndTime": now + dt.timedelta(hours=1)}
    (point,) = cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE, **metric, **span, Period=7200, Statistics=["Sum"]
    )["Datapoints"]
    assert (point["Sum"], point["Unit"]) == (7.0, "Count")
    stat = {"Metric": {"Namespace": NAMESPACE, **metric}, "Period": 7200, "Stat": "Sum"}
    answer = cloudwatch.get_metric_data(MetricDataQueries=[{"Id": "q", "MetricStat": stat}], **span)
    assert answer["MetricDataResults"][0]["Values"] == [7.0]
