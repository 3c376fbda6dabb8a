"""Glue's chained ``--conf``."""

import pytest

from local_aws.run_folder import job_conf


@pytest.mark.parametrize(
    ("chain", "settings"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param("a=b", {"a": "b"}, id="one"),
        pytest.param("a=b --conf c=d e", {"a": "b", "c": "d e"}, id="two"),
        pytest.param("--conf a=b=c --conf d=", {"a": "b=c", "d": ""}, id="more equal signs"),
    ],
)
def test_a_chain_is_split_into_settings(chain: str, settings: dict[str, str]) -> None:
    assert job_conf({"--conf": chain}) == settings


def test_a_part_without_a_value_is_named() -> None:
    with pytest.raises(ValueError, match="found: c"):
        job_conf({"--conf": "a=b --conf c"})
