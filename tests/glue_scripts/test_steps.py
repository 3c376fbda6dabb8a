"""What a job logs: a line for each step, and of whose batch; what it must not."""

import logging

import pytest
from lakehouse_spark.steps import Steps, job_log, log

from tests.glue_scripts.deliveries import deliver_first
from tests.glue_scripts.shop import Shop

# Of the first delivery: texts, amounts, names.
VALUES = ["Apple", "Bakery", "9.99", "1.999", "23:30:00"]


def fail_in_a_job() -> None:
    with job_log("INFO", "b1"):
        with Steps().step("read") as counts:
            counts.update(rows=3, files=0)
        logging.getLogger("others").warning("theirs")
        logging.getLogger("others").info("not asked for")
        raise ValueError("raw/orders/a.csv: no such file")


def test_every_line_names_the_batch_and_an_exception_is_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    with pytest.raises(ValueError, match="no such file"):
        fail_in_a_job()
    lines = [line.split(" ", 2)[2] for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "INFO batch b1: read: rows=3 in 0.0 s",
        "WARNING batch b1: theirs",
        "ERROR batch b1: ValueError: raw/orders/a.csv: no such file",
    ]


def test_values_of_rows_are_logged_for_debugging_alone(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    deliver_first(shop)
    with caplog.at_level(logging.DEBUG, log.name):
        shop.load(shop.plan("first"))
    told = {each.levelno: "" for each in caplog.records}
    for each in caplog.records:
        told[each.levelno] += each.getMessage()
    assert "Apple" in told[logging.DEBUG]
    assert not {value for value in VALUES if value in told[logging.INFO] + told[logging.WARNING]}
    assert "raw/products/p.csv has columns that the contract does not know: shelf" in caplog.text
    assert "2 rows of order_items wait for the rows they refer to" in caplog.messages
