"""A server that goes away is waited for, and whoever asks is told so; a service that is asked to stop does, whatever is away."""

from harness.acme import GOLD_NAMES
from harness.wait import until

SERVICES = ("postgres-cdc", "views", "postgres-upsert", "s3-objects")
NEEDS = {"kafka": SERVICES, "postgres": ("postgres-cdc", "postgres-upsert"), "s3": ("s3-objects",)}
STOP_S = 15


def at_rest(acme):
    acme.wait_views()
    acme.wait_upserted()
    acme.wait_objects()
    acme.check_tables()


def progress(acme):
    """Something new has reached the target: how many gold records the sink has read so far."""
    return sum(acme.pg.execute(acme.target, "SELECT sum(next_offset) FROM sluice.sink_offsets")[0])


def test_each_server_is_waited_for(make_acme, stack):
    """/readyz says 503 while a needed server is away and 200 when it is back; the others go on; nothing is lost."""
    acme = make_acme(objects=True)
    acme.start(*SERVICES)
    generator = acme.generate(wait=False, rate=200, seed=41)
    for server, needed_by in NEEDS.items():
        stack.stop(server)
        try:
            for name in needed_by:
                acme.services[name].wait_unready(60)
            others = [name for name in SERVICES if name not in needed_by]
            assert [acme.services[name].ready() for name in others] == [200] * len(others)
        finally:
            stack.start(server)
        for name in SERVICES:
            acme.services[name].wait_ready(90)
        before = progress(acme)
        until(lambda: progress(acme) > before, f"changes to flow again after {server} was away", 60)
        print(f"{server}: waited for by {', '.join(needed_by)}")
    assert generator.terminate(STOP_S) == 0
    at_rest(acme)
    assert [acme.services[name].lives for name in SERVICES] == [1] * len(SERVICES)
    assert len(GOLD_NAMES) == 8


def stop_all(acme, why):
    for name in SERVICES:
        assert acme.services[name].terminate(STOP_S) == 0, acme.services[name].tail()
        log = acme.services[name].log()
        assert "level=error" not in log, f"{why}: {log}"


def test_each_service_stops_when_asked(make_acme, stack):
    """SIGTERM ends it with status 0 within a bound: when idle, when busy, and while a server is away."""
    acme = make_acme(objects=True)
    acme.start(*SERVICES)
    stop_all(acme, "idle")
    acme.start(*SERVICES)
    generator = acme.generate(wait=False, rate=400, seed=43)
    acme.services["views"].until(lambda: acme.services["views"].metric("sluice_records_read_total") > 500, "work", 60)
    stop_all(acme, "busy")
    for server, needed_by in NEEDS.items():
        acme.start(*SERVICES)
        stack.stop(server)
        try:
            for name in needed_by:
                acme.services[name].wait_unready(60)
            stop_all(acme, f"{server} away")
        finally:
            stack.start(server)
    assert generator.terminate(STOP_S) == 0
    acme.start(*SERVICES)
    at_rest(acme)
