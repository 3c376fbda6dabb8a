"""A bucket in local S3 that holds what a folder holds, for as long as it is needed."""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]

from benchmarks import ROOT
from local_aws.settings import client_environment
from local_stack.ports import free_ports

BUCKET = "lake"
AIRFLOW_PYTHON = ROOT / ".venv/bin/python"
UPLOADS_AT_ONCE = 8


@contextmanager
def s3_bucket(folder: Path, work: Path) -> Iterator[dict[str, str]]:
    """Serve a bucket with the folder's files; yield the environment of its clients.

    The environment is this process's too while it lasts.
    """
    [port] = free_ports(1)
    server = start_server(port, work)
    environment = client_environment(f"http://127.0.0.1:{port}")
    os.environ.update(environment)
    try:
        fill_bucket(folder)
        yield environment
    finally:
        for name in environment:
            os.environ.pop(name, None)
        server.terminate()
        server.wait()


def start_server(port: int, work: Path) -> subprocess.Popen[str]:
    """Return the counting server, ready.

    Raises:
        RuntimeError: it ended before it was ready.
    """
    objects = work / "objects"
    objects.mkdir(parents=True)
    command = [str(AIRFLOW_PYTHON), "-m", "benchmarks.s3_server", str(port), str(objects)]
    with (work / "s3.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    if server.stdout is None or server.stdout.readline() != "ready\n":
        raise RuntimeError(f"local S3 did not start, see {work}/s3.log")
    return server


def fill_bucket(folder: Path) -> None:
    """Make the bucket, with versions as the real one has, and upload every file."""
    client: Any = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    # Hidden files are Hadoop's checksums, which only a local file system has.
    files = [path for path in folder.rglob("[!.]*") if path.is_file()]
    keys = [path.relative_to(folder).as_posix() for path in files]
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as uploads:
        list(uploads.map(lambda path, key: client.upload_file(str(path), BUCKET, key), files, keys))
