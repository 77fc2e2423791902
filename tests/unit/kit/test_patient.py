"""Words for which there is no room stop nobody (faults: the disk of the logs is full)."""

import io

from tallystick.kit.patient import Patient


class Disk(io.StringIO):
    """A file on a disk that can be full, as ``/dev/full`` is."""

    full = False

    def flush(self) -> None:
        if self.full:
            raise OSError(28, "No space left on device")


def test_what_there_is_no_room_for_is_counted_and_said_once_there_is() -> None:
    disk = Disk()
    stream = Patient(disk)
    print("one", file=stream)
    disk.full = True
    for number in range(3):
        print(f"lost {number}", file=stream)
    disk.truncate(disk.seek(4))
    disk.full = False
    print("two", file=stream)
    print("three", file=stream)
    assert disk.getvalue().splitlines() == [
        "one",
        "3 lines of the log were lost: no room.",
        "two",
        "three",
    ]
