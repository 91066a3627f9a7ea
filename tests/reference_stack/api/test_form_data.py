"""Forms with files: read in one spelling, within bounds, and refused in one sentence else."""

from __future__ import annotations

import pytest

from l7audit_stack.api.form_data import FormPart, FormReader, FormRefusedError

TYPE = "multipart/form-data; boundary=b"
PLAIN = 'form-data; name="file"; filename="a.txt"'


def form(*parts: tuple[str, str, str], end: str = "--b--\r\n") -> bytes:
    """A body of parts: a disposition, further header lines, a content."""
    whole = "".join(
        f"--b\r\nContent-Disposition: {told}\r\n{more}\r\n{content}\r\n"
        for told, more, content in parts
    )
    return (whole + end).encode()


def test_a_file_comes_as_it_was_sent() -> None:
    body = form((PLAIN, "Content-Type: Text/CSV; charset=utf-8\r\n", "a\r\n--bb"))
    assert FormReader().read(body, TYPE) == [FormPart("file", "a.txt", "text/csv", b"a\r\n--bb")]


def test_a_field_is_no_file_and_text_where_nothing_is_said() -> None:
    read = FormReader().read(
        form(("form-data; name=note", "", "x")), 'Multipart/form-data;boundary="b"'
    )
    assert read == [FormPart("note", None, "text/plain", b"x")]


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ('form-data; name="file"; filename="../../etc/passwd"', "../../etc/passwd"),
        ('form-data; filename="..%2Fa"; name="file"', "..%2Fa"),
        ('form-data; name="file"; filename="C:\\a\\b.txt"', "C:\\a\\b.txt"),
        ('form-data; name="file"; filename="\\\\host\\b.txt"', "\\\\host\\b.txt"),
        ('form-data; name="file"; filename="Übersicht; 1.pdf"', "Übersicht; 1.pdf"),
        ('form-data; name="file"; filename=""', ""),
    ],
)
def test_a_name_is_told_as_it_was_written(told: str, name: str) -> None:
    assert FormReader().read(form((told, "", "x")), TYPE)[0].filename == name


@pytest.mark.parametrize(
    "told",
    [
        "form-data; name=\"file\"; filename*=UTF-8''..%2Fa",
        f"{PLAIN}; filename*=UTF-8''..%2Fa",
        f"{PLAIN}; filename=../a",
        'form-data; name="file"; FILENAME="a"; filename="b"',
        'form-data; name="file"; name="other"',
        'form-data; name="file"; filename*0="a"',
        'form-data; name="file"; filename="a\x00b"',
        'form-data; name="file"; filename="a"b"',
        'form-data; filename="a"',
        'attachment; name="file"; filename="a"',
        "form-data",
        "",
    ],
)
def test_a_name_that_could_be_read_in_two_ways_is_refused(told: str) -> None:
    with pytest.raises(FormRefusedError):
        FormReader().read(form((told, "", "x")), TYPE)


@pytest.mark.parametrize(
    "more",
    [
        f"Content-Disposition: {PLAIN}\r\n",
        "Content-Transfer-Encoding: base64\r\n",
        "X: " + "a" * 1024 + "\r\n",
        "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n",
        "Content-Type text/plain\r\n",
    ],
)
def test_headers_of_a_part_are_bounded_and_plain(more: str) -> None:
    with pytest.raises(FormRefusedError):
        FormReader().read(form((PLAIN, more, "x")), TYPE)


def test_a_name_that_is_no_utf_8_is_refused() -> None:
    with pytest.raises(FormRefusedError):
        FormReader().read(form((PLAIN, "", "x")).replace(b"a.txt", b"\xff"), TYPE)


def test_a_form_has_a_largest_number_of_parts() -> None:
    parts = [("form-data; name=a", "", "")] * 4
    assert len(FormReader().read(form(*parts), TYPE)) == 4
    with pytest.raises(FormRefusedError):
        FormReader().read(form(*parts, parts[0]), TYPE)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"--b", form((PLAIN, "", "x"), end=""), b"--b\r\n\r\n"]
)
def test_what_is_no_whole_form_is_refused(body: bytes) -> None:
    with pytest.raises(FormRefusedError):
        FormReader().read(body, TYPE)


@pytest.mark.parametrize(
    "media_type",
    [
        "multipart/form-data",
        "multipart/mixed; boundary=b",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=b; boundary=c",
        "multipart/form-data; boundary=" + "b" * 71,
        'multipart/form-data; boundary="b',
    ],
)
def test_a_media_type_names_one_boundary(media_type: str) -> None:
    with pytest.raises(FormRefusedError):
        FormReader().read(form((PLAIN, "", "x")), media_type)
