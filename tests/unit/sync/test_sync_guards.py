"""What cannot be, said aloud instead of guessed at."""

import pytest

from tallystick.ledger.models import Attempt
from tallystick.sync.prove import _line_id


def test_an_adjustment_of_no_line() -> None:
    with pytest.raises(RuntimeError, match="needs a line"):
        _line_id(Attempt(line_id=None))
    assert _line_id(Attempt(line_id=7)) == 7
