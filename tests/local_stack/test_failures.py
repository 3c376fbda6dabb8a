from local_stack.failures import first_failed, last_log_lines

EARLY, LATE = "2026-11-24T12:00:04Z", "2026-11-24T12:00:09Z"


def test_the_task_that_failed_first_is_found() -> None:
    failed = first_failed([
        {"task_id": "metrics", "state": "failed", "end_date": LATE},
        {"task_id": "load", "state": "failed", "end_date": EARLY},
    ])

    assert failed is not None
    assert failed["task_id"] == "load"


def test_a_task_that_never_ran_is_not_the_failed_one() -> None:
    failed = first_failed([
        {"task_id": "check", "state": "upstream_failed", "end_date": EARLY},
        {"task_id": "load", "state": "failed", "end_date": LATE},
    ])

    assert failed is not None
    assert failed["task_id"] == "load"


def test_in_a_good_run_none_has_failed() -> None:
    assert first_failed([{"task_id": "load", "state": "success", "end_date": LATE}]) is None


def test_the_last_lines_end_with_the_error_and_its_exception() -> None:
    lines = last_log_lines([
        {"event": "starting", "level": "info"},
        {"event": "::group::Run", "level": "info"},
        {
            "event": "Task failed with exception",
            "level": "error",
            "error_detail": [{"exc_type": "GlueRunStopped", "exc_value": "a person stopped it"}],
        },
        {"event": "sending a message", "level": "info"},
    ])

    assert lines == [
        "starting",
        "Task failed with exception: GlueRunStopped: a person stopped it",
    ]


def test_a_log_without_an_error_ends_where_it_ends() -> None:
    entries = [{"event": f"line {number}"} for number in range(40)]

    assert last_log_lines(entries)[0] == "line 25"
    assert last_log_lines(entries)[-1] == "line 39"
