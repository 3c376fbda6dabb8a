"""What a Glue run finds when it starts: its script and files, Spark settings, environment."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from local_aws.glue_run import GlueRun
from local_aws.settings import Settings, client_environment
from local_aws.spark_defaults import DELTA_CONF, s3a_defaults, spark_defaults

# A run must see neither this server's Python nor anybody's real AWS, Spark or Airflow settings.
NOT_INHERITED = re.compile(r"(AIRFLOW|AWS|JAVA|PYSPARK|SPARK|VIRTUAL_ENV|CONDA|UV)(_|$)|PYTHON")


@dataclass(frozen=True)
class RunFolder:
    """A folder ready to run in; ``scratch`` goes when the run ends."""

    root: Path
    command: list[str]
    environment: dict[str, str]

    @property
    def work(self) -> Path:
        """Return the folder the script runs in, with its extra files."""
        return self.root / "work"

    @property
    def scratch(self) -> Path:
        """Return the folder for Spark's and Python's temporary files."""
        return self.root / "scratch"


def root_of(run: GlueRun, settings: Settings) -> Path:
    """Return the folder of a run."""
    return settings.home / "glue_runs" / run.id


def scratch_of(run: GlueRun, settings: Settings) -> Path:
    """Return where a run has its temporary files."""
    return RunFolder(root_of(run, settings), [], {}).scratch


def prepare_run_folder(run: GlueRun, settings: Settings, region: str, s3: S3Client) -> RunFolder:
    """Return the folder of `run` under ``home/glue_runs``, with everything downloaded.

    Raises:
        FileNotFoundError: an object that the job or the run names is not there.
    """
    root = root_of(run, settings)
    for name in ("work", "python", "conf", "scratch"):
        (root / name).mkdir(parents=True)
    script = download(s3, run.job["Command"]["ScriptLocation"], root)
    for location in listed(run.arguments, "--extra-files"):
        download(s3, location, root / "work")
    packages = [
        download(s3, location, root / "python")
        for location in listed(run.arguments, "--extra-py-files")
    ]
    write_spark_defaults(root, run.arguments, settings)
    command = [str(settings.glue_python), str(script), *script_arguments(run)]
    return RunFolder(root, command, run_environment(root, packages, settings, region))


def listed(arguments: dict[str, str], name: str) -> Iterator[str]:
    """Yield the parts of a comma separated argument."""
    yield from (part.strip() for part in arguments.get(name, "").split(",") if part.strip())


def download(s3: S3Client, location: str, folder: Path) -> Path:
    """Return the file that `location` (``s3://bucket/key``) was downloaded to.

    Raises:
        FileNotFoundError: there is no such object.
    """
    bucket, _, key = location.removeprefix("s3://").partition("/")
    target = folder / Path(key).name
    try:
        s3.download_file(bucket, key, str(target))
    except ClientError as error:
        raise FileNotFoundError(f"cannot read {location}: upload it and start again") from error
    return target


def script_arguments(run: GlueRun) -> list[str]:
    """Return what the script sees as ``sys.argv[1:]``; Glue passes its own arguments along too."""
    named = {**run.arguments, "--JOB_NAME": run.job["Name"], "--JOB_RUN_ID": run.id}
    return [part for name, value in named.items() for part in (name, value)]


def write_spark_defaults(root: Path, arguments: dict[str, str], settings: Settings) -> None:
    """Write ``conf/spark-defaults.conf``: this machine's settings, then the job's ``--conf``."""
    defaults = {
        **spark_defaults(settings.jars, root / "scratch", settings.cores),
        **s3a_defaults(settings.endpoint),
    }
    if arguments.get("--datalake-formats") != "delta":
        defaults = {name: value for name, value in defaults.items() if not is_delta(name)}
    lines = [f"{name} {value}\n" for name, value in {**defaults, **job_conf(arguments)}.items()]
    (root / "conf" / "spark-defaults.conf").write_text("".join(lines))


def is_delta(name: str) -> bool:
    """Return whether the Spark setting is Delta's."""
    return name in DELTA_CONF or name.startswith(("spark.delta.", "spark.databricks.delta."))


def job_conf(arguments: dict[str, str]) -> dict[str, str]:
    """Return the Spark settings in Glue's chained ``--conf``: ``a=b --conf c=d``.

    Raises:
        ValueError: a part has no ``=``.
    """
    chain = arguments.get("--conf", "").strip()
    pairs = [part.strip() for part in re.split(r"(?:^|\s+)--conf\s+", chain) if part.strip()]
    for pair in pairs:
        if "=" not in pair:
            raise ValueError(f"--conf must be a chain of name=value, found: {pair}")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def run_environment(
    root: Path, packages: list[Path], settings: Settings, region: str
) -> dict[str, str]:
    """Return the run's environment variables: this machine's, less what a run must not see."""
    inherited = {name: value for name, value in os.environ.items() if not NOT_INHERITED.match(name)}
    no_profiles = root / "conf" / "no_profiles"
    no_profiles.touch()
    # A zip is itself a place to import from, a single module's place is its folder.
    places = dict.fromkeys(str(path.parent if path.suffix == ".py" else path) for path in packages)
    return {
        **inherited,
        **client_environment(settings.endpoint, region),
        # Real and empty: Java's SDK complains at length of one that is neither.
        "AWS_CONFIG_FILE": str(no_profiles),
        "AWS_SHARED_CREDENTIALS_FILE": str(no_profiles),
        "PATH": f"{settings.java_home}/bin:{os.defpath}:/usr/local/bin",
        "TMPDIR": str(root / "scratch"),
        "JAVA_HOME": str(settings.java_home),
        "SPARK_CONF_DIR": str(root / "conf"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        # Spark would start its Python workers with whatever "python3" is first on the path.
        "PYSPARK_PYTHON": str(settings.glue_python),
        "PYTHONPATH": os.pathsep.join(places),
        "PYTHONUNBUFFERED": "1",
    }
