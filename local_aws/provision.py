"""The set-up of one local AWS from the project's deploy facts; safe to run again and again."""

import argparse
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError
from open_data_contract_standard.model import OpenDataContractStandard

from local_aws.alarms import put_alarms
from local_aws.aws_clients import local_client
from local_aws.glue_assets import upload_assets
from local_aws.provision_glue import put_crawler, put_database, put_external_table, put_job
from local_aws.sla import read_sla
from release.glue import CONTRACT

INBOX = "orders-lakehouse-inbox"
"""The queue that gets every alert, so that people and tests can read them."""

ASSUMED_BY_GLUE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "glue.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def provision(project: Path, endpoint: str) -> None:
    """Make all that `project` needs in the AWS at `endpoint`; data stays as it is."""
    facts = yaml.safe_load((project / "infra/lakehouse.yaml").read_text())
    region = facts["region"]
    names = ("s3", "iam", "glue", "sns", "sqs", "cloudwatch")
    s3, iam, glue, sns, sqs, cloudwatch = (local_client(name, endpoint, region) for name in names)
    contract = OpenDataContractStandard.from_file(str(project / CONTRACT))
    put_bucket(s3, facts["bucket"], region)
    arguments = upload_assets(s3, project, facts)
    role = put_role(iam, facts["glue"]["role"])
    for job in facts["glue_jobs"].values():
        put_job(glue, facts, job, role, arguments)
    put_database(glue, facts["crawler"]["database"])
    role = put_role(iam, facts["crawler"]["role"])
    put_crawler(glue, facts, role, [str(dataset.name) for dataset in contract.schema_ or []])
    for table in facts["external_tables"]:
        put_external_table(glue, facts, table)
    put_topics(sns, sqs, facts["sns_topics"].values())
    put_alarms(cloudwatch, sns, facts, read_sla(contract))


def put_bucket(s3: Any, bucket: str, region: str) -> None:
    """Make the bucket: versioned, closed to the public."""
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.create_bucket(Bucket=bucket, **({} if region == "us-east-1" else elsewhere))
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
            raise
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(closed, True)
    )


def put_role(iam: Any, name: str) -> str:
    """Make the role that Glue takes on, and return its ARN."""
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(ASSUMED_BY_GLUE))
    return str(iam.get_role(RoleName=name)["Role"]["Arn"])


def put_topics(sns: Any, sqs: Any, topics: Iterable[str]) -> None:
    """Make the topics, and the one queue that gets what is published to any of them."""
    queue = sqs.create_queue(QueueName=INBOX)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    inbox = attributes["Attributes"]["QueueArn"]
    for name in topics:
        topic = sns.create_topic(Name=name)["TopicArn"]
        # SNS gives back the subscription that is already there.
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox)


def main() -> None:
    """Set up what the command line names."""
    parser = argparse.ArgumentParser(prog="local_aws.provision", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="address of the running local AWS")
    parser.add_argument(
        "--project", type=Path, default=Path.cwd(), help="folder that holds infra/lakehouse.yaml"
    )
    arguments = parser.parse_args()
    provision(arguments.project, arguments.endpoint)


if __name__ == "__main__":
    main()
