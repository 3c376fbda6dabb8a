"""Install everything the lakehouse needs: ``python3 -m local_stack.install``.

Standard library only. Safe to repeat and to interrupt: every part is marked as finished by the
last thing it writes.
"""

import fcntl
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from local_aws.spark_defaults import ARCHIVE, EXCLUDES, PACKAGES
from local_stack.install.environments import AIRFLOW, GLUE, install_environment, is_installed
from local_stack.install.java import install_java
from local_stack.install.steps import InstallError, complete, fingerprint, is_complete, run
from local_stack.install.uv import find_uv, uv_environment
from local_stack.lines import say
from local_stack.paths import GLUE_PYTHON, JARS, JAVA_HOME, LOCAL, ROOT

OLDEST = (3, 11)
# Of Java itself: an archive of ours adds to it, and a Java that comes as a wheel lacks it.
BASE_ARCHIVE = "lib/server/classes.jsa"
CLASS_ARCHIVE = "local_stack/install/class_archive.py"
SPARK_DEFAULTS = "local_aws/spark_defaults.py"


def install() -> None:
    """Install both environments side by side, Java and the jars behind Glue's."""
    if not (is_installed(AIRFLOW) and is_installed(GLUE)):
        find_uv()
    with ThreadPoolExecutor(2) as pool:
        sides = [pool.submit(install_environment, AIRFLOW), pool.submit(install_glue_side)]
        for side in sides:
            side.result()
    say("everything is installed")


def install_glue_side() -> None:
    """Install Glue's environment, a Java for it, the jars of Delta and S3A, and their classes."""
    install_environment(GLUE)
    install_java()
    install_jars()
    archive_classes()


def install_jars() -> None:
    """Fetch the jars, unless they are there."""
    wanted = fingerprint(*PACKAGES, *EXCLUDES)
    if is_complete(JARS, wanted):
        return
    say("jars: fetching Delta and S3A")
    command = (GLUE_PYTHON, "-m", "local_stack.install.jars", JARS)
    run("jars", command, {**uv_environment(), "JAVA_HOME": JAVA_HOME.read_text()})
    complete(JARS, wanted)
    say("jars: ready")


def archive_classes() -> None:
    """Archive the classes of Spark and the jars, unless that is done or is nothing for this Java.

    Everything runs without the archive, each Glue run some seconds longer.
    """
    home, folder = Path(JAVA_HOME.read_text()), (JARS / ARCHIVE).parent
    [spark_jars] = GLUE.folder.glob("lib/python3*/site-packages/pyspark/jars")
    installed = str(spark_jars.stat().st_mtime_ns)
    wanted = fingerprint(str(home), installed, ROOT / CLASS_ARCHIVE, ROOT / SPARK_DEFAULTS)
    if is_complete(folder, wanted) or not (home / BASE_ARCHIVE).exists():
        return
    say("classes: archiving those of Spark and Delta, for a quicker start")
    command = (GLUE_PYTHON, "-m", "local_stack.install.class_archive", JARS)
    run("classes", command, {"JAVA_HOME": str(home)})
    complete(folder, wanted)
    say("classes: ready")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the lock of the installation, which children inherit: a second one waits."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "install.lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another installation of this checkout to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    """Install, or say in one paragraph what is in the way."""
    if sys.version_info < OLDEST:
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    try:
        with one_at_a_time():
            install()
    except InstallError as error:
        sys.exit(f"\n{error}\n\nRun make setup again once that is mended: it goes on from there.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted: make setup goes on from there.")


if __name__ == "__main__":
    main()
