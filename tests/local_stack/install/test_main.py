import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_aws.spark_defaults import ARCHIVE, java_options, spark_defaults
from local_stack.paths import AIRFLOW_PYTHON, GLUE_PYTHON, JARS, JAVA_HOME, ROOT


def install(cwd: Path) -> str:
    return subprocess.check_output(
        [sys.executable, "-m", "local_stack.install"],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        timeout=60,
    )


def test_what_is_installed_is_not_installed_again_from_wherever_it_is_asked(tmp_path: Path) -> None:
    said = install(tmp_path)

    assert [line.partition("] ")[2] for line in said.splitlines()] == ["everything is installed"]


def test_the_installation_has_both_pythons_a_java_and_the_jars() -> None:
    java = Path(JAVA_HOME.read_text()) / "bin" / "java"

    assert all(program.exists() for program in (AIRFLOW_PYTHON, GLUE_PYTHON, java))
    assert [path.name for path in JARS.glob("*delta-spark*.jar")] != []


@pytest.mark.skipif(not (JARS / ARCHIVE).exists(), reason="this Java came without an archive")
def test_classes_of_spark_and_of_delta_come_from_the_archive(tmp_path: Path) -> None:
    java = Path(JAVA_HOME.read_text()) / "bin" / "java"
    class_path = spark_defaults(JARS, tmp_path)["spark.driver.extraClassPath"]
    options = [*java_options(JARS, tmp_path), "-Xlog:class+load:file=loaded.log"]
    for name in ("io.delta.sql.DeltaSparkSessionExtension", "org.apache.spark.deploy.SparkSubmit"):
        # The JVM loads the class before it finds out that it can't start it without arguments.
        command = [java, *options, "-cp", f"{class_path}:{tmp_path}", name]
        subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        loaded = (tmp_path / "loaded.log").read_text()
        assert f"{name} source: shared objects file (top)" in loaded
