"""What Airflow must register by name, which the loader of plugins takes from here."""

from airflow.plugins_manager import AirflowPlugin
from lakehouse_airflow.delays import EarliestDelay


class LakehousePlugin(AirflowPlugin):
    """The deadline of the DAG orders_lakehouse."""

    name = "lakehouse"
    deadline_references = [EarliestDelay]  # noqa: RUF012
