import os
import subprocess
import sys
from pathlib import Path

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
