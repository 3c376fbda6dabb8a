"""Whether what the manifest planned is what this job can load, now."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from lakehouse_spark.batches import Manifest, ManifestError, PlannedFile
from lakehouse_spark.contract import Contract
from lakehouse_spark.storage import ObjectIdentity, Storage

REQUESTS_AT_ONCE = 16


class FileChangedError(RuntimeError):
    """A planned file version is no longer the one that Spark would read."""


def check_manifest(manifest: Manifest, contract: Contract) -> None:
    """Raise ManifestError where manifest and contract do not belong together."""
    if manifest.contract_version != contract.version:
        raise ManifestError(
            f"batch {manifest.batch_id} was planned under contract {manifest.contract_version} and "
            f"this job has contract {contract.version}: deploy both sides, then clear plan_batch"
        )
    known = {dataset.name for dataset in contract.datasets}
    for file in manifest.files:
        if file.dataset not in known:
            raise ManifestError(f"{file.key}: the contract has no dataset {file.dataset!r}")
        if file.accepted and file.key.rpartition("/")[2].startswith(("_", ".")):
            raise ManifestError(f"{file.key}: Spark passes over such a name; rename the file")


def check_files(storage: Storage, files: Sequence[PlannedFile]) -> None:
    """Raise FileChangedError, naming the key, where a file is not in its planned version."""
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as requests:
        found = requests.map(storage.identify, [file.key for file in files])
        for file, identity in zip(files, found, strict=True):
            _check_file(file, identity)


def _check_file(file: PlannedFile, found: ObjectIdentity | None) -> None:
    if found != ObjectIdentity(file.version_id, file.etag):
        change = "is gone" if found is None else f"was replaced by version {found.version_id}"
        raise FileChangedError(f"{file.key}: version {file.version_id} {change}: clear plan_batch")
