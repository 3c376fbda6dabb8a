"""One message per incident: what fails while one is open is added to it and sends nothing.

The incident is one object, ``batches/_incidents/latest.json``, written only over what its writer
saw: of two tasks that fail at once, one opens it and one adds to it. Each topic that a failure of
the incident belongs to is told once, and reminded by a failure that comes a day after its last
message. The batch that is published next closes the incident, and each of its topics is told so.

Whoever is to send a message writes that down first, and after it the id of the message. Who finds
one neither sent nor in somebody's hands just now, sends it. So a message may go out twice, but none
is lost as long as anything reports after it; and every failed DAG run does, last of all.
"""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_airflow.advice import with_advice
from lakehouse_airflow.aws import DEFAULT_CONNECTION
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.messages import (
    OTHER_CHARACTERS,
    failure_message,
    recovery_message,
    reminder_message,
)
from lakehouse_airflow.records import Record, RecordError, Records, batch_records, utc_text
from lakehouse_airflow.topics import publish

log = logging.getLogger(__name__)

LATEST = "_incidents/latest.json"
CLOSED = "_incidents/closed/{}.json"

REMINDER_AFTER = timedelta(hours=24)
SENDING = timedelta(seconds=15)  # who has not sent by then is dead
LOOK_AGAIN_SECONDS = 1.0
LOOKS = 60

Turn = Literal["send", "wait", "say nothing"]


@dataclass(frozen=True)
class Incidents:
    """The incidents of one deployment."""

    deployment: Deployment
    records: Records
    aws_conn_id: str | None

    def report(self, topic: str, failure: Record) -> None:
        """Add a failure to the open incident, or open one; tell the topic if it is to be told."""
        failure = with_advice(self.deployment, self.records, failure)
        try:
            incident = self._take_turn(topic, failure)
        except (ClientError, BotoCoreError, RecordError):
            log.exception("the incident can't be written down, so its message goes out anyway")
            self._send(topic, failure, new_incident(failure, datetime.now(UTC)))
            return
        if incident is not None:
            message_id = self._send(topic, failure, incident)
            self._note_sent(incident["opened_at"], topic, message_id)

    def close(self, batch_id: str) -> None:
        """Close the open incident, since a batch is published, and tell every topic of it.

        Also ends what an earlier call left unfinished.
        """
        while (incident := self.records.read(LATEST)) and is_open(incident):
            closed = {"closed_by": batch_id, "closed_at": utc_text(datetime.now(UTC))}
            self.records.replace_if(LATEST, incident, {**incident, **closed})
        if incident is not None:
            self._finish(incident)

    def _take_turn(self, topic: str, failure: Record) -> Record | None:
        """Write the failure down; return the incident if the caller is the one to send."""
        for _ in range(LOOKS):
            before, now = self.records.read(LATEST), datetime.now(UTC)
            seen = before if before and is_open(before) else new_incident(failure, now)
            turn = whose_turn(seen, topic, failure, now)
            incident = with_failure(seen, topic, failure, now)
            if turn == "send":
                incident = with_topic(incident, topic, {"sending_at": utc_text(now)})
            if incident != before and not self._swap(before, incident):
                continue
            if turn != "wait":
                return incident if turn == "send" else None
            time.sleep(LOOK_AGAIN_SECONDS)
        raise RecordError(f"{self.records.url(LATEST)} changes all the time")

    def _swap(self, before: Record | None, incident: Record) -> bool:
        """Write the incident over the one that was seen; return whether that was in time."""
        if before is None:
            try:
                return self.records.create(LATEST, incident) == incident
            except RecordError:
                return False  # another is writing it right now
        if not is_open(before):
            before = self._finish(before)
        return self.records.replace_if(LATEST, before, incident)

    def _send(self, topic: str, failure: Record, incident: Record) -> str:
        if "sent_at" in incident["topics"].get(topic, {}):
            subject, text = reminder_message(self.deployment, failure, incident)
        else:
            subject, text = failure_message(failure, incident)
        return publish(self.deployment, topic, subject, text, failure, self.aws_conn_id)

    def _note_sent(self, opened_at: str, topic: str, message_id: str) -> None:
        """Write down that a topic was told, unless the incident was closed meanwhile."""
        sent = {"sent_at": utc_text(datetime.now(UTC)), "message_id": message_id}
        while (incident := self.records.read(LATEST)) and is_open(incident):
            if incident["opened_at"] != opened_at:
                return
            if self.records.replace_if(LATEST, incident, with_topic(incident, topic, sent)):
                return

    def _finish(self, incident: Record) -> Record:
        """Tell the topics of a closed incident, each once, then keep it under a name of its own."""
        for topic, told in incident["topics"].items():
            if "recovery_id" not in told:
                incident = self._tell_recovery(topic, incident)
        self.records.create(CLOSED.format(incident["opened_at"]), incident)
        return incident

    def _tell_recovery(self, topic: str, incident: Record) -> Record:
        subject, text, facts = recovery_message(self.deployment, incident)
        message_id = publish(self.deployment, topic, subject, text, facts, self.aws_conn_id)
        told = with_topic(incident, topic, {"recovery_id": message_id})
        self.records.replace_if(LATEST, incident, told)
        return told


def incidents_of(deployment: Deployment, aws_conn_id: str | None = DEFAULT_CONNECTION) -> Incidents:
    """Return the incidents of the deployment."""
    return Incidents(deployment, batch_records(deployment, aws_conn_id), aws_conn_id)


def new_incident(failure: Record, now: datetime) -> Record:
    """Return the incident that a failure opens, without anything in it."""
    return {"dag_id": failure["dag_id"], "opened_at": utc_text(now), "failures": [], "topics": {}}


def is_open(incident: Record) -> bool:
    """Return whether no published batch has closed the incident."""
    return "closed_by" not in incident


def has_failure(incident: Record, failure: Record) -> bool:
    """Return whether the incident has the failure already."""
    return failure["failure"] in [each["failure"] for each in incident["failures"]]


def whose_turn(incident: Record, topic: str, failure: Record, now: datetime) -> Turn:
    """Return whether to send a message, to wait for another who is sending it, or neither."""
    told = incident["topics"].get(topic)
    if told is None:
        return "send"
    sending_at = datetime.fromisoformat(told["sending_at"])
    if "sent_at" not in told or sending_at > datetime.fromisoformat(told["sent_at"]):
        return "wait" if now - sending_at < SENDING else "send"
    is_due = now - datetime.fromisoformat(told["sent_at"]) >= REMINDER_AFTER
    return "send" if is_due and not has_failure(incident, failure) else "say nothing"


def with_failure(incident: Record, topic: str, failure: Record, now: datetime) -> Record:
    """Return the incident with the failure, once."""
    if has_failure(incident, failure):
        return incident
    added = {
        "failure": failure["failure"],
        "at": utc_text(now),
        "topic": topic,
        "what": failure["what"][:OTHER_CHARACTERS],
    }
    return {**incident, "failures": [*incident["failures"], added]}


def with_topic(incident: Record, topic: str, known: Record) -> Record:
    """Return the incident with more known of what a topic was told."""
    told = {**incident["topics"].get(topic, {}), **known}
    return {**incident, "topics": {**incident["topics"], topic: told}}
