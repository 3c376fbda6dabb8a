"""Waiting for files."""

from datetime import UTC, datetime
from typing import Any

from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

from lakehouse_airflow.records import utc_text


class RawFilesSensor(S3KeySensor):
    """S3KeySensor that is skipped when no file came in time, and only then.

    ``soft_fail`` would skip on every error: a denied access or a lost bucket would look like an
    empty ``raw/``. Returns when the wait ended: a DAG run is late from then on (``delays.py``).
    """

    def execute(self, context: Context) -> str:  # type: ignore[override]
        """Look once, then wait in the triggerer."""
        try:
            super().execute(context)
        except AirflowSensorTimeout as timeout:
            raise AirflowSkipException(self._nothing_came()) from timeout
        return utc_text(datetime.now(UTC))

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> str:
        """Take up what the triggerer found: a file, an error or the time-out."""
        try:
            super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout as timeout:
            raise AirflowSkipException(self._nothing_came()) from timeout
        return utc_text(datetime.now(UTC))

    def _nothing_came(self) -> str:
        return f"no {self.bucket_key} in {self.bucket_name} within {self.timeout:.0f} s"
