"""What Glue jobs load from S3: entrypoints, our Spark code as a zip, the contract, the checks."""

from pathlib import Path
from typing import Any

from release.zips import files_below, zip_files

CONTRACT = "include/contracts/orders_lakehouse.odcs.yaml"
CHECKS = "include/soda/*.yml"
PACKAGE = "lakehouse_spark"


def glue_files(project: Path) -> dict[str, bytes]:
    """Return the content of each file by its name under the prefix ``glue_assets``."""
    scripts = project / "glue_scripts"
    paths = (*sorted(scripts.glob("*.py")), *extra_files(project))
    package = files_below(scripts / PACKAGE)
    return {
        **{path.name: path.read_bytes() for path in paths},
        f"{PACKAGE}.zip": zip_files({f"{PACKAGE}/{name}": package[name] for name in package}),
    }


def extra_files(project: Path) -> list[Path]:
    """Return the files that a job finds in the folder it runs in."""
    return [project / CONTRACT, *sorted(project.glob(CHECKS))]


def file_arguments(project: Path, facts: dict[str, Any]) -> dict[str, str]:
    """Return the arguments with which every job gets these files."""
    place = glue_place(facts)
    return {
        "--extra-py-files": f"{place}{PACKAGE}.zip",
        "--extra-files": ",".join(f"{place}{path.name}" for path in extra_files(project)),
    }


def glue_place(facts: dict[str, Any]) -> str:
    """Return the address of what Glue jobs load, with a ``/`` at its end."""
    return f"s3://{facts['bucket']}/{facts['prefixes']['glue_assets']}"
