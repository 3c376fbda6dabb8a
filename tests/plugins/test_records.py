from typing import Any

import pytest
from botocore.exceptions import ClientError
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record, RecordError, Records, batch_records

from tests.plugins.airflow_fixtures import Bucket


@pytest.fixture
def records(bucket: Bucket, deployment: Deployment) -> Records:
    return batch_records(deployment)


def test_a_record_that_is_not_there_reads_as_none(records: Records) -> None:
    assert records.read("b1/load.json") is None


def test_a_record_lies_under_the_batches_prefix(records: Records, bucket: Bucket) -> None:
    records.put("b1/load.json", {"state": "committed"})

    assert bucket.listed() == ["batches/b1/load.json"]
    assert records.read("b1/load.json") == {"state": "committed"}


def test_who_creates_a_record_second_gets_the_first_one(records: Records) -> None:
    assert records.create("_open.json", {"batch_id": "b1"}) == {"batch_id": "b1"}
    assert records.create("_open.json", {"batch_id": "b2"}) == {"batch_id": "b1"}
    assert records.read("_open.json") == {"batch_id": "b1"}


def test_a_record_is_deleted_only_if_it_says_what_is_expected(records: Records) -> None:
    records.create("_open.json", {"batch_id": "b2"})

    records.delete_if("_open.json", {"batch_id": "b1"})
    assert records.read("_open.json") == {"batch_id": "b2"}

    records.delete_if("_open.json", {"batch_id": "b2"})
    assert records.read("_open.json") is None


def test_a_record_is_replaced_only_if_it_says_what_is_expected(records: Records) -> None:
    records.create("_open.json", {"batch_id": "b2"})

    records.replace_if("_open.json", {"batch_id": "b1"}, {"batch_id": "b3"})
    assert records.read("_open.json") == {"batch_id": "b2"}

    records.replace_if("_open.json", {"batch_id": "b2"}, {"batch_id": "b3"})
    assert records.read("_open.json") == {"batch_id": "b3"}


def test_replacing_a_record_that_is_gone_makes_none(records: Records) -> None:
    records.replace_if("_open.json", {"batch_id": "b1"}, {"batch_id": "b2"})

    assert records.read("_open.json") is None


@pytest.mark.parametrize("meanwhile", [{"batch_id": "b2"}, None], ids=["written", "deleted"])
def test_what_another_does_during_a_replacement_stays(
    meanwhile: Record | None, records: Records, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.create("_open.json", {"batch_id": "b1"})
    get_object = records.s3.get_object

    def get_then_be_overtaken(**which: Any) -> Any:
        found = get_object(**which)
        if meanwhile:
            bucket.put_record("_open.json", meanwhile)
        else:
            bucket.s3.delete_object(Bucket=bucket.name, Key="batches/_open.json")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(records.s3, "get_object", get_then_be_overtaken)
        records.replace_if("_open.json", {"batch_id": "b1"}, {"batch_id": "b3"})

    assert records.read("_open.json") == meanwhile


def test_a_replacement_that_s3_refuses_is_an_error(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.create("_open.json", {"batch_id": "b1"})

    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")

    monkeypatch.setattr(records.s3, "put_object", refused)

    with pytest.raises(ClientError, match="AccessDenied"):
        records.replace_if("_open.json", {"batch_id": "b1"}, {"batch_id": "b2"})


def test_what_another_writes_during_a_delete_stays(
    records: Records, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.create("_open.json", {"batch_id": "b1"})
    get_object = records.s3.get_object

    def get_then_be_overtaken(**which: Any) -> Any:
        found = get_object(**which)
        bucket.put_record("_open.json", {"batch_id": "b2"})
        return found

    with monkeypatch.context() as patch:
        patch.setattr(records.s3, "get_object", get_then_be_overtaken)
        records.delete_if("_open.json", {"batch_id": "b1"})

    assert records.read("_open.json") == {"batch_id": "b2"}


def test_deleting_a_record_that_is_gone_is_fine(records: Records) -> None:
    records.delete_if("_open.json", {"batch_id": "b1"})


def test_a_record_that_was_written_over_is_gone_when_it_is_deleted(records: Records) -> None:
    records.create("_open.json", {"batch_id": "b1"})
    records.replace_if("_open.json", {"batch_id": "b1"}, {"batch_id": "b2"})
    records.put("_open.json.old", {"batch_id": "b0"})

    records.delete_if("_open.json", {"batch_id": "b2"})

    assert records.read("_open.json") is None
    assert records.read("_open.json.old") == {"batch_id": "b0"}


def test_a_deleted_record_can_be_created_anew(records: Records) -> None:
    records.create("_open.json", {"batch_id": "b1"})
    records.delete_if("_open.json", {"batch_id": "b1"})

    assert records.create("_open.json", {"batch_id": "b2"}) == {"batch_id": "b2"}


def test_names_are_listed_without_the_prefix(records: Records) -> None:
    records.put("b1/attempts/1.json", {})
    records.put("b2/attempts/1.json", {})

    assert records.names("b1/") == ["b1/attempts/1.json"]


def test_a_record_that_is_no_json_is_named(records: Records, bucket: Bucket) -> None:
    bucket.put("batches/b1/load.json", b"{")

    with pytest.raises(RecordError, match=r"s3://delta-lake-bkt01/batches/b1/load\.json is not"):
        records.read("b1/load.json")
