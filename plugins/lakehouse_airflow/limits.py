"""Limits that a person can set for one DAG run: fields of its form, and arguments of the load."""

from airflow.sdk import Param

# As JSON, in which the operator tells a limit of 0 from one that is not set.
LOAD_ARGS = {
    "max_reject_share": "{{ params.max_reject_share | tojson }}",
    "fail_on_shrinkage": "{{ params.fail_on_shrinkage | tojson }}",
}


def limit_params() -> dict[str, Param]:
    """Return the fields of the form, made anew, since a DAG run writes its values into them."""
    return {
        "max_reject_share": Param(
            None,
            type=["null", "number"],
            minimum=0,
            maximum=1,
            title="Highest share of rejected rows",
            description="Of each dataset, 0 to 1. Empty: as the contract says.",
        ),
        "fail_on_shrinkage": Param(
            False,
            type="boolean",
            title="Fail when a dataset is far smaller than usual",
            description="Otherwise this is only logged.",
        ),
    }
