"""The release on a Glue that has what AWS lists for Glue 5.1, and nothing of this checkout."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from deltalake import DeltaTable

from local_aws.settings import client_environment, delta_storage_options
from tests.local_aws.aws import running_aws
from tests.release.bare import run
from tests.release.glue import Glue, deploy, install_wheels, make_glue, wheels_folder
from tests.release.mwaa import Mwaa

# One dataset: what is asked here is whether the jobs run, not what they make of data.
FILE = "raw/products/p.csv"
ROWS = "product_id,department_id,department,product_name\n1,1,Fruit,Apple\n2,1,Fruit,Pear\n"
ORIGINS = (
    "import boto3, delta, json, pyspark, soda.scan, yaml, open_data_contract_standard as contract\n"
    "modules = (boto3, contract, delta, pyspark, soda.scan, yaml)\n"
    "print(json.dumps({m.__name__: [m.__file__, getattr(m, '__version__', '')] for m in modules}))"
)


@dataclass(frozen=True)
class BareGlue:
    """A Glue environment with the wheels in it."""

    python: Path
    boto3_before: str
    installed: str
    """What pip said when it installed the wheels."""

    @property
    def folder(self) -> Path:
        """Return the folder with the environment, and Spark beside it."""
        return self.python.parents[2]


@pytest.fixture(scope="module")
def bare(
    dist: Path, manifest: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> BareGlue:
    """A Glue environment in which the wheels of the release were installed."""
    folder = tmp_path_factory.mktemp("glue")
    python = make_glue(folder)
    before = run([python, "-c", "import boto3; print(boto3.__version__)"], folder).strip()
    return BareGlue(python, before, install_wheels(python, dist, manifest))


@pytest.fixture(scope="module")
def origins(bare: BareGlue) -> dict[str, list[str]]:
    """Where a job's imports come from, and their versions."""
    found: dict[str, list[str]] = json.loads(run([bare.python, "-P", "-c", ORIGINS], bare.folder))
    return found


@pytest.fixture(scope="module")
def glue(
    bare: BareGlue,
    dist: Path,
    manifest: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Glue]:
    """Local AWS to which the release was deployed, with one file in raw/."""
    facts = yaml.safe_load((dist / "dags/include/lakehouse.yaml").read_text())
    with running_aws(tmp_path_factory.mktemp("aws") / "home", glue_python=bare.python) as aws:
        glue = deploy(aws, dist, manifest, facts)
        glue.put(FILE, ROWS)
        yield glue


def test_the_wheels_are_installed_without_an_index(bare: BareGlue) -> None:
    assert "Successfully installed" in bare.installed
    assert "Looking in indexes" not in bare.installed


def test_the_list_in_the_zip_asks_for_all_of_them(bare: BareGlue, manifest: dict[str, Any]) -> None:
    options = manifest["glue_arguments"]["--python-modules-installer-option"].split()
    trial = [*options, "--dry-run", "--ignore-installed", "--find-links", "."]
    folder = wheels_folder(bare.python)
    command = [bare.python, "-m", "pip", "install", *trial, "-r", "requirements.txt"]
    [line] = [line for line in run(command, folder).splitlines() if line.startswith("Would")]
    assert len(line.split()) - 2 == len(list(folder.glob("*.whl")))


def test_spark_and_delta_stay_glue_s_own(origins: dict[str, list[str]], bare: BareGlue) -> None:
    assert origins["pyspark"] == [str(bare.folder / "spark/pyspark/__init__.py"), "3.5.6"]
    assert ".jar/delta/__init__.py" in origins["delta"][0]
    listed = run([bare.python, "-m", "pip", "list", "--format=freeze"], bare.folder).lower()
    assert "soda-core-spark-df==" in listed
    assert not {"pyspark", "py4j", "delta-spark"} & {line.split("==")[0] for line in listed.split()}


def test_boto3_is_ours_and_not_glue_s(origins: dict[str, list[str]], bare: BareGlue) -> None:
    assert bare.boto3_before == "1.40.61"
    assert origins["boto3"][1] == "1.43.56"


def test_what_the_jobs_add_is_there(origins: dict[str, list[str]], bare: BareGlue) -> None:
    for name in ("soda.scan", "open_data_contract_standard", "yaml"):
        assert str(bare.python.parents[1]) in origins[name][0]


def test_the_job_that_undoes_finds_all_that_it_imports(bare: BareGlue, dist: Path) -> None:
    code = {"PYTHONPATH": str(dist / "glue" / "lakehouse_spark.zip")}
    script = dist / "glue" / "undo_job.py"
    assert "--batch_id" in run([bare.python, "-P", script, "--help"], bare.folder, code)


def test_a_batch_is_planned_by_one_side_and_loaded_and_checked_by_the_other(
    mwaa: Mwaa, glue: Glue
) -> None:
    aws = {**client_environment(glue.aws.endpoint), "AIRFLOW_CONN_AWS_DEFAULT": "aws://"}
    batch_id = mwaa.run("plan.py", aws)

    for job in ("load", "quality"):
        ended = glue.run(job, batch_id)
        assert ended["JobRunState"] == "SUCCEEDED", ended.get("ErrorMessage")

    table = f"s3://{glue.facts['bucket']}/processed/products"
    options = delta_storage_options(glue.aws.endpoint)
    products = DeltaTable(table, storage_options=options).to_pyarrow_table()
    assert sorted(products["product_name"].to_pylist()) == ["Apple", "Pear"]
    report = json.loads(glue.read(f"batches/{batch_id}/quality.json"))
    assert report["verdict"] == "pass"
