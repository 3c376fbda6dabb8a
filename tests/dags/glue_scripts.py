"""Scripts that stand in for the project's Glue jobs: they write the records that the jobs write."""

HEAD = """
import argparse, json, boto3

parser = argparse.ArgumentParser()
parser.add_argument("--batch_id")
parser.add_argument("--bucket")
arguments, _ = parser.parse_known_args()
bucket = boto3.resource("s3").Bucket(arguments.bucket)
batch = f"batches/{arguments.batch_id}"


def put(name, record):
    bucket.put_object(Key=f"{batch}/{name}", Body=json.dumps(record))


"""

LOAD = (
    HEAD
    + """
import os
from deltalake import write_deltalake
import pyarrow as pa

rows = pa.table({"product_id": [2], "department": ["bakery"], "_batch_id": [arguments.batch_id]})
write_deltalake(
    f"s3://{arguments.bucket}/processed/products", rows, mode="append",
    storage_options={"AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"], "AWS_ALLOW_HTTP": "true"},
)


def counts(inserted):
    none = {"inserted": 0, "updated": 0, "rejected": 0}
    return {"read": inserted, "outcomes": {**none, "inserted": inserted}, "files_rejected": 0,
            "parked": {"after": 0, "outcomes": none}, "base_version": 0, "new_version": inserted}


manifest = json.load(bucket.Object(f"{batch}/manifest.json").get()["Body"])
files = [{"verdict": "accepted", **file} for file in manifest["files"]]
datasets = {"products": counts(1), "orders": counts(0), "order_items": counts(0)}
put("load.json", {"datasets": datasets, "files": files,
                  "rejected": {"base_version": 0, "new_version": 0}})
"""
)

LOAD_WHAT_THE_LEDGER_HAS_NOT = LOAD.replace('"products": counts(1)', '"products": counts(3)')

LOAD_AND_LOSE_THE_FILES = (
    LOAD
    + """
bucket.object_versions.filter(Prefix="raw/").delete()
"""
)

CHECK = (
    HEAD
    + """
check = {"name": "few rejects", "dataset": "products", "severity": "warn", "outcome": "fail"}
put("quality.json", {"attempt": 1, "verdict": "pass", "score": 90.0,
                     "datasets": {"products": 90.0}, "checks": [check]})
"""
)

UNDO = (
    HEAD
    + """
load = bucket.Object(f"{batch}/load.json")
put("attempts/1/undo_started.json", {"ledger": json.load(load.get()["Body"])})
load.delete()
put("attempts/1/undone.json", {})
"""
)

FAIL = 'raise RuntimeError("the table is on fire")'
