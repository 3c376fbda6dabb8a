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
counts = {"read": 1, "outcomes": {"inserted": 1, "rejected": 0}, "files_rejected": 0,
          "parked": {"after": 0}}
manifest = json.load(bucket.Object(f"{batch}/manifest.json").get()["Body"])
files = [{"verdict": "accepted", **file} for file in manifest["files"]]
put("load.json", {"datasets": {"products": counts}, "files": files})
"""
)

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
