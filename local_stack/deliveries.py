"""A supplier's part: files of a folder go into ``raw/``."""

import hashlib
from pathlib import Path

from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from local_stack.deployment import Deployment, read_datasets
from local_stack.lines import say
from local_stack.waiting import StackError


def find_files(folder: Path) -> list[Path]:
    """Return the CSV files of ``<folder>/<dataset>/``; what else lies there is said and left alone.

    Raises:
        StackError: there are none.
    """
    if not folder.is_dir():
        raise StackError(f"RAW={folder} is no folder.")
    datasets = read_datasets()
    files = sorted(path for name in datasets for path in (folder / name).glob("*.csv"))
    if not files:
        wanted = ", ".join(f"{name}/*.csv" for name in datasets)
        raise StackError(f"RAW={folder} has no file to load: it should hold {wanted}.")
    others = {path for path in folder.rglob("*") if path.is_file()}.difference(files)
    for path in sorted(others):
        say(f"{path} is left out: it is no .csv file in a folder of {', '.join(datasets)}")
    return files


def deliver(s3: S3Client, deployment: Deployment, files: list[Path]) -> int:
    """Put the files into raw/; return how many: one that already waits there stays as it is.

    A second version of a file that an open batch has planned would outlast that batch.
    """
    put = [path for path in files if put_file(s3, deployment, path)]
    return len(put)


def put_file(s3: S3Client, deployment: Deployment, path: Path) -> bool:
    """Put one file into the folder of its dataset, unless the same bytes are there."""
    key = f"{deployment.raw}{path.parent.name}/{path.name}"
    with path.open("rb") as content:
        if etag(s3, deployment.bucket, key) == hashlib.file_digest(content, "md5").hexdigest():
            return False
    s3.upload_file(str(path), deployment.bucket, key)
    return True


def etag(s3: S3Client, bucket: str, key: str) -> str | None:
    """Return the ETag of an object, None where there is none."""
    try:
        return s3.head_object(Bucket=bucket, Key=key)["ETag"].strip('"')
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return None
        raise


def waiting_files(s3: S3Client, deployment: Deployment) -> list[str]:
    """Return the keys that lie in raw/."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=deployment.bucket, Prefix=deployment.raw
    )
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
