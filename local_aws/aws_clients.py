"""Clients of local AWS, whatever the environment says about AWS, accounts and proxies."""

from typing import Any

import boto3
from botocore.config import Config
from mypy_boto3_s3 import S3Client

from local_aws.settings import ACCESS_KEY, REGION, SECRET_KEY


def local_client(service: str, endpoint: str, region: str = REGION) -> Any:
    """Return a client for the service of the AWS at `endpoint`."""
    session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=region)
    config = Config(proxies={})
    return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]


def s3_client(endpoint: str) -> S3Client:
    """Return a client for the S3 at `endpoint`."""
    client: S3Client = local_client("s3", endpoint)
    return client
