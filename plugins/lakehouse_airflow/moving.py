"""Moving one file version within the bucket: copy, verify, and only then delete."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from lakehouse_airflow.aws import error_code
from lakehouse_airflow.manifest import DELIVERED_AT
from lakehouse_airflow.records import MISSING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

GIBIBYTE = 1024**3
# Above 1 GiB in parts: S3 copies at most 5 GB in one request, and that would outlast its time-out.
COPY_IN_PARTS = TransferConfig(multipart_threshold=GIBIBYTE, multipart_chunksize=GIBIBYTE // 4)
READ_BYTES = 1024**2
MOVED_FROM = "moved-from"  # S3 metadata: version and ETag of the source, "<version>/<etag>"
# What a copy with new metadata must be given again, or S3 drops it.
KEPT_HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
)


class FileLost(AirflowFailException):
    """A file is neither where it was nor where it should go."""


class CopyDiffers(Exception):
    """A copy is not the file that was copied."""


@dataclass(frozen=True)
class Move:
    """One file version, and the key in the same bucket that it goes to."""

    bucket: str
    key: str
    version_id: str
    size: int
    etag: str
    delivered_at: str
    target_key: str

    @property
    def source(self) -> dict[str, str]:
        """The version to move, as S3's calls name it."""
        return {"Bucket": self.bucket, "Key": self.key, "VersionId": self.version_id}

    @property
    def target(self) -> dict[str, str]:
        """Where it goes, as S3's calls name it."""
        return {"Bucket": self.bucket, "Key": self.target_key}

    @property
    def origin(self) -> str:
        """What the copy's metadata says of where it came from."""
        return f"{self.version_id}/{self.etag}"


def move_file(s3: "S3Client", move: Move, config: TransferConfig = COPY_IN_PARTS) -> None:
    """Bring a file version to its target, from whatever an earlier try left behind.

    Raises:
        FileLost: the version is gone, and the target is no copy of it.
        CopyDiffers: the copy failed its check; the version is kept.
    """
    source = _head(s3, **move.source)
    if source is None:
        _require_earlier_copy(s3, move)
        return
    if not _is_moved(s3, move):
        _copy(s3, move, source, config)
        if not _is_moved(s3, move):
            raise CopyDiffers(f"{move.target_key} differs from {move.key}, which is kept")
    s3.delete_object(**move.source)  # type: ignore[arg-type]


def _is_moved(s3: "S3Client", move: Move) -> bool:
    """Return whether the target has the version's size and bytes; equal ETags mean equal bytes."""
    copy = _head(s3, **move.target)
    if copy is None or copy["ContentLength"] != move.size:
        return False
    same_etag: bool = copy["ETag"].strip('"') == move.etag
    return same_etag or _sha256(s3, **move.source) == _sha256(s3, **move.target)


def _require_earlier_copy(s3: "S3Client", move: Move) -> None:
    """Accept that a version is gone if the target was copied, whole, from it: copies are atomic."""
    copy = _head(s3, **move.target)
    is_copy = (
        copy is not None
        and copy["ContentLength"] == move.size
        and copy["Metadata"].get(MOVED_FROM) == move.origin
    )
    if not is_copy:
        raise FileLost(
            f"version {move.version_id} of {move.key} is gone, and {move.target_key} "
            f"is no copy of it: ask the supplier to deliver the file again"
        )


def _copy(s3: "S3Client", move: Move, source: dict[str, Any], config: TransferConfig) -> None:
    metadata = {
        **source["Metadata"],
        DELIVERED_AT: move.delivered_at,
        MOVED_FROM: move.origin,
    }
    s3.copy(
        CopySource=move.source,  # type: ignore[arg-type]
        Bucket=move.bucket,
        Key=move.target_key,
        ExtraArgs={
            "MetadataDirective": "REPLACE",
            "Metadata": metadata,
            **{name: source[name] for name in KEPT_HEADERS if name in source},
        },
        Config=config,
    )


def _sha256(s3: "S3Client", **which: str) -> str:
    digest = hashlib.sha256()
    for chunk in s3.get_object(**which)["Body"].iter_chunks(READ_BYTES):  # type: ignore[arg-type]
        digest.update(chunk)
    return digest.hexdigest()


def _head(s3: "S3Client", **which: str) -> dict[str, Any] | None:
    try:
        return dict(s3.head_object(**which))  # type: ignore[arg-type]
    except ClientError as error:
        if error_code(error) in MISSING:
            return None
        raise
