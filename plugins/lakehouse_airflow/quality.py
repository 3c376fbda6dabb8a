"""The gate: whether a batch's quality report lets it pass, and whether it must be undone."""

import logging
from datetime import UTC, datetime

from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from lakehouse_airflow.batches import VERDICT, Batch, BatchNotReady, batch_of
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record, utc_text

log = logging.getLogger(__name__)

ON_FAILING = "on_failing_verdict"  # the DAG's parameter, and the field of the verdict
UNDO, KEEP = "undo", "keep"
GO_ON = (
    f"mend the check and clear check_quality, or trigger a new run with {ON_FAILING}: {UNDO}, "
    "which takes up the same batch"
)


class QualityGateClosed(AirflowFailException):
    """The batch failed its checks or scored too low; the message names the failed checks."""


def on_failing_param() -> Param:
    """Return the form's field for what becomes of a batch that the gate turns away."""
    return Param(
        None,
        type=["null", "string"],
        enum=[None, UNDO, KEEP],
        title="On a failing verdict",
        description=f"{UNDO}: take the batch back. {KEEP}: leave it in the tables. "
        f"Empty: as an earlier run decided for this attempt, else {UNDO}.",
    )


def pass_quality_gate(
    deployment: Deployment, batch_id: str, min_score: str, on_failing: str = ""
) -> None:
    """Write the verdict on the batch's current attempt, and fail on a failing one.

    `min_score` is a number, 0 to 100, in the text that its template gives; `on_failing` is the
    parameter of that name, empty where nobody chose.

    Raises:
        BatchNotReady: the batch is not loaded, or its attempt is not checked.
        QualityGateClosed: a check of severity ``fail`` failed, or the score is below `min_score`.
    """
    batch = batch_of(deployment, batch_id)
    batch.loaded_ledger()
    report = _report_of_current_attempt(batch)
    objections = _objections(report, float(min_score))
    verdict = {
        "verdict": "fail" if objections else "pass",
        "score": report["score"],
        "min_score": float(min_score),
        "objections": objections,
        ON_FAILING: on_failing or _decided_before(batch),
        "decided_at": utc_text(datetime.now(UTC)),
    }
    batch.put(VERDICT.format(report["attempt"]), verdict)
    if objections:
        raise QualityGateClosed(_refusal(batch_id, verdict))
    log.info("batch %s passes with score %s", batch_id, report["score"])


def require_failing_verdict(deployment: Deployment, batch_id: str) -> None:
    """Skip the undo unless the verdict on the current attempt asks for it, or one is unfinished.

    The undo is also started when the gate could not run at all, because a task before it failed.
    """
    if not batch_id:
        raise AirflowSkipException("nothing to undo: this DAG run has no batch")
    batch = batch_of(deployment, batch_id)
    if batch.undo_is_unfinished():
        return
    attempt = batch.current_attempt()
    verdict = batch.verdict()
    if verdict is None or verdict["verdict"] != "fail":
        raise AirflowSkipException(
            f"nothing to undo: attempt {attempt} of batch {batch_id} has no failing verdict. "
            "To load the batch again, clear load_delta"
        )
    if verdict.get(ON_FAILING) == KEEP:
        raise AirflowSkipException(
            f"batch {batch_id} stays in the tables, as the verdict says. To go on, {GO_ON}"
        )


def _decided_before(batch: Batch) -> str:
    """Return what was decided for this attempt: a scheduled run undoes nothing a person keeps."""
    decided: str = (batch.verdict() or {}).get(ON_FAILING, UNDO)
    return decided


def _refusal(batch_id: str, verdict: Record) -> str:
    refusal = f"batch {batch_id}: {'; '.join(verdict['objections'])}"
    if verdict[ON_FAILING] == KEEP:
        return f"{refusal}. It stays in the tables: {GO_ON}"
    return refusal


def _report_of_current_attempt(batch: Batch) -> Record:
    report = batch.read("quality.json")
    if report is None or report["attempt"] != batch.current_attempt():
        raise BatchNotReady(f"batch {batch.batch_id} is not checked: clear check_quality")
    return report


def _objections(report: Record, min_score: float) -> list[str]:
    """Return what speaks against the batch, in words."""
    objections = [
        f"check failed: {check['name']} ({check['dataset']})"
        for check in report["checks"]
        if check["severity"] == "fail" and check["outcome"] not in ("pass", "warn")
    ]
    if report["verdict"] == "fail" and not objections:
        objections.append("the quality report's verdict is fail")
    if report["score"] < min_score:
        objections.append(f"score {report['score']} is below {min_score}")
    return objections
