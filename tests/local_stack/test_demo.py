from local_stack.demo import describe_run
from local_stack.run_records import Alert, RunRecords

INSTANCES = [{"task_id": "plan_batch", "state": "success"}, {"task_id": "load", "state": "failed"}]


def test_a_run_is_written_down_with_its_tasks_records_and_alerts() -> None:
    records = RunRecords("b1", {"state": "committed"}, {"verdict": "pass"}, ["archive/orders/1"])

    written = describe_run("r1", "failed", INSTANCES, records, [Alert("t", "FAILED: load", "…")])

    assert written == {
        "batch_id": "b1",
        "dag_run_id": "r1",
        "state": "failed",
        "tasks": {"plan_batch": "success", "load": "failed"},
        "load": {"state": "committed"},
        "quality": {"verdict": "pass"},
        "archived": ["archive/orders/1"],
        "alerts": ["FAILED: load"],
    }


def test_what_a_run_did_not_get_to_is_null() -> None:
    written = describe_run("r1", "failed", INSTANCES, RunRecords(), [])

    assert [written[name] for name in ("batch_id", "load", "quality")] == [None, None, None]
    assert (written["archived"], written["alerts"]) == ([], [])
