"""The Kafka room against a real broker: each case of tests/component/c/component_kafka.c is a test here."""

import subprocess

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource

from harness import ROOT
from harness.services import BUILD

PROGRAM = BUILD / "tests" / "component_kafka"
CASES = [
    "committed_is_seen_aborted_is_not",
    "closing_aborts_what_is_open",
    "second_producer_fences_the_first",
    "timed_out_transaction_is_not_a_take_over",
    "oversize_record_is_for_the_dead_letters",
    "record_refused_by_the_topic_stops",
    "keys_land_where_java_puts_them",
    "dead_letter_is_whole",
    "eof_comes_again_after_more",
    "offset_out_of_range_stops",
    "new_assignment_replaces_the_old",
    "paused_consumer_goes_on_where_it_was",
    "offsets_need_a_valid_membership",
    "offsets_of_a_replaced_member_are_refused",
    "offset_metadata_comes_back",
    "standby_takes_over_when_the_owner_leaves",
    "standby_takes_over_when_the_owner_is_killed",
    "topics_are_made_once_and_checked",
    "unreachable_broker_is_named",
    "bad_property_is_named",
    "broker_stands_still_and_goes_on",
    "broker_crashes_and_comes_back",
    "broker_stands_still_and_a_stop_is_heard",
]


def run(stack, kafka, *arguments):
    env = {
        "SLUICE_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "SLUICE_SERVERS": str(ROOT / "deploy" / "servers"),
        "SLUICE_STATE": str(stack.state),
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(stack.state),
    }
    done = subprocess.run(
        [str(PROGRAM), *arguments], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=300,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("case", CASES)
def test_case(stack, kafka, case):
    try:
        status, output = run(stack, kafka, case)
    finally:
        if case.startswith("broker_"):  # whatever happened, the next test finds the broker running
            stack.start("kafka")
    assert status == 0 and "[  PASSED  ] 1 test(s)." in output, output


def test_every_case_is_run_here(stack, kafka):
    status, output = run(stack, kafka, "--list")
    assert status == 0
    assert output.split() == CASES


def test_compacted_topics_keep_deletes_for_a_week(stack, kafka):
    status, output = run(stack, kafka, "topics_are_made_once_and_checked")
    assert status == 0, output
    topic = next(line.split("=")[1] for line in output.splitlines() if line.startswith("topic="))
    resource = ConfigResource("topic", topic)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    settings = admin.describe_configs([resource])[resource].result(30)
    assert settings["cleanup.policy"].value == "compact"
    assert settings["min.compaction.lag.ms"].value == str(24 * 3600 * 1000)
    assert settings["delete.retention.ms"].value == str(7 * 24 * 3600 * 1000)
