"""The table of faults names tests that are there, and every fault of the catalogue once."""

import fault_table


def test_every_fault_is_in_it_once() -> None:
    assert [fault.number for fault in fault_table.TABLE] == list(range(1, 65))


def test_what_it_names_is_there() -> None:
    named = [test for fault in fault_table.TABLE for test in fault.tests]
    assert [test for test in named if not fault_table.is_there(test)] == []


def test_what_has_no_test_says_what_it_lacks() -> None:
    assert [
        fault.number for fault in fault_table.TABLE if not fault.tests and not fault.lacks
    ] == []


def test_the_engines_faults_all_have_tests() -> None:
    """1 to 57 are Autotask's, the ledger's and the clock's."""
    assert [fault.number for fault in fault_table.TABLE[:57] if not fault.tests] == []
