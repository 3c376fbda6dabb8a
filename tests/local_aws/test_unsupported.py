"""What local AWS does not do fails at once, and says so."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.aws import Aws

REFUSED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a JSON service": ("dynamodb", lambda dynamodb: dynamodb.list_tables()),
    "a query service": ("ec2", lambda ec2: ec2.describe_instances()),
    "a REST service": ("lambda", lambda functions: functions.list_functions()),
    "a Glue action": ("glue", lambda glue: glue.get_partitions(DatabaseName="a", TableName="b")),
    "an Athena action": ("athena", lambda athena: athena.list_named_queries()),
    "an SNS action that moto lacks": ("sns", lambda sns: sns.list_origination_numbers()),
    "a Glue action that moto lacks": ("glue", lambda glue: glue.list_blueprints()),
}


@pytest.mark.parametrize(("service", "call"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_done_here_is_refused_without_retries(
    aws: Aws, service: str, call: Callable[[Any], Any]
) -> None:
    client = aws.client(service)
    began = time.monotonic()
    with pytest.raises(ClientError) as caught:
        call(client)
    assert caught.value.response["Error"]["Code"] == "UnsupportedOperation"
    assert service in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert time.monotonic() - began < 5


def test_a_refusal_names_the_action(aws: Aws) -> None:
    with pytest.raises(ClientError, match="glue GetPartitions"):
        aws.client("glue").get_partitions(DatabaseName="a", TableName="b")
