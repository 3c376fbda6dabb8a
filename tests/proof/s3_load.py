"""Run the load job as it is, in a process of its own, on the S3 that the environment names.

``python -m tests.proof.s3_load BUCKET BATCH_ID SCRATCH RUN``: RUN is the id of the Glue run.
"""

import os
import sys
from pathlib import Path

import delta_lake_job

from local_aws.spark_defaults import s3a_defaults
from local_stack.paths import CONTRACT
from tests.spark_sessions import brief_settings, start_session

# Two tries of each request, soon: many a bad request reaches the job, and none takes long.
IMPATIENT = {
    "attempts.maximum": "1",
    "retry.limit": "1",
    "retry.interval": "20ms",
    "retry.throttle.limit": "1",
    "retry.throttle.interval": "20ms",
}


def main(bucket: str, batch_id: str, scratch: str, run: str) -> None:
    """Load the batch; whatever goes wrong ends the process, as it ends a Glue run."""
    settings = s3a_defaults(os.environ["AWS_ENDPOINT_URL"])
    settings |= {f"spark.hadoop.fs.s3a.{name}": value for name, value in IMPATIENT.items()}
    start_session(brief_settings(Path(scratch)) | settings)
    delta_lake_job.main([
        *("--bucket", bucket, "--batch_id", batch_id, "--contract", str(CONTRACT)),
        *("--max_reject_share", "1", "--JOB_NAME", "proof", "--JOB_RUN_ID", run),
    ])


if __name__ == "__main__":
    main(*sys.argv[1:])
