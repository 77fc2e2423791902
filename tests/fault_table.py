"""``make faults``: the catalogue of faults, and which tests hold each.

The numbers are those of the catalogue. A test is named by its file and function;
``house/test_faults_table.py`` sees to it that each is there. What a fault lacks is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Fault:
    """``tests``: ``folder/file::function``, without ``test_`` and ``.py``; ``lacks``: in words."""

    number: int
    what: str
    tests: tuple[str, ...] = ()
    lacks: str = ""

    @property
    def covered(self) -> bool:
        return bool(self.tests) and not self.lacks


def _fault(number: int, what: str, *tests: str, lacks: str = "") -> Fault:
    return Fault(number, what, tests, lacks)


TABLE = (
    # Network, and answers nobody can be sure of
    _fault(
        1,
        "unknown host, connection refused",
        "scenarios/faults::autotask_is_gone_when_it_is_our_turn_to_write",
        "scenarios/p1_nothing_lost::a_change_made_while_autotask_is_away_arrives_when_it_is_back",
        "connector/autotask_writes::an_unknown_host_is_not_sent",
    ),
    _fault(
        2,
        "connect timeout",
        "connector/autotask_writes::a_host_that_never_accepts_is_not_sent",
    ),
    _fault(
        3,
        "sent whole, answer lost",
        "scenarios/p3_at_most_one_effect::an_answer_that_got_lost_is_found_by_reading",
        "scenarios/p3_at_most_one_effect::a_call_lost_before_autotask_is_sent_again_only_after_proof",
        "scenarios/faults::on_the_write",
    ),
    _fault(4, "cut in the middle of the request", "scenarios/faults::on_the_write"),
    _fault(
        5,
        "truncated, HTML, empty or no JSON",
        "scenarios/faults::on_the_write",
        "connector/autotask_writes::whatever_happens_after_sending_is_no_clear_answer",
    ),
    _fault(
        6,
        "landed after our deadline, inside the window",
        "scenarios/p3_at_most_one_effect::what_arrives_late_within_the_window_is_not_sent_twice",
    ),
    _fault(
        7,
        "landed after the window",
        "scenarios/p3_at_most_one_effect::a_change_that_is_there_twice_is_named_and_nothing_more_is_sent",
        "scenarios/a_duplicate_is_corrected::what_lands_after_the_window_is_named_a_duplicate",
        "scenarios/a_duplicate_is_corrected::the_opposite_change_is_sent_once_and_linked",
    ),
    _fault(
        8,
        "500 with and without errors",
        "connector/autotask_answers::what_it_means_for_a_write",
        "scenarios/p5_stops_its_lane_only::a_refusal_stops_one_lane",
    ),
    _fault(9, "502, 503, 504 of a gateway", "scenarios/faults::on_the_write"),
    _fault(
        10,
        "429, threshold reached",
        "scenarios/p8_never_the_cause_of_a_suspension::the_thread_limit_makes_the_whole_connection_wait",
        "scenarios/knobs::the_hourly_limit_of_autotask",
    ),
    _fault(
        11,
        "slow",
        "scenarios/faults::on_the_write",
        "scenarios/knobs::a_tenant_slower_than_we_wait",
    ),
    _fault(
        12,
        "wrong or expired certificate",
        "connector/autotask_tls::a_bad_certificate_means_not_sent_and_not_one_byte_of_a_request",
    ),
    _fault(
        13,
        "redirect to elsewhere",
        "connector/autotask_writes::a_redirect_is_never_followed",
        "scenarios/faults::on_the_write",
    ),
    _fault(14, "the tenant moved", "scenarios/faults::the_tenant_moves"),
    _fault(
        15,
        "pages that loop, lead elsewhere or miss rows",
        "scenarios/faults::on_a_read",
        "scenarios/faults::a_row_that_is_missing_from_a_page",
        "connector/autotask_origins::any_other_next_page_makes_the_read_unclear",
    ),
    _fault(16, "the read-back fails too", "scenarios/faults::on_the_write_and_the_read_back"),
    # What Autotask answers about the business
    _fault(
        17,
        "401",
        "scenarios/p8_never_the_cause_of_a_suspension::a_refused_sign_in_is_not_hammered",
        "scenarios/knobs::a_changed_password_loses_nothing",
    ),
    _fault(
        18,
        "no right, or nothing there",
        "connector/autotask_reading::absent_is_said_of_a_visible_contract_only",
        "scenarios/p4_never_silently_wrong::a_line_that_shows_no_rows_is_not_no_units",
        "scenarios/p4_never_silently_wrong::a_line_whose_rows_are_gone_is_drift",
    ),
    _fault(
        19,
        "the contract is gone",
        "scenarios/catalogue::a_contract_that_is_gone_keeps_what_waits",
    ),
    _fault(
        20,
        "contract inactive, ended, or the day outside it",
        "scenarios/p10_says_what_happened::outside_the_contract",
        "scenarios/knobs::an_inactive_contract_is_never_written_to",
        "scenarios/p1_nothing_lost::a_change_outside_the_contract_stays_and_arrives_after_the_contract_was_extended",
    ),
    _fault(
        21,
        "period approved and posted",
        "scenarios/price_margin::a_period_that_is_posted_keeps_its_price",
        "scenarios/price_margin::in_a_posted_period",
        "scenarios/knobs::a_posted_period",
    ),
    _fault(
        22,
        "the line is not on the contract",
        "scenarios/catalogue::a_line_that_was_taken_off_the_contract_is_not_made_again",
    ),
    _fault(
        23,
        "a second change of a day refused",
        "scenarios/p2_order::refused_and_held",
        "scenarios/p2_order::refused_and_sent_for_the_next_day",
    ),
    _fault(
        24,
        "two operations of one day",
        "scenarios/p2_order::changes_of_one_day_travel_in_one_call_and_the_last_value_wins",
        "scenarios/p2_order::five_to_seven_to_five_on_one_day_sends_nothing",
        "scenarios/p6_one_record_each::three_changes_in_one_call_are_three_records",
    ),
    _fault(
        25,
        "0 units refused",
        "scenarios/p2_order::with_zero_refused_a_cancellation_stops_until_a_person_chose_the_other_rule",
        "scenarios/p2_order::a_cancellation_may_leave_the_units_and_take_the_price",
    ),
    _fault(
        26,
        "the result would be negative",
        "scenarios/catalogue::a_line_lowered_by_hand_is_a_conflict_before_anything_is_sent",
    ),
    _fault(
        27,
        "edited by hand in Autotask",
        "scenarios/p4_never_silently_wrong::a_hand_edit_is_not_overwritten",
        "scenarios/p4_never_silently_wrong::a_price_edited_by_hand_is_not_overlooked",
    ),
    _fault(
        28,
        "rounding, currency",
        "scenarios/knobs::amounts_are_understood_in_every_form",
        "scenarios/knobs::a_customers_currency_is_compared_with_the_customers_amounts",
        "scenarios/price_margin::a_price_in_another_currency_is_not_sent",
    ),
    _fault(
        29,
        "one service twice on a contract",
        "rooms/mappings/mapping_places::what_is_clear_and_equal_is_mapped_together",
        "sources/line_files::several_free_lines_are_chosen_by_a_person",
    ),
    _fault(
        30,
        "two subscriptions on one line",
        "rooms/mappings/mapping_places::another_subscriptions_line_is_refused_with_that_reason",
        "rooms/mappings/mapping_at_once::one_line_and_many_subscriptions",
        "scenarios/billed_together::the_line_shows_the_sum_of_what_they_have",
        "scenarios/billed_together::a_line_is_never_shared_by_mapping_alone",
        "scenarios/billed_together::one_that_stops_stops_all_and_says_whose_it_is",
        "machine/machine::promises_hold_whatever_happens",
    ),
    # Order, and many at once
    _fault(
        31,
        "recorded while the one before is sent",
        "rooms/ledger/ledger_sequence::recording_waits_for_a_worker_and_the_worker_does_not_wait_for_it",
    ),
    _fault(
        32,
        "recorded at the same moment",
        "rooms/ledger/ledger_sequence::twenty_at_once_are_numbered_one_after_another",
    ),
    _fault(
        33,
        "Sync pressed twice",
        "scenarios/p9_sync_twice::sync_pressed_twice_is_one_run_and_one_effect",
        "rooms/sync/sync_request::pressed_fifty_times_at_once",
    ),
    _fault(
        34,
        "two workers, one that wakes up late",
        "rooms/sync/sync_two_workers::the_first_continues_after_the_second_took_over",
        "crash/several::a_worker_paused_for_longer_than_its_lease",
    ),
    _fault(
        35,
        "the first fails, many follow",
        "scenarios/p2_order::nothing_overtakes_a_failed_one",
        "rooms/ledger/ledger_queries::pending_counts_the_stopped_one_and_all_behind_it",
    ),
    _fault(
        36,
        "taken back while it waits",
        "scenarios/p2_order::five_to_seven_to_five_on_one_day_sends_nothing",
        "scenarios/p6_one_record_each::a_decision_of_a_person_is_recorded_with_its_reason",
    ),
    _fault(
        37,
        "unmapped while something waits",
        "scenarios/p5_stops_its_lane_only::what_was_unmapped_under_its_feet_is_not_sent_anywhere",
        "rooms/mappings/mapping_delete::it_is_refused_while_a_subscription_is_mapped",
        "scenarios/catalogue::nothing_is_unmapped_while_something_waits",
    ),
    _fault(
        38,
        "one floods the others",
        "scenarios/p1_nothing_lost::a_lane_with_many_days_gives_way_and_is_found_again",
        "scenarios/catalogue::one_with_many_days_does_not_keep_the_others_waiting",
    ),
    # Crashes and storage
    _fault(
        39,
        "an older backup came back",
        "scenarios/p7_bounded_recovery::a_restored_database_looks_before_it_sends",
        "commands/installation::a_backup_brings_everything_back_with_the_connections_held",
    ),
    _fault(40, "killed before the intent", "crash/killed::at_every_commit"),
    _fault(41, "killed after it, before the call", "crash/killed::at_every_step"),
    _fault(42, "killed after the call", "crash/killed::at_every_step"),
    _fault(43, "killed after the outcome", "crash/killed::at_every_step"),
    _fault(
        44,
        "the database restarts",
        "scenarios/p7_bounded_recovery::the_database_goes_away_in_the_middle_of_a_turn",
        "crash/several::the_database_drops_every_connection_again_and_again",
    ),
    _fault(
        45,
        "nobody knows whether it was committed",
        "crash/killed::at_every_commit",
        "api/api_idempotency::death_in_the_middle_leaves_neither_act_nor_answer",
        "rooms/ledger/ledger_outbox::the_same_order_again_answers_the_operation_that_is_there",
    ),
    _fault(
        46,
        "no room for the database",
        "scenarios/catalogue::without_room_for_the_intent_nothing_is_sent_and_it_resumes_by_itself",
        "scenarios/catalogue::what_there_is_no_room_for_was_not_recorded",
        "api/api_storage::it_is_said_in_words_by_both_front_doors",
    ),
    _fault(47, "no room for logs", "commands/installation::a_full_disk_for_logs_stops_no_work"),
    _fault(
        48,
        "a database that may forget",
        "commands/installation::a_database_that_may_forget_is_refused",
    ),
    _fault(
        49,
        "huge answers, workers that die of something",
        "scenarios/faults::on_a_read",
        "connector/autotask_reading::a_compression_bomb_costs_little_memory",
        "scenarios/catalogue::a_lane_in_which_workers_die_is_put_aside",
    ),
    _fault(
        50,
        "a new version in the middle",
        "crash/several::a_worker_asked_to_stop_finishes_its_turn",
        "unit/sync/sync_classify::an_intent_of_an_earlier_version_is_read_back",
        "commands/other_version::the_old_ends_when_the_new_has_migrated_and_does_not_come_back",
    ),
    _fault(
        51,
        "the key is missing",
        "scenarios/key_missing::the_connection_is_paused_and_goes_on_when_the_key_is_back",
    ),
    _fault(
        52,
        "the audit log cannot be written",
        "rooms/ledger/ledger_outbox::an_outcome_without_its_record_has_not_happened",
    ),
    # Time
    _fault(
        53,
        "clocks that jump",
        "scenarios/catalogue::a_clock_that_jumps_in_the_middle",
        "scenarios/catalogue::a_clock_set_back_does_not_settle_what_was_lost_earlier",
    ),
    _fault(
        54,
        "midnight, summer time",
        "scenarios/time_zones::the_day_that_is_recorded_is_the_day_that_is_sent",
        "unit/kit/clock_days::around_midnight",
    ),
    _fault(55, "29 February, the 31st", "unit/sync/sync_periods::the_ends_of_months"),
    _fault(
        56,
        "dated before what is proved",
        "scenarios/p2_order::a_back_dated_change_is_held_with_a_cause",
        "scenarios/p2_order::a_back_dated_change_is_moved_when_the_connection_says_so",
    ),
    _fault(
        57,
        "waits while its period ends",
        "scenarios/catalogue::units_that_waited_over_a_posting_go_for_their_own_day",
        "scenarios/catalogue::a_price_that_waited_over_a_posting_goes_to_the_next_period_and_says_so",
    ),
    # Bad input and mapping
    _fault(
        58,
        "quantities that are none",
        "scenarios/money_and_quantities::no_verb_records_a_quantity_that_is_none",
        "api/api_money::what_is_no_quantity_is_refused_by_every_operation",
    ),
    _fault(
        59,
        "names made to do harm",
        "rooms/subscriptions/add_customer::what_cannot_be_kept_names_its_field",
        "unit/kit/sheet::no_first_character_of_all_there_are_makes_a_formula",
        "rooms/audit/audit_export::a_spreadsheet_takes_nothing_for_a_formula",
        "simulator/pages::everything_is_escaped",
    ),
    _fault(
        60,
        "files as they come",
        "sources/csv_rows::any_bytes_are_read_or_refused",
        "sources/import::the_same_file_again_changes_nothing",
    ),
    _fault(
        61,
        "events twice, reordered, of strangers",
        "api/api_events::a_thousand_duplicates_have_one_effect",
        "sources/intake::shuffled_and_told_twice_in_one_call",
        "sources/intake::counted_and_in_any_groups",
        "sources/intake::another_resellers_is_not_known_and_not_touched",
        "api/api_events::not_signed_is_not_heard",
        "api/api_hints::of_a_stranger_nothing_is_read_and_it_is_written_down",
        "web/source_pages::a_late_one_stands_on_home_and_on_its_subscription_until_it_is_decided",
        "api/api_hints::a_hundred_times_the_same_is_one_look",
        "api/api_hints::not_signed_is_not_heard_and_nothing_is_stored",
    ),
    _fault(
        62,
        "partial lists of a source",
        "sources/snapshots::a_part_ends_nothing",
        "sources/snapshots::many_at_once_are_a_broken_list",
        "sources/snapshots::a_list_that_lags_behind_the_feed_takes_nothing_back",
        "sources/partner_center::too_many_calls_wait_as_long_as_they_are_told",
        "sources/partner_center::a_list_that_breaks_off_concludes_nothing",
        "sources/partner_center::what_is_not_shown_any_more_has_not_ended",
    ),
    _fault(
        63,
        "somebody else's ids",
        "api/api_calls::another_tenants_ids_are_not_found",
        "api/api_calls::another_resellers_ids_are_not_found",
        "api/api_matrix::what_is_not_in_the_context_is_not_there",
        "web/page_matrix::what_is_not_in_the_context_is_not_there",
        "api/api_walls::the_databases_wall_alone",
        "rooms/audit/audit_export::a_reseller_gets_its_own_and_the_csp_all_with_names",
    ),
    _fault(
        64,
        "hostile answers",
        "connector/autotask_answers::foreign_words_are_made_fit_to_show",
        "connector/autotask_reading::a_row_of_another_contract_is_named",
        "scenarios/faults::on_a_read",
    ),
)


def place_of(test: str) -> tuple[Path, str]:
    """The file of a test, and its function's name."""
    file, _, function = test.partition("::")
    folder, _, name = file.rpartition("/")
    return HERE / folder / f"test_{name}.py", f"test_{function}"


def is_there(test: str) -> bool:
    file, function = place_of(test)
    return file.exists() and bool(re.search(rf"^ *def {function}\(", file.read_text(), re.M))


def lines() -> list[str]:
    """The table for people, and the count."""
    out = []
    for fault in TABLE:
        mark = "covered" if fault.covered else "in part" if fault.tests else "not"
        out.append(f"{fault.number:>2}  {mark:<8} {fault.what}")
        out += [f"             {test}" for test in fault.tests]
        out += [f"             lacks: {fault.lacks}"] if fault.lacks else []
    covered = sum(fault.covered for fault in TABLE)
    return [*out, f"{covered} of {len(TABLE)} covered"]


if __name__ == "__main__":
    print("\n".join(lines()))
