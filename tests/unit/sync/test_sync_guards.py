"""What cannot be, said aloud instead of guessed at."""

import pytest

from tallystick.ledger.models import Attempt
from tallystick.sync.port import Line
from tallystick.sync.prove import _line


def test_an_adjustment_of_no_line() -> None:
    with pytest.raises(RuntimeError, match="needs a line"):
        _line(Attempt(contract_id=6, line_id=None))
    assert _line(Attempt(contract_id=6, line_id=7)) == Line(6, 7)
