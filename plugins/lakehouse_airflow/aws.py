"""How AWS is reached: Airflow's connection ``aws_default``, in the deployment's region.

The triggerer can't look a connection up for a deadline's callback, which names none.
"""

from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from botocore.exceptions import ClientError

DEFAULT_CONNECTION = "aws_default"


def aws_client(service: str, region: str, aws_conn_id: str | None = DEFAULT_CONNECTION) -> Any:
    """Return a boto3 client; without such a connection, boto3's own way to find credentials."""
    return AwsBaseHook(aws_conn_id, client_type=service, region_name=region).get_conn()


def error_code(error: ClientError) -> str:
    """Return the code of an AWS error, such as ``NoSuchKey``."""
    return error.response.get("Error", {}).get("Code", "")
