from typing import Any

import pytest
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import ParamValidationError, TaskDeferred
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.limits import LOAD_ARGS, limit_params
from lakehouse_airflow.operators import DeltaGlueJobOperator

from tests.plugins.glue_fixtures import NewJob, TaskInstance

SHARE, SHRINKAGE = "max_reject_share", "fail_on_shrinkage"


def validated(**form: Any) -> dict[str, Any]:
    """Return a DAG run's params, as the form leaves them."""
    params = ParamsDict(limit_params())
    params.update(form)
    valid: dict[str, Any] = params.validate()
    return valid


@pytest.mark.parametrize(
    ("form", "arguments"),
    [
        pytest.param({}, {}, id="by default the contract's limits hold"),
        pytest.param({SHARE: None, SHRINKAGE: False}, {}, id="nothing asked for"),
        pytest.param({SHARE: 0.2}, {"--max_reject_share": "0.2"}, id="a share"),
        pytest.param({SHARE: 0}, {"--max_reject_share": "0"}, id="no reject at all"),
        pytest.param({SHARE: 1}, {"--max_reject_share": "1"}, id="all of them"),
        pytest.param({SHRINKAGE: True}, {"--fail_on_shrinkage": "true"}, id="shrinkage"),
    ],
)
def test_the_load_is_given_the_limits_that_a_person_set(
    form: dict[str, Any], arguments: dict[str, str], new_job: NewJob, deployment: Deployment
) -> None:
    job = new_job("")
    task = DeltaGlueJobOperator(
        task_id="load_delta",
        deployment=deployment,
        job=deployment.glue_jobs.load,
        batch_id="b1",
        requires=lambda *_: None,
        job_args=LOAD_ARGS,
    )
    context: Any = {"params": validated(**form), "ti": TaskInstance()}
    task.render_template_fields(context)
    with pytest.raises(TaskDeferred):
        task.execute(context)

    [run] = job.runs()
    own = {"--batch_id", "--airflow_task_uuid"}
    assert {name: text for name, text in run["Arguments"].items() if name not in own} == arguments


@pytest.mark.parametrize("form", [{SHARE: 1.01}, {SHARE: -0.1}, {SHARE: "half"}, {SHRINKAGE: 1}])
def test_the_form_refuses_what_is_no_limit(form: dict[str, Any]) -> None:
    with pytest.raises(ParamValidationError):
        validated(**form)


def test_the_values_of_one_dag_run_are_not_the_next_one_s() -> None:
    validated(max_reject_share=0.5)

    assert validated()[SHARE] is None
