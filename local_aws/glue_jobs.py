"""Glue job definitions: kept as they came, refused where a run could not honour them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local_aws.errors import ApiError

Definition = dict[str, Any]

DEFAULTS: Definition = {
    "ExecutionProperty": {"MaxConcurrentRuns": 1},
    "MaxRetries": 0,
    "Timeout": 480,
    "GlueVersion": "5.1",
    "WorkerType": "G.1X",
    "NumberOfWorkers": 2,
}
# What Glue would install first; a run here has its own Python environment and jars.
REFUSED_ARGUMENTS = ("--additional-python-modules", "--extra-jars")


@dataclass
class GlueJobs:
    """The job definitions of one region, by name."""

    _by_name: dict[str, Definition] = field(default_factory=dict)

    def create(self, definition: Definition) -> None:
        """Keep a new job.

        Raises:
            ApiError: AlreadyExistsException, or InvalidInputException.
        """
        if definition["Name"] in self._by_name:
            raise ApiError("AlreadyExistsException", "Job already exists.")
        self._keep(definition["Name"], definition, created_on=datetime.now(UTC))

    def update(self, name: str, definition: Definition) -> None:
        """Overwrite the whole definition, as Glue does.

        Raises:
            ApiError: EntityNotFoundException, or InvalidInputException.
        """
        self._keep(name, definition, created_on=self.get(name)["CreatedOn"])

    def get(self, name: str) -> Definition:
        """Return the definition.

        Raises:
            ApiError: EntityNotFoundException.
        """
        if name not in self._by_name:
            raise ApiError("EntityNotFoundException", f"Entity not found: job {name}")
        return self._by_name[name]

    def all(self) -> list[Definition]:
        """Return every definition, oldest first."""
        return list(self._by_name.values())

    def delete(self, name: str) -> None:
        """Forget the job; a name that is not there is no error in Glue."""
        self._by_name.pop(name, None)

    def _keep(self, name: str, definition: Definition, created_on: datetime) -> None:
        check_definition(definition)
        given = {key: value for key, value in definition.items() if key != "Tags"}
        times = {"CreatedOn": created_on, "LastModifiedOn": datetime.now(UTC)}
        self._by_name[name] = {**DEFAULTS, **given, "Name": name, **times}


def check_definition(definition: Definition) -> None:
    """Refuse a job that a run here could not honour.

    Raises:
        ApiError: InvalidInputException naming the setting and what to do.
    """
    command = definition.get("Command", {})
    if command.get("Name") != "glueetl" or not command.get("ScriptLocation", "").startswith(
        "s3://"
    ):
        refuse("Command must be glueetl with a ScriptLocation at s3://")
    if definition.get("MaxRetries", 0):
        refuse("MaxRetries must be 0 in local AWS: the caller owns the retries")
    if definition.get("JobRunQueuingEnabled"):
        refuse("JobRunQueuingEnabled must be false: local AWS does not queue runs")
    check_arguments({
        **definition.get("DefaultArguments", {}),
        **definition.get("NonOverridableArguments", {}),
    })


def check_arguments(arguments: dict[str, str]) -> None:
    """Refuse special arguments that would silently do nothing.

    Raises:
        ApiError: InvalidInputException naming the argument.
    """
    for name in REFUSED_ARGUMENTS:
        if name in arguments:
            refuse(f"{name} does nothing in local AWS: install it for the Glue Python instead")
    if arguments.get("--datalake-formats", "delta") != "delta":
        refuse("--datalake-formats can only be delta in local AWS")


def refuse(message: str) -> None:
    """Raise Glue's InvalidInputException."""
    raise ApiError("InvalidInputException", message)
