import pytest
from lakehouse_airflow.headers import HEADER_BYTES, judge_header

REQUIRED = ("order_id", "user_id")
BOTH_MISSING = ("missing_column:order_id", "missing_column:user_id")


def judge(start: bytes, whole: bool = True) -> tuple[tuple[str, ...], tuple[str, ...]]:
    header = judge_header(start, whole, REQUIRED)
    return header.columns, header.reasons


def cut(text: str) -> bytes:
    """Return what is read of a longer file."""
    return f"order_id,user_id\n{text}".encode()[:HEADER_BYTES]


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"order_id,user_id\n1,2\n", id="plain"),
        pytest.param(b"order_id,user_id\r\n1,2\r\n", id="windows line ends"),
        pytest.param(b"order_id,user_id\r1,2\r", id="old mac line ends"),
        pytest.param(b"order_id,user_id\n1,2", id="no last line end"),
        pytest.param(b"\xef\xbb\xbforder_id,user_id\n1,2\n", id="byte order mark"),
        pytest.param(b'"order_id","user_id"\n1,2\n', id="quoted"),
    ],
)
def test_a_good_header_is_accepted(start: bytes) -> None:
    assert judge(start) == (("order_id", "user_id"), ())


def test_columns_are_found_in_any_order_beside_unknown_ones() -> None:
    assert judge(b"user_id,note,order_id\n1,2,3\n") == (("user_id", "note", "order_id"), ())


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
            b"order_id,user_id,user_id\n1,2,3\n",
            ("duplicate_column:user_id",),
            id="a column twice",
        ),
        pytest.param(b"order_id , user_id\n1,2\n", BOTH_MISSING, id="spaces around the names"),
        pytest.param(b"\nOrder\n1\n", BOTH_MISSING, id="an empty first line"),
        pytest.param(b"", ("empty_file",), id="no bytes"),
        pytest.param(b"\xef\xbb\xbf", ("empty_file",), id="nothing but a byte order mark"),
        pytest.param(b"\xef\xbb\xbf\r\n \t\n", ("empty_file",), id="nothing but white space"),
        pytest.param(b"order_id,user_id", ("no_records",), id="a header without a line end"),
        pytest.param(b"order_id,user_id\r\n", ("no_records",), id="a header alone"),
        pytest.param(b"order_id,user_id\n\n \n", ("no_records",), id="a header and blank lines"),
        pytest.param(
            b"order_id,order_id\n",
            ("missing_column:user_id", "duplicate_column:order_id", "no_records"),
            id="everything wrong at once",
        ),
        pytest.param(b"order_id,user_\xe9d\n1,2\n", ("not_text",), id="latin-1 in the header"),
        pytest.param(b"order_id,user_id\n1,\xe9\n", ("not_text",), id="latin-1 in a record"),
        pytest.param(b"order_id,user_id\n1,2\xc3", ("not_text",), id="half a character at the end"),
        pytest.param(b"order_id,user_id\n1,2\0\n", ("not_text",), id="a NUL in a record"),
        pytest.param("order_id,user_id\n1,2\n".encode("utf-16"), ("not_text",), id="utf-16"),
        pytest.param("order_id,user_id\n".encode("utf-16-le"), ("not_text",), id="utf-16, no mark"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ("not_text",), id="a picture"),
        pytest.param(b'"order_id,user_id\n1,2\n', ("not_text",), id="a quote that never ends"),
        pytest.param(b'order"id\nuser"id,x\n1,2\n', ("not_text",), id="quotes in names"),
    ],
)
def test_a_file_that_can_t_be_loaded_is_rejected_with_its_reasons(
    start: bytes, reasons: tuple[str, ...]
) -> None:
    assert judge(start)[1] == reasons


@pytest.mark.parametrize(
    ("header", "reasons"),
    [
        pytest.param(b"order_id;user_id", ("wrong_delimiter",), id="semicolons"),
        pytest.param(b"order_id\tuser_id", ("wrong_delimiter",), id="tabs"),
        pytest.param(b"note|user_id|order_id", ("wrong_delimiter",), id="pipes"),
        pytest.param(b'"order_id"; "user_id"', ("wrong_delimiter",), id="quotes and spaces"),
        pytest.param(b"order_id;customer", BOTH_MISSING, id="only one of them required"),
        pytest.param(b"order_id;order_id", BOTH_MISSING, id="one required name twice"),
        pytest.param(b"order_id;user_id,note", BOTH_MISSING, id="more than one field"),
        pytest.param(b"order_id:user_id", BOTH_MISSING, id="no delimiter that is known"),
    ],
)
def test_another_delimiter_is_told_by_required_names_in_one_field(
    header: bytes, reasons: tuple[str, ...]
) -> None:
    assert judge(header + b"\n1\n")[1] == reasons


def test_another_delimiter_is_the_only_reason() -> None:
    assert judge(b"order_id;user_id\n")[1] == ("wrong_delimiter",)


@pytest.mark.parametrize(
    ("start", "reasons"),
    [
        pytest.param(cut(""), (), id="a header, and what follows is not known"),
        pytest.param(cut("x" * (HEADER_BYTES - 18) + "é"), (), id="half a character at the end"),
        pytest.param(cut("é" * HEADER_BYTES)[:-9] + b"\xff" * 9, ("not_text",), id="bad bytes"),
        pytest.param(b"\n" * HEADER_BYTES, BOTH_MISSING, id="only blank lines so far"),
        pytest.param(cut("\0" * HEADER_BYTES), ("not_text",), id="a NUL"),
        pytest.param(b"order_id,user_id,".ljust(HEADER_BYTES, b"x"), ("not_text",), id="no end"),
    ],
)
def test_of_a_longer_file_only_the_start_is_judged(start: bytes, reasons: tuple[str, ...]) -> None:
    assert judge(start, whole=False)[1] == reasons
