"""Files by path: one spelling a file, and no way out of the tenant's folder."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from l7audit_stack.api.file_tree import (
    FileMissingError,
    FileTree,
    PathRefusedError,
    PathTakenError,
    read_path,
)

TENANT = UUID(int=7)


@pytest.fixture
def tree(tmp_path: Path) -> FileTree:
    return FileTree(tmp_path / "files")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "/etc/passwd",
        "a/",
        "a//b",
        ".",
        "..",
        "../x",
        "a/../b",
        "a/./b",
        ".hidden",
        "a/.env",
        "..%2fx",
        "%2e%2e/x",
        "..\\x",
        "a\\b",
        "a\x00.txt",
        "a\n",
        "a\tb",
        "name.",
        "name ",
        " name",
        "~root",
        "C:evil",
        "a:b",
        "\u2025/x",
        "\uff0e\uff0e/x",
        "a" * 101,
        "/".join("a" * 9),
        "/".join(["b" * 90] * 5),
    ],
)
def test_any_but_the_canonical_spelling_of_a_path_is_refused(text: str) -> None:
    with pytest.raises(PathRefusedError):
        read_path(text)


@pytest.mark.parametrize("text", ["a", "notes/2026/plan v2.md", "_x/y-z.tar.gz"])
def test_a_canonical_path_is_divided_into_its_segments(text: str) -> None:
    assert "/".join(read_path(text)) == text


def test_what_was_written_is_read_back_and_replaced_and_removed(tree: FileTree) -> None:
    path = ("notes", "plan.md")
    tree.write(TENANT, path, b"one")
    tree.write(TENANT, path, b"two")
    assert tree.read(TENANT, path) == b"two"
    tree.remove(TENANT, path)
    tree.remove(TENANT, path)
    with pytest.raises(FileMissingError):
        tree.read(TENANT, path)


def test_a_write_leaves_nothing_but_the_file(tree: FileTree) -> None:
    tree.write(TENANT, ("a.txt",), b"x")
    assert [entry.name for entry in (tree.root / str(TENANT)).iterdir()] == ["a.txt"]


def test_a_tenant_does_not_see_the_files_of_another(tree: FileTree) -> None:
    tree.write(TENANT, ("a.txt",), b"x")
    with pytest.raises(FileMissingError):
        tree.read(uuid4(), ("a.txt",))


def test_a_link_to_a_file_outside_is_neither_read_nor_written_through(
    tree: FileTree, tmp_path: Path
) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_bytes(b"canary")
    tree.write(TENANT, ("here.txt",), b"x")
    (tree.root / str(TENANT) / "link.txt").symlink_to(canary)
    with pytest.raises(FileMissingError):
        tree.read(TENANT, ("link.txt",))
    tree.write(TENANT, ("link.txt",), b"mine")
    assert canary.read_bytes() == b"canary"
    assert tree.read(TENANT, ("link.txt",)) == b"mine"


def test_a_link_to_a_folder_outside_is_not_entered(tree: FileTree, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "canary.txt").write_bytes(b"canary")
    tree.write(TENANT, ("here.txt",), b"x")
    (tree.root / str(TENANT) / "door").symlink_to(outside)
    with pytest.raises(FileMissingError):
        tree.read(TENANT, ("door", "canary.txt"))
    with pytest.raises(PathTakenError):
        tree.write(TENANT, ("door", "new.txt"), b"x")
    tree.remove(TENANT, ("door", "canary.txt"))
    assert [entry.name for entry in (outside).iterdir()] == ["canary.txt"]


def test_a_linked_tenant_folder_is_not_entered(tree: FileTree, tmp_path: Path) -> None:
    tree.root.mkdir()
    (tmp_path / "a.txt").write_bytes(b"canary")
    (tree.root / str(TENANT)).symlink_to(tmp_path)
    with pytest.raises(FileMissingError):
        tree.read(TENANT, ("a.txt",))


def test_a_named_pipe_is_no_file_and_does_not_hang_the_reader(tree: FileTree) -> None:
    tree.write(TENANT, ("a.txt",), b"x")
    os.mkfifo(tree.root / str(TENANT) / "pipe")
    with pytest.raises(FileMissingError):
        tree.read(TENANT, ("pipe",))


def test_a_file_where_a_folder_is_needed_and_the_reverse_are_conflicts(tree: FileTree) -> None:
    tree.write(TENANT, ("a", "b"), b"x")
    with pytest.raises(PathTakenError):
        tree.write(TENANT, ("a",), b"x")
    with pytest.raises(PathTakenError):
        tree.write(TENANT, ("a", "b", "c"), b"x")
    with pytest.raises(FileMissingError):
        tree.read(TENANT, ("a",))
