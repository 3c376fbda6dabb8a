"""What Glue jobs load from S3, as a release has it but for the wheels: those `.venv-glue` has."""

from pathlib import Path
from typing import Any

from release.glue import file_arguments, glue_files


def upload_assets(s3: Any, project: Path, facts: dict[str, Any]) -> dict[str, str]:
    """Upload all of it, and return the job arguments that name it."""
    prefix = facts["prefixes"]["glue_assets"]
    for name, content in glue_files(project).items():
        s3.put_object(Bucket=facts["bucket"], Key=f"{prefix}{name}", Body=content)
    return file_arguments(project, facts)
