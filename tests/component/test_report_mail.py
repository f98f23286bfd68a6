"""sluice-report --mail-to, at a mail server with TLS and a login; Python's email package reads what came."""

import pytest

from harness.mail import PASSWORD, MailServer
from harness.services import account, run

EX_USAGE, EX_NOUSER, EX_TEMPFAIL, EX_NOPERM = 64, 67, 75, 77
SUBJECT = "Größe und Ümläute: " + "ä" * 60


@pytest.fixture
def mail(pg, database, tmp_path):
    """mail(TLS, **flags) is (server, finished process): one run of reports over a mail server of its own."""
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "a_dots.sql").write_text("SELECT i, '.' || chr(10) || '.' AS text FROM generate_series(1, 3) i ORDER BY 1")
    (folder / "b_gone.sql").write_text("SELECT gone FROM nowhere")
    (folder / "c_large.sql").write_text("SELECT i, repeat('é', 100) AS text FROM generate_series(1, 20000) i ORDER BY 1")
    servers = []

    def send(tls, name="a_dots", env=None, refused=(), busy=0, **flags):
        servers.append(MailServer(tmp_path, tls, refused, busy))
        server, word = servers[-1], {flag.replace("_", "-"): value for flag, value in flags.items()}
        done = run("report", {"reports": folder, "postgres-url": f"dbname={database}", "mail-to": ["ann@example.org", "bo@example.org"],
                              "mail-from": "sluice@example.org", "smtp-url": server.url(), "smtp-username": "reporter",
                              "smtp-ca-file": server.ca_file, **word}, arguments=[name],
                   env={**pg.env, "SLUICE_REPORT_SMTP_PASSWORD": PASSWORD, **(env or {})})
        assert PASSWORD not in done.stderr
        return server, done

    yield send
    for server in servers:
        server.close()


def attachments(message):
    return {part.get_filename(): part.get_content() for part in message.iter_attachments()}


def test_reports_come_as_attachments(mail, pg, database, tmp_path):
    """All in one mail by STARTTLS; what failed is named in it, the file that was written as well is called the same."""
    server, done = mail("starttls", "all", mail_subject=SUBJECT, export=True, export_dir=tmp_path, summary_file=tmp_path / "summary.json")
    assert done.returncode == 78 and "b_gone" in done.stderr, done.stderr
    (sender, recipients, message), = server.mails
    assert sender == "sluice@example.org" and recipients == ["ann@example.org", "bo@example.org"] and message["subject"] == SUBJECT
    assert message["to"] == "ann@example.org, bo@example.org" and message["from"] == sender and message["date"].datetime.tzinfo
    files = attachments(message)
    assert {name.split("_result_")[0] for name in files} == {"a_dots", "c_large"}
    assert all((tmp_path / name).read_text() == text for name, text in files.items())
    dots, large = (text for _name, text in sorted(files.items()))
    assert dots.replace("\r\n", "\n") == 'i,text\n1,".\n."\n2,".\n."\n3,".\n."\n' and large.count("é") == 2000000
    text = message.get_body(("plain",)).get_content()
    assert "b_gone failed: " in text and "20000 rows" in text and "3 rows" in text
    assert account((tmp_path / "summary.json").read_text())["attachments"] == 2


def test_tls_from_the_first_byte_with_a_password_file(mail, tmp_path):
    (tmp_path / "password").write_text(PASSWORD + "\n")
    server, done = mail("tls", busy=1, format="json", env={"SLUICE_REPORT_SMTP_PASSWORD": ""}, smtp_password_file=tmp_path / "password")
    assert done.returncode == 0 and "451" in done.stderr, done.stderr
    assert len(server.mails) == 1 and set(attachments(server.mails[0][2])) == {"a_dots.json"} and done.stdout == ""
    assert server.mails[0][2]["subject"] == "Reports: a_dots"


@pytest.mark.parametrize("how, status, words", [
    ({"refused": ["bo@example.org"]}, EX_NOUSER, ["refuses the mail (550)"]),
    ({"env": {"SLUICE_REPORT_SMTP_PASSWORD": "wrong"}}, EX_NOPERM, ["refuses --smtp-username", "535"]),
    ({"smtp_ca_file": None}, EX_NOPERM, ["certificate is not trusted"]),
    ({"tls": None}, EX_NOPERM, ["offers no TLS"]),
    ({"smtp_url": "smtp://127.0.0.1:1"}, EX_TEMPFAIL, ["not sent", "does not take the mail"]),
    ({"mail_to": "a@b>\r\nBcc: <c@d"}, EX_USAGE, ["is no address"]),
    ({"mail_subject": "a\nBcc: c@d"}, EX_USAGE, ["one line"]),
], ids=["recipient", "password", "certificate", "no-tls", "no-server", "address", "subject"])
def test_what_is_refused_is_sent_to_nobody(mail, how, status, words):
    server, done = mail(**{"tls": "starttls", **how})
    assert done.returncode == status and all(word in done.stderr for word in words), (done.returncode, done.stderr)
    assert server.mails == []
