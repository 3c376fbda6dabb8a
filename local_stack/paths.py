"""Where the checkout keeps what it installs and runs.

Standard library only: the installer imports it.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONTRACT = ROOT / "include" / "contracts" / "orders_lakehouse.odcs.yaml"
DEPLOYMENT = ROOT / "infra" / "lakehouse.yaml"
LOCAL = ROOT / ".local"
LOGS = LOCAL / "logs"
JARS = LOCAL / "jars"
JAVA_HOME = LOCAL / "java_home"
AIRFLOW_PYTHON = ROOT / ".venv" / "bin" / "python"
GLUE_PYTHON = ROOT / ".venv-glue" / "bin" / "python"
