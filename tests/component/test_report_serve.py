"""sluice-report --serve: what a client by HTTP is told, in what form, and what it is refused."""

import base64
import csv
import http.client
import io
import json
import re
import xml.etree.ElementTree as tree
from urllib.parse import quote

import pytest

from harness.proxy import TcpProxy
from harness.services import run

REPORTS = {
    "orders": "-- GET /shop/orders\n-- $1 status text = open, open|done\n-- $2 limit integer = 3, 1..100\n"
              "SELECT n, status, price FROM shop.orders WHERE status = $1 ORDER BY n LIMIT $2",
    "named": "-- $1 word text\nSELECT $1::text AS word, count(*) AS n FROM shop.orders",
    "many": "SELECT i FROM generate_series(1, 1001) i ORDER BY 1",
    "slow": "SELECT pg_sleep(20)::text AS slept",
    "gone": "SELECT gone FROM shop.orders",
    "moment": "SELECT (SELECT count(*) FROM shop.orders) AS n, current_setting('transaction_isolation') AS level, "
              "current_setting('transaction_read_only') AS fixed",
}


class Api:
    def __init__(self, service, port):
        self.service, self.port = service, port

    def ask(self, target, method="GET", **headers):
        """(status, content type, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, headers=headers)
            answer = connection.getresponse()
            self.headers = dict(answer.getheaders())
            return answer.status, answer.getheader("Content-Type").partition(";")[0], answer.read().decode()
        finally:
            connection.close()

    def rows(self, target):
        status, kind, body = self.ask(target)
        assert (status, kind) == (200, "application/json"), body
        return json.loads(body)

    def refused(self, target, **headers):
        status, _kind, body = self.ask(target, **headers)
        return status, json.loads(body)["error"]


@pytest.fixture
def api(service, pg, database, tmp_path):
    """api(**flags): the endpoint over six reports."""
    folder = tmp_path / "reports"
    folder.mkdir()
    for name, sql in REPORTS.items():
        (folder / f"{name}.sql").write_text(sql)
    pg.psql(database, stdin="CREATE SCHEMA shop; CREATE TABLE shop.orders (n int PRIMARY KEY, status text, price numeric(6,2));"
                            "INSERT INTO shop.orders SELECT i, CASE WHEN i % 2 = 0 THEN 'open' ELSE 'done' END, i * 1.5 FROM generate_series(1, 10) i")

    def start(**flags):
        one = service("report", {"serve": "127.0.0.1:0", "reports": folder, "postgres-url": f"dbname={database}",
                                 **{flag.replace("_", "-"): value for flag, value in flags.items()}}, env=pg.env)
        one.wait_ready()
        return Api(one, int(one.wait_log(r"msg=serving .*port=(\d+)")[1]))

    return start


def test_questions_and_refusals(api, pg, database):
    one = api(serve_rows=1000, serve_timeout="700ms")
    assert one.rows("/shop/orders") == [{"n": n, "status": "open", "price": n * 1.5} for n in (2, 4, 6)]
    assert [row["n"] for row in one.rows("/reports/orders?status=done&limit=5")] == [1, 3, 5, 7, 9]
    listed = {report["name"]: report for report in one.rows("/reports")}
    assert set(listed) == set(REPORTS) and listed["orders"]["path"] == "/shop/orders"
    assert listed["orders"]["parameters"][1] == {"name": "limit", "type": "integer", "default": "3", "min": 1, "max": 100}
    # bound, never pasted
    word = "x'; DROP TABLE shop.orders; -- ä\"&"
    assert one.rows("/reports/named?word=" + quote(word)) == [{"word": word, "n": 10}]
    assert one.rows("/reports/moment") == [{"n": 10, "level": "repeatable read", "fixed": "on"}]
    # what is right is in the refusal
    for target, words in (("/shop/orders?limit=0", "limit must be a whole number from 1 to 100"), ("/shop/orders?limit=2;", "whole number"),
                          ("/shop/orders?limit=", "whole number"), ("/shop/orders?status=shut", "status must be one of open|done"),
                          ("/shop/orders?page=2", "but status, limit, format"), ("/shop/orders?limit=2&limit=3", "limit stands there twice"),
                          ("/shop/orders?limit", "no value"), ("/reports/named", "word is missing"), ("/reports/named?word=a%00b", "no value that is text"),
                          ("/reports/named?word=%ff", "UTF-8"), (f"/reports/named?word={'x' * 257}", "longer than 256"),
                          ("/shop/orders?format=pdf", "json, csv, xml or table"), ("/shop/orders?" + "a=1&" * 20, "more than 16")):
        status, error = one.refused(target)
        assert status == 400 and words in error, (target, status, error)
    assert one.refused("/shop/nothing")[0] == one.refused("/reports/all")[0] == one.refused("/reports/../orders")[0] == 404
    assert one.ask("/shop/orders", "POST")[0] == one.ask("/shop/orders", "DELETE")[0] == 405 and one.headers["Allow"] == "GET, HEAD"
    status, kind, body = one.ask("/shop/orders", "HEAD")
    assert (status, kind, body) == (200, "application/json", "")
    # bounded; the log says more than the client is told
    assert one.refused("/reports/many") == (500, "the answer has more than 1000 rows (--serve-rows)")
    assert one.refused("/reports/slow") == (504, "the report took longer than --serve-timeout")
    assert one.refused("/reports/gone") == (500, "the report failed; the log says why") and re.search("column.*gone.*does not exist", one.service.log())
    assert one.rows("/shop/orders?limit=1") == [{"n": 2, "status": "open", "price": 3.0}]
    assert one.service.metric("sluice_report_requests_total", outcome="refused") == 16
    assert one.service.metric("sluice_report_requests_total", outcome="failed") == 3
    assert one.service.terminate() == 0


def test_a_login(api, tmp_path):
    """The list and every page are behind it, the probes are not; no word of it in the log."""
    secret = tmp_path / "password"
    secret.write_text("geheim: ä\n")
    one = api(serve_username="ann", serve_password_file=secret)
    def login(text, scheme="Basic"):
        return {"Authorization": f"{scheme} {base64.b64encode(text.encode()).decode()}"}
    for headers in ({}, login("ann:geheim: a"), login("ann:geheim: ä "), login("bob:geheim: ä"), login("ann:geheim: ä", "Bearer"), {"Authorization": "Basic"}):
        for target in ("/shop/orders", "/reports", "/nothing"):
            assert one.refused(target, **headers) == (401, "user and password are asked for"), headers
            assert one.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert one.ask("/shop/orders?limit=1", **login("ann:geheim: ä"))[0] == 200
    assert one.ask("/shop/orders?limit=1", **login("ann:geheim: ä", "basic"))[0] == 200
    assert one.service.metric("sluice_report_requests_total", outcome="refused") == 18
    assert "geheim" not in one.service.log()


@pytest.mark.parametrize("flags, word", [
    ({"serve": "0", "serve-username": "ann"}, "belong together"),
    ({"query": "x", "serve-username": "ann", "serve-password-file": "/dev/null"}, "to --serve"),
    ({"serve": "0", "serve-username": "a:b", "serve-password-file": "FILE"}, "no colon"),
])
def test_half_a_login_is_refused(flags, word, tmp_path):
    (tmp_path / "password").write_text("x")
    done = run("report", {name: tmp_path / "password" if value == "FILE" else value for name, value in flags.items()})
    assert done.returncode == 64 and word in done.stderr, done.stderr


def test_formats_by_name_and_by_header(api):
    one = api(serve="0")
    for target, accept, kind in (("/shop/orders", None, "application/json"), ("/shop/orders?format=csv", "application/xml", "text/csv"),
                                 ("/shop/orders", "text/csv", "text/csv"), ("/shop/orders", "application/xml;q=0.5, text/csv;q=0.4", "application/xml"),
                                 ("/shop/orders", "text/html, */*;q=0.1", "application/json"), ("/shop/orders", "text/*", "text/csv"),
                                 ("/shop/orders", "*/*, application/json;q=0", "text/csv"), ("/shop/orders", "TEXT/XML", "application/xml"),
                                 ("/shop/orders?format=table", None, "text/plain")):
        status, found, body = one.ask(target, **({"Accept": accept} if accept else {}))
        assert (status, found) == (200, kind), (target, accept, found)
        if kind == "text/csv":
            assert list(csv.DictReader(io.StringIO(body)))[0] == {"n": "2", "status": "open", "price": "3.00"}
        if kind == "application/xml":
            assert [row.find("n").text for row in tree.fromstring(body)] == ["2", "4", "6"]
        if kind == "text/plain":
            assert "(3 rows)" in body
    status, error = one.refused("/shop/orders", Accept="image/png")
    assert status == 406 and "text/csv" in error


def test_a_database_that_goes_away(api, pg, database):
    with TcpProxy(pg.host, pg.port) as proxy:
        one = api(postgres_url=f"host=127.0.0.1 port={proxy.port} dbname={database}", postgres_connect_timeout="300ms")
        assert len(one.rows("/shop/orders")) == 3
        proxy.silence()
        proxy.cut()
        assert one.refused("/shop/orders") == (503, "the database does not answer now")
        one.service.wait_unready()
        proxy.heal()
        one.service.wait_ready()
        assert len(one.rows("/shop/orders")) == 3


def test_what_can_not_be_served(pg, database, tmp_path):
    (tmp_path / "a.sql").write_text("-- GET /a\nSELECT 1")
    for text, flags, status, words in (("-- GET /a\nSELECT 2", {}, 65, "both are at /a"), ("-- $1 format text\nSELECT $1", {}, 65, "no name for a parameter"),
                                       ("SELECT 2", {"serve": ":8080"}, 64, "it must be HOST:PORT"), ("SELECT 2", {"query": "a"}, 64, "one of them"),
                                       ("SELECT 2", {"every": "1s"}, 64, "no --every"), ("SELECT 2", {"serve": "host:80x"}, 64, "it must be HOST:PORT"),
                                       ("SELECT 2", {"parameter": "a=1"}, 64, "--parameter")):
        (tmp_path / "b.sql").write_text(text)
        done = run("report", {"serve": "127.0.0.1:0", "reports": tmp_path, "postgres-url": f"dbname={database}", **flags}, env=pg.env)
        assert done.returncode == status and words in done.stderr, (text, done.stderr)
