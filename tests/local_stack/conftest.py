from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from local_stack.deployment import Deployment, read_deployment


@pytest.fixture
def deployment() -> Deployment:
    return read_deployment()


@pytest.fixture
def s3(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    """An S3 with the project's bucket, versioned; other clients of the test see the same AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=deployment.bucket)
        client.put_bucket_versioning(
            Bucket=deployment.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        yield client
