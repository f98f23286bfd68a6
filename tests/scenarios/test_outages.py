"""A server that goes away is waited for, and whoever asks is told so; a service that is asked to stop does, whatever is away."""

import time

from harness.wait import until

SERVICES = ("postgres-cdc", "views", "postgres-upsert", "s3-objects")
NEEDS = {"kafka": SERVICES, "postgres": ("postgres-cdc", "postgres-upsert"), "s3": ("s3-objects",)}
STOP_S = 15  # beyond --stop-timeout, which would end it with 70


def at_rest(acme):
    acme.wait_views()
    acme.wait_upserted()
    acme.wait_objects()
    acme.check_tables()


def progress(acme):
    """How many gold records have been written to the target and to objects so far."""
    written = sum(acme.pg.execute(acme.target, "SELECT sum(next_offset) FROM sluice.sink_offsets")[0])
    return written, len(acme.s3.list(acme.bucket))


def wait_progress(acme, why):
    """Something new arrives at both ends."""
    rows, objects = progress(acme)
    until(lambda: progress(acme)[0] > rows and progress(acme)[1] > objects, f"changes to arrive {why}", 90)


def test_each_server_is_waited_for(make_acme, stack):
    """/readyz says 503 while a needed server is away and 200 when it is back; the others go on; nothing is lost."""
    acme = make_acme(objects=True)
    acme.start(*SERVICES)
    generator = acme.generate(wait=False, rate=200, seed=41)
    for server, needed_by in NEEDS.items():
        began = time.monotonic()
        stack.crash(server)  # a node that stops ends transactions without telling the partitions it no longer leads
        try:
            for name in needed_by:
                acme.services[name].wait_unready(60)
            others = [name for name in SERVICES if name not in needed_by]
            for name in others:
                acme.services[name].wait_ready(60)
        finally:
            stack.start(server)
        for name in SERVICES:
            acme.services[name].wait_ready(90)
        wait_progress(acme, f"again after {server} was away")
        print(f"{server}: waited for by {', '.join(needed_by)}; {time.monotonic() - began:.1f} s in all")
    assert generator.terminate(STOP_S) == 0
    at_rest(acme)
    assert [acme.services[name].lives for name in SERVICES] == [1] * len(SERVICES)


def stop(acme, names, why):
    """All are asked at once; each ends with 0 and tells of no error."""
    began = time.monotonic()
    for name in names:
        acme.services[name].ask_to_stop()
    for name in names:
        one = acme.services[name]
        assert one.wait_exit(STOP_S) == 0, f"{why}\n{one.tail()}"
        assert "level=error" not in one.log(), f"{why}\n{one.tail()}"
    print(f"{why}: stopped after {time.monotonic() - began:.1f} s")


def start(acme, names):
    for name in names:
        acme.services[name].start()
    for name in names:
        acme.services[name].wait_ready(90)


def test_each_service_stops_when_asked(make_acme, stack):
    """SIGTERM ends it with status 0 within a bound: when idle, when busy, and while a server is away; nothing is lost."""
    acme = make_acme(objects=True)
    acme.start(*SERVICES)
    stop(acme, SERVICES, "idle")
    start(acme, SERVICES)
    generator = acme.generate(wait=False, rate=400, seed=43)
    wait_progress(acme, "at all")
    stop(acme, SERVICES, "busy")
    start(acme, SERVICES)
    for server, needed_by in NEEDS.items():
        wait_progress(acme, f"before {server} goes away")
        stack.crash(server)  # a node that stops ends transactions without telling the partitions it no longer leads
        try:
            stop(acme, needed_by, f"{server} away")
        finally:
            stack.start(server)
        start(acme, needed_by)
    assert generator.terminate(STOP_S) == 0
    at_rest(acme)
