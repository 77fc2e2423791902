"""The server's keys: the first seals, all open, and a file is followed while it changes."""

from __future__ import annotations

import base64
import os
import stat
import threading
from pathlib import Path

import pytest

from tallystick.kit.key_ring import KeyFile, KeyRing
from tallystick.kit.secrets import CannotOpen, Secret, WrongKey, key_from_text

PLACE = "connection/7/secret"
# Always the same ones, so that tests have the same names in every process.
A, B, C = (key_from_text(base64.b64encode(one * 32).decode()) for one in (b"a", b"b", b"c"))


def ring(*keys: object) -> KeyRing:
    return KeyRing(keys, source="a test")  # type: ignore[arg-type]  # keys


def text(*keys: object) -> str:
    return "".join(f"{key.text()}\n" for key in keys)  # type: ignore[attr-defined]  # keys


class TestARing:
    def test_the_first_seals_and_all_open(self) -> None:
        both = ring(B, A)
        assert both.first() == B
        for key in (A, B):
            sealed = key.seal(Secret("s3cret"), place=PLACE)
            assert both.open(sealed, key_id=key.key_id, place=PLACE).reveal() == "s3cret"

    def test_without_the_key_it_says_which_one_it_needs_and_where_keys_are(self) -> None:
        sealed = A.seal(Secret("s3cret"), place=PLACE)
        with pytest.raises(CannotOpen) as closed:
            ring(B).open(sealed, key_id=A.key_id, place=PLACE)
        assert A.key_id in str(closed.value)
        assert "a test" in str(closed.value)

    @pytest.mark.parametrize("place", ["connection/8/secret", "connection/7/code"])
    def test_a_value_that_was_moved_does_not_open(self, place: str) -> None:
        sealed = A.seal(Secret("s3cret"), place=PLACE)
        with pytest.raises(CannotOpen, match="damaged, or belongs to another"):
            ring(B, A).open(sealed, key_id=A.key_id, place=place)

    def test_a_value_said_to_be_of_another_key_does_not_open(self) -> None:
        sealed = A.seal(Secret("s3cret"), place=PLACE)
        with pytest.raises(CannotOpen):
            ring(B, A).open(sealed, key_id=B.key_id, place=PLACE)

    def test_neither_ring_nor_key_prints_a_key(self) -> None:
        both = KeyRing.from_variable("X", f"{B.text()},{A.text()}")
        printed = f"{both!r} {vars(both)!r} {A!r} {A}"
        assert not [key for key in (A, B) if key.text() in printed or repr(key.key) in printed]


class TestTheVariable:
    def test_several_are_separated_by_commas(self) -> None:
        found = KeyRing.from_variable("THE_NAME", f" {B.text()}, {A.text()}\n")
        assert (list(found.all()), found.source) == ([B, A], "THE_NAME")

    def test_both_alphabets_of_base64_are_read(self) -> None:
        raw = b"\xfb\xff" * 16
        both = [encode(raw).decode() for encode in (base64.b64encode, base64.urlsafe_b64encode)]
        assert both[0] != both[1]
        assert key_from_text(both[0]) == key_from_text(both[1])

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ("hunter2", "THE_NAME: must be 32 bytes"),
            (A.text()[:-4], "THE_NAME: must be 32 bytes"),
            (A.text().rstrip("="), "THE_NAME: must be 32 bytes"),
            (A.text() + "!", "THE_NAME: must be 32 bytes"),
            ("schlüssel", "THE_NAME: must be 32 bytes"),
            (f"{A.text()},", "THE_NAME: key 2 of 2 must be 32 bytes"),
            (f"{A.text()},hunter2,{B.text()}", "THE_NAME: key 2 of 3 must be 32 bytes"),
            (f"{A.text()}\n{B.text()}", "THE_NAME: must be 32 bytes"),
            (f"{A.text()},{A.text()}", f"THE_NAME: has the key {A.key_id} twice"),
        ],
    )
    def test_a_wrong_one_is_named_and_never_quoted(self, wrong: str, said: str) -> None:
        with pytest.raises(WrongKey) as refused:
            KeyRing.from_variable("THE_NAME", wrong)
        assert str(refused.value).startswith(said)
        assert not [part for part in wrong.split(",") if part and part in str(refused.value)]


class TestTheFile:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "home" / "secret.key"

    def test_the_first_start_makes_it_for_its_owner_only(self, path: Path) -> None:
        made = KeyFile(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert KeyFile(path).all() == made.all()
        assert path.read_text() == text(*made.all())

    def test_a_file_of_an_earlier_version_is_read(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_text(A.text())  # no end of line
        assert list(KeyFile(path).all()) == [A]

    def test_one_key_a_line_newest_first(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_text("\n" + text(C, B) + "  \n" + A.text())
        assert list(KeyFile(path).all()) == [C, B, A]

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "has no key in it"),
            (b"\n\n", "has no key in it"),
            (b"hunter2", "must be 32 bytes"),
            (text(A).encode() + b"hunter2\n", "line 2 of 2 must be 32 bytes"),
            (text(A, B, A).encode(), f"has the key {A.key_id} twice"),
            (b"\xff\xfe\x00", "is not text"),
        ],
    )
    def test_a_wrong_one_is_named_and_left_as_it_is(
        self, path: Path, content: bytes, said: str
    ) -> None:
        path.parent.mkdir()
        path.write_bytes(content)
        with pytest.raises(WrongKey) as refused:
            KeyFile(path)
        assert str(refused.value).startswith(f"{path}: {said}")
        assert "hunter2" not in str(refused.value)
        assert path.read_bytes() == content

    def test_what_another_process_wrote_counts_at_once(self, path: Path) -> None:
        ours, theirs = KeyFile(path), KeyFile(path)
        old = ours.first()
        theirs.write([B, *theirs.all()])
        sealed = B.seal(Secret("s3cret"), place=PLACE)
        assert ours.open(sealed, key_id=B.key_id, place=PLACE).reveal() == "s3cret"
        assert list(ours.all()) == [B, old]
        theirs.write([B])
        with pytest.raises(CannotOpen):
            ours.open(old.seal(Secret("x"), place=PLACE), key_id=old.key_id, place=PLACE)
        assert ours.signing() == ["django:" + B.key.hex()]

    @pytest.mark.parametrize("broken", ["gone", "half written"])
    def test_while_it_cannot_be_read_the_keys_read_last_count(
        self, path: Path, broken: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        file = KeyFile(path)
        before = list(file.all())
        if broken == "gone":
            path.rename(path.with_name("elsewhere"))
        else:
            path.write_text(text(*before) + B.text()[:20])
        assert list(file.all()) == before
        path.unlink(missing_ok=True)
        path.write_text(text(B, *before))
        assert list(file.all()) == [B, *before]
        assert B.text()[:20] not in capfd.readouterr().err

    def test_written_it_is_private_and_nothing_is_left_beside_it(self, path: Path) -> None:
        file = KeyFile(path)
        path.chmod(0o644)
        left = path.with_name("secret.key.new")
        left.write_text("of a process that was killed")
        left.chmod(0o666)
        file.write([B, A])
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert list(path.parent.iterdir()) == [path]
        assert list(KeyFile(path).all()) == [B, A]

    def test_a_link_stays_a_link(self, path: Path, tmp_path: Path) -> None:
        path.parent.mkdir()
        real = tmp_path / "mounted.key"
        real.write_text(text(A))
        path.symlink_to(real)
        KeyFile(path).write([B, A])
        assert path.is_symlink()
        assert real.read_text() == text(B, A)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
    def test_it_keeps_its_owner(self, path: Path) -> None:
        """An administrator rotates; the service, which is somebody else, must be able to read."""
        file = KeyFile(path)
        os.chown(path, 65534, 65534)
        file.write([B, A])
        assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)

    def test_what_cannot_be_written_changes_nothing(self, path: Path) -> None:
        file = KeyFile(path)
        before = path.read_bytes()
        blocked = path.with_name("secret.key.new")
        blocked.mkdir()  # as a full disk or a missing right does: the new file cannot be made
        with pytest.raises(OSError):
            file.write([B, A])
        assert path.read_bytes() == before

    def test_readers_meanwhile_find_the_one_or_the_other(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_text(text(A))
        file, seen, over = KeyFile(path), set(), threading.Event()

        def read() -> None:
            while not over.is_set():
                seen.add(tuple(key.key_id for key in file.all()))
                seen.add(tuple(key.key_id for key in KeyFile(path).all()))

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        writer = KeyFile(path)
        for _ in range(50):
            writer.write([B, A])
            writer.write([A])
        over.set()
        for reader in readers:
            reader.join()
        assert seen <= {(A.key_id,), (B.key_id, A.key_id)}
