"""What cannot be, said aloud instead of guessed at."""

import pytest

from tallystick.ledger.models import Attempt
from tallystick.sync.in_flight import line_of
from tallystick.sync.port import Line


def test_an_adjustment_of_no_line() -> None:
    with pytest.raises(RuntimeError, match="needs a line"):
        line_of(Attempt(contract_id=6, line_id=None))
    assert line_of(Attempt(contract_id=6, line_id=7)) == Line(6, 7)
