"""sluice-report and what goes wrong around it: what the user is told, and that the rest goes through."""

import subprocess

import pytest

from harness.disk import small_disk
from harness.proxy import TcpProxy
from harness.services import BUILD, environment, run

EX_DATAERR, EX_UNAVAILABLE, EX_CANTCREAT, EX_CONFIG = 65, 69, 73, 78

REPORTS = {
    "a_good": "SELECT i AS n FROM generate_series(1, 3) i ORDER BY 1",
    "b_range": "SELECT (i * 1000000000)::int AS n FROM generate_series(1, 3) i ORDER BY 1",
    "c_shape": "SELECT gone FROM gold.t",
    "d_bytes": b"SELECT '\xff' AS n",
    "e_good": "SELECT 'x' AS y",
}


@pytest.fixture
def report(pg, database, tmp_path):
    """report(NAME, **flags) is (exit status, stdout, errors)."""
    folder = tmp_path / "reports"
    folder.mkdir()
    for name, sql in REPORTS.items():
        (folder / f"{name}.sql").write_bytes(sql if isinstance(sql, bytes) else sql.encode())
    pg.psql(database, stdin="CREATE SCHEMA gold; CREATE TABLE gold.t (id int)")

    def ask(name, **flags):
        words = {"reports": folder, "postgres-url": f"dbname={database}", **{flag.replace("_", "-"): value for flag, value in flags.items()}}
        done = run("report", words, arguments=[name], env=pg.env)
        return done.returncode, done.stdout, [line for line in done.stderr.splitlines() if "level=error" in line]

    ask.folder = folder
    return ask


def test_a_report_that_fails_does_not_keep_the_others_away(report, tmp_path):
    for flags in ({}, {"export": True, "export_dir": tmp_path}):
        status, out, errors = report("all", **flags)
        assert status == EX_DATAERR and len(errors) == 4, errors
        for line, words in zip(errors, (("b_range", "out of range", "22003"), ("c_shape", "gone", "42703"), ("d_bytes", "UTF8", "22021"),
                                        ("3 of 5 reports failed",))):
            assert all(word in line for word in words), line
        assert "a_good" in out and "e_good" in out
    assert sorted(file.name.split("_result_")[0] for file in tmp_path.glob("*.csv")) == ["a_good", "e_good"]
    status, out, errors = report("c_shape")
    assert status == EX_CONFIG and len(errors) == 1 and out == ""


def test_a_full_disk_leaves_no_half_of_a_file(report, tmp_path):
    (report.folder / "f_large.sql").write_text("SELECT repeat('x', 1000) FROM generate_series(1, 2000)")
    with small_disk(tmp_path / "disk", "1m") as disk:
        status, out, errors = report("f_large", export=True, export_dir=disk.path)
        assert status == EX_CANTCREAT and "No space left" in errors[0] and str(disk.path) in errors[0] and out == ""
        assert list(disk.path.glob("*.csv")) == []
        status, out, errors = report("all", export=True, export_dir=disk.path)
        assert "4 of 6 reports failed" in errors[-1] and len(out.splitlines()) == 2


def test_output_that_nobody_keeps_is_an_error(report, pg, database):
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(BUILD / "bin" / "sluice-report"), "a_good", f"--reports={report.folder}", f"--postgres-url=dbname={database}"],
                              env=environment(pg.env), stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == EX_CANTCREAT and "standard output" in done.stderr and "No space left" in done.stderr


def test_a_database_that_says_nothing(report, pg, database):
    with TcpProxy(pg.host, pg.port) as proxy:
        proxy.silence()
        status, _out, errors = report("a_good", postgres_url=f"host=127.0.0.1 port={proxy.port} dbname={database}",
                                      postgres_connect_timeout="500ms")
        assert status == EX_UNAVAILABLE and "no answer" in errors[0] and str(proxy.port) in errors[0]
