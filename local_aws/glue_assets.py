"""What Glue jobs load from S3: scripts, our Spark code as a zip, the contract, the checks."""

import io
import zipfile
from pathlib import Path
from typing import Any

CONTRACT = "include/contracts/orders_lakehouse.odcs.yaml"
CHECKS = "include/soda/*.yml"
PACKAGE = "lakehouse_spark"
# The first day a zip can name. With the files' own times the same code would give other bytes.
FIXED_TIME = (1980, 1, 1, 0, 0, 0)


def upload_assets(s3: Any, project: Path, facts: dict[str, Any]) -> dict[str, str]:
    """Upload all of it, and return the job arguments that name it."""
    bucket, prefix = facts["bucket"], facts["prefixes"]["glue_assets"]
    scripts = project / "glue_scripts"
    extra_files = [project / CONTRACT, *sorted(project.glob(CHECKS))]
    contents = {path.name: path.read_bytes() for path in (*scripts.glob("*.py"), *extra_files)}
    contents[f"{PACKAGE}.zip"] = zip_package(scripts / PACKAGE)
    for name, content in contents.items():
        s3.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=content)
    place = f"s3://{bucket}/{prefix}"
    return {
        "--extra-py-files": f"{place}{PACKAGE}.zip",
        "--extra-files": ",".join(f"{place}{path.name}" for path in extra_files),
    }


def zip_package(package: Path) -> bytes:
    """Return the package as a zip, the same bytes for the same code."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(package.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                entry = zipfile.ZipInfo(str(path.relative_to(package.parent)), FIXED_TIME)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return content.getvalue()
