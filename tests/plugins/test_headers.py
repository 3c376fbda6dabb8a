import pytest
from lakehouse_airflow.headers import HEADER_BYTES, judge_header

REQUIRED = ("order_id", "user_id")


def judge(start: bytes, whole: bool = True) -> tuple[tuple[str, ...], tuple[str, ...]]:
    header = judge_header(start, whole, REQUIRED)
    return header.columns, header.reasons


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"order_id,user_id\n1,2\n", id="plain"),
        pytest.param(b"order_id,user_id\r\n1,2\r\n", id="windows line ends"),
        pytest.param(b"order_id,user_id", id="no rows and no line end"),
        pytest.param(b"\xef\xbb\xbforder_id,user_id\n", id="byte order mark"),
        pytest.param(b'"order_id","user_id"\n1,2\n', id="quoted"),
        pytest.param(b"order_id,user_id\n\xff\xfe\n", id="a bad byte in a row, not in the header"),
    ],
)
def test_a_good_header_is_accepted(start: bytes) -> None:
    assert judge(start) == (("order_id", "user_id"), ())


def test_columns_are_found_in_any_order_beside_unknown_ones() -> None:
    assert judge(b"user_id,note,order_id\n") == (("user_id", "note", "order_id"), ())


def test_a_name_may_hold_a_line_end_within_quotes() -> None:
    assert judge(b'order_id,"long\nname",user_id\n1,2,3\n')[0] == (
        "order_id",
        "long\nname",
        "user_id",
    )


@pytest.mark.parametrize(
    ("start", "reasons"),
    [
        pytest.param(b"order_id\n1\n", ("missing_column:user_id",), id="a column lacks"),
        pytest.param(
            b"id;name\n",
            ("missing_column:order_id", "missing_column:user_id"),
            id="another separator",
        ),
        pytest.param(
            b"order_id,user_id,user_id\n",
            ("duplicate_column:user_id",),
            id="a column twice",
        ),
        pytest.param(b"", ("empty_file",), id="no bytes"),
        pytest.param(b"\xef\xbb\xbf\r\n \n", ("empty_file",), id="nothing but white space"),
        pytest.param(
            b"\nOrder",
            (
                "missing_column:order_id",
                "missing_column:user_id",
            ),
            id="an empty first line",
        ),
        pytest.param(b"order_id,user_\xe9d\n", ("not_text",), id="latin-1"),
        pytest.param("order_id,user_id\n".encode("utf-16"), ("not_text",), id="utf-16"),
        pytest.param("order_id,user_id\n".encode("utf-16-le"), ("not_text",), id="utf-16, no mark"),
        pytest.param(b'"order_id,user_id\n1,2\n', ("not_text",), id="a quote that never ends"),
    ],
)
def test_a_header_that_can_t_be_used_is_rejected_with_its_reasons(
    start: bytes, reasons: tuple[str, ...]
) -> None:
    assert judge(start)[1] == reasons


def test_a_first_line_beyond_what_is_read_is_no_header() -> None:
    start = (b"order_id,user_id," + b"x" * HEADER_BYTES)[:HEADER_BYTES]

    assert judge(start, whole=False)[1] == ("not_text",)
