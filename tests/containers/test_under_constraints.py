from containers.airflow.under_constraints import under_constraints

CONSTRAINTS = "# MWAA's\nFlask==3.1.3\nzope.interface==7.0\nJinja2==3.1.6\n"


def test_only_what_is_installed_and_pinned_is_named_however_it_is_spelled() -> None:
    installed = ["flask", "zope_interface", "ours"]

    assert under_constraints(installed, CONSTRAINTS) == ["Flask", "zope.interface"]
