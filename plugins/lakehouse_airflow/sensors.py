"""Waiting for files."""

from typing import Any

from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException


class RawFilesSensor(S3KeySensor):
    """S3KeySensor that is skipped when no file came in time, and only then.

    ``soft_fail`` would skip on every error: a denied access or a lost bucket would look like an
    empty ``raw/``.
    """

    def execute(self, context: Context) -> None:
        """Look once, then wait in the triggerer."""
        try:
            super().execute(context)
        except AirflowSensorTimeout as timeout:
            raise AirflowSkipException(self._nothing_came()) from timeout

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Take up what the triggerer found: a file, an error or the time-out."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout as timeout:
            raise AirflowSkipException(self._nothing_came()) from timeout

    def _nothing_came(self) -> str:
        return f"no {self.bucket_key} in {self.bucket_name} within {self.timeout:.0f} s"
