"""Glue 5.1 as a release finds it: AWS's list of Python modules, and Spark and Delta beside them."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.provision import put_bucket, put_role
from local_aws.provision_glue import put_job
from local_stack.paths import GLUE_PYTHON, JARS
from tests.local_aws.aws import Aws, wait_for
from tests.release.bare import install, make_environment, run

MODULES = Path(__file__).parent / "glue_5_1.txt"
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")
# What local AWS has no counterpart of: the wheels are installed before its first run.
INSTALLING = ("--additional-python-modules", "--python-modules-installer-option")
LONG_MINUTES = 600


def make_glue(folder: Path) -> Path:
    """Return the Python of an environment in which Spark and Delta are no packages of pip."""
    python = make_environment(folder / "environment", GLUE_PYTHON)
    install(python, "--no-deps", "--requirement", str(MODULES))
    spark = folder / "spark"
    spark.mkdir()
    [here] = (GLUE_PYTHON.parents[1] / "lib").glob("python3.*/site-packages")
    for name in ("pyspark", "py4j"):
        (spark / name).symlink_to(here / name)
    # Delta's Python is part of its jar, and Glue takes it from there.
    [delta] = JARS.glob("io.delta_delta-spark_*.jar")
    [there] = python.parents[1].glob("lib/python3.*/site-packages")
    (there / "spark_of_glue.pth").write_text(f"{spark}\n{delta}\n")
    return python


def wheels_folder(python: Path) -> Path:
    """Return the folder that the zip of wheels is unpacked to, beside the environment."""
    return python.parents[2] / "wheels"


def install_wheels(python: Path, dist: Path, manifest: dict[str, Any]) -> str:
    """Install the wheels as Glue does, with its pip and the job's options; return what pip says."""
    options = manifest["glue_arguments"]["--python-modules-installer-option"].split()
    folder = wheels_folder(python)
    with zipfile.ZipFile(dist / "glue" / "lakehouse.gluewheels.zip") as archive:
        archive.extractall(folder.parent)
    wheels = sorted(folder.glob("*.whl"))
    return run([python, "-m", "pip", "install", *options, *wheels], folder)


@dataclass(frozen=True)
class Glue:
    """Local AWS with the release's jobs, which run with a bare Python."""

    aws: Aws
    facts: dict[str, Any]

    def run(self, job: str, batch_id: str) -> dict[str, Any]:
        """Return the ended run of a job over a batch."""
        name = self.facts["glue_jobs"][job]["name"]
        run_id = self.aws.start_run(name, Arguments={"--batch_id": batch_id}, Timeout=LONG_MINUTES)

        def look() -> dict[str, Any] | None:
            run = self.aws.get_run(name, run_id)
            return run if run["JobRunState"] in ENDED else None

        return wait_for(look, 240)

    def put(self, key: str, content: str | bytes) -> None:
        """Put an object into the bucket."""
        self.aws.client("s3").put_object(Bucket=self.facts["bucket"], Key=key, Body=content)

    def read(self, key: str) -> bytes:
        """Return the content of an object."""
        found = self.aws.client("s3").get_object(Bucket=self.facts["bucket"], Key=key)
        content: bytes = found["Body"].read()
        return content


def deploy(aws: Aws, dist: Path, manifest: dict[str, Any], facts: dict[str, Any]) -> Glue:
    """Upload every part under its key, and make the jobs with the arguments of the manifest."""
    glue = Glue(aws, facts)
    put_bucket(aws.client("s3"), facts["bucket"], facts["region"])
    for part in manifest["parts"]:
        glue.put(part["key"], (dist / part["path"]).read_bytes())
    role = put_role(aws.client("iam"), facts["glue"]["role"])
    given: dict[str, str] = manifest["glue_arguments"]
    arguments = {name: value for name, value in given.items() if name not in INSTALLING}
    for job in facts["glue_jobs"].values():
        put_job(aws.client("glue"), facts, job, role, arguments)
    return glue
