"""The S3 client, driven through tests/component/s3_driver.c: against the real store, and against one that misbehaves."""

import hashlib
import http.server
import re
import subprocess
import threading
import urllib.parse

import pytest

from harness.services import BUILD, environment

EX_NOINPUT, EX_NOPERM, EX_CONFIG, EX_UNAVAILABLE = 66, 77, 78, 69
RETRY, STOP = 1, 4
SECRET = "the/secret+that=nobody-may-see"
KEYS = [
    "plain", "a/b/c.json", "with space", "plus+plus", "equals=sign", "percent%25", "amp&ersand", "question?mark", "hash#tag",
    "quote'and\"", "ünïcödé/日本語", "colon:semi;comma,", "tilde~dash-under_dot.", "brackets[]{}()", "at@dollar$star*",
    "acme.gold.top+customers+00000000000000000012-00000000000000000099.json",
]


class Driver:
    """One client handle; ask() sends one command and returns the words of its answer."""

    def __init__(self, flags, env):
        self.process = subprocess.Popen(
            [str(BUILD / "tests" / "s3-driver"), *(f"--{name}={value}" for name, value in flags.items())],
            env=environment(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )

    def ask(self, verb, *words):
        line = " ".join([verb, *(urllib.parse.quote(word, safe="") for word in words)])
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self):
        return self.process.stdout.readline().rstrip("\n")

    def error(self, verb, *words):
        """(kind, exit status, text) of an answer that must be an error."""
        answer = self.ask(verb, *words) if verb else self.answer()
        match = re.search(r"error (\d) (\d+) (.*)", answer)
        assert match, f"no error but {answer!r}"
        return int(match[1]), int(match[2]), match[3]


@pytest.fixture
def driver(request):
    made = []

    def make(flags, env):
        made.append(Driver(flags, env))
        return made[-1]

    yield make
    for one in made:
        one.process.stdin.close()
        assert one.process.wait(10) in (0, EX_CONFIG, EX_NOINPUT)


@pytest.fixture
def real(driver, s3, bucket, stack):
    return driver({"s3-endpoint": s3.endpoint, "s3-bucket": bucket}, stack.env("s3"))


@pytest.mark.parametrize("key", KEYS)
def test_every_key_goes_there_and_back(real, s3, bucket, key):
    body = f"body of {key}\n"
    assert real.ask("put", key, body) == "ok written"
    assert real.ask("get", key) == f"ok found {urllib.parse.quote(body, safe='')}"
    assert s3.get(bucket, key) == body.encode()
    assert real.ask("head", key) == f"ok found {len(body.encode())} {hashlib.sha256(body.encode()).hexdigest()}"
    assert real.ask("list", key) == f"ok {urllib.parse.quote(key, safe='/~')}:{len(body.encode())}"
    assert real.ask("delete", key) == "ok"
    assert real.ask("get", key) == "ok missing "
    assert real.ask("head", key) == "ok missing -1 "


def test_put_only_if_absent(real, s3, bucket):
    assert real.ask("put-absent", "once", "first") == "ok written"
    assert real.ask("put-absent", "once", "second") == "ok existed"
    assert s3.get(bucket, "once") == b"first"
    assert real.ask("put", "once", "third") == "ok written"
    assert s3.get(bucket, "once") == b"third"


def test_empty_and_large_bodies(real, s3, bucket):
    assert real.ask("put", "empty", "") == "ok written"
    assert s3.get(bucket, "empty") == b""
    large = "x" * 3_000_000
    assert real.ask("put", "large", large) == "ok written"
    assert s3.get(bucket, "large") == large.encode()


def test_a_listing_goes_over_its_pages(real, s3, bucket):
    keys = sorted(f"many/{number:05d}" for number in range(1005))
    for key in keys:
        assert real.ask("put", key, "x") == "ok written"
    assert real.ask("put", "other", "x") == "ok written"
    assert real.ask("list", "many/").split()[1:] == [f"{key}:1" for key in keys]


def test_keys_no_store_keeps_apart_are_refused(real):
    for key in ("/a", "a//b", "a/../b", "./a", "a/", "a\\b", "x" * 256, ""):
        kind, _, text = real.error("put", key, "x")
        assert kind == STOP and "is not a key" in text


def test_a_wrong_secret_is_refused_by_name(driver, s3, bucket, stack):
    env = {**stack.env("s3"), "AWS_SECRET_ACCESS_KEY": SECRET}
    wrong = driver({"s3-endpoint": s3.endpoint, "s3-bucket": bucket}, env)
    for verb in ("check", "put"):
        kind, status, text = wrong.error(verb, "key", "body")
        assert (kind, status) == (STOP, EX_NOPERM)
        assert "SignatureDoesNotMatch" in text and bucket in text and SECRET not in text


def test_an_unknown_access_key_is_refused(driver, s3, bucket, stack):
    env = {**stack.env("s3"), "AWS_ACCESS_KEY_ID": "nobody"}
    kind, status, text = driver({"s3-endpoint": s3.endpoint, "s3-bucket": bucket}, env).error("check")
    assert (kind, status) == (STOP, EX_NOPERM)
    assert "nobody" in text and "InvalidAccessKeyId" in text


def test_a_missing_bucket_is_named(driver, s3, stack):
    missing = driver({"s3-endpoint": s3.endpoint, "s3-bucket": "no-such-bucket"}, stack.env("s3"))
    for verb in ("check", "put", "get", "list"):
        kind, status, text = missing.error(verb, "key", "body")
        assert (kind, status) == (STOP, EX_CONFIG), text
        assert "--s3-bucket no-such-bucket: there is no such bucket" in text


def test_a_missing_bucket_is_made_when_that_is_asked_for(driver, s3, stack, unique):
    name = unique.replace("_", "-")
    one = driver({"s3-endpoint": s3.endpoint, "s3-bucket": name, "s3-create-bucket": "true"}, stack.env("s3"))
    assert [one.ask("check"), one.ask("check"), one.ask("put", "key", "body")] == ["ok", "ok", "ok written"]
    assert s3.get(name, "key") == b"body"
    s3.remove_bucket(name)


def test_missing_credentials_say_where_they_may_stand(driver, s3, tmp_path):
    nowhere = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    kind, status, text = driver({"s3-endpoint": s3.endpoint, "s3-bucket": "b"}, nowhere).error(None)
    assert (kind, status) == (STOP, EX_CONFIG) and "AWS_ACCESS_KEY_ID" in text and "AWS_PROFILE" in text
    kind, status, text = driver({"s3-endpoint": s3.endpoint, "s3-bucket": "b"}, {"AWS_ACCESS_KEY_ID": "a"}).error(None)
    assert (kind, status) == (STOP, EX_CONFIG) and "--s3-secret-key-file" in text


def test_keys_of_a_shared_credentials_file(driver, s3, bucket, tmp_path):
    """A profile by AWS_PROFILE or the default one, where the file or the home says; variables and options come first."""
    file = tmp_path / ".aws" / "credentials"
    file.parent.mkdir()
    file.write_text("# not ours\n[default]\naws_access_key_id = wrong\naws_secret_access_key = wrong\n\n"
                    f"[ data ]\r\n; two keys\naws_access_key_id={s3.access_key}\naws_secret_access_key =  {s3.secret_key} \nregion = x\n"
                    "[roles]\nrole_arn = arn:aws:iam::1:role/x\n[token]\naws_access_key_id = a\naws_secret_access_key = b\naws_session_token = c")
    flags = {"s3-endpoint": s3.endpoint, "s3-bucket": bucket}
    for env in ({"HOME": str(tmp_path), "AWS_PROFILE": "data"}, {"HOME": "/", "AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_PROFILE": "data"},
                {"HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key, "AWS_PROFILE": "roles"}):
        assert driver(flags, env).ask("check").startswith("ok"), env
    for env, status, words in (({}, EX_NOPERM, "access key wrong"), ({"AWS_PROFILE": "roles"}, EX_CONFIG, f"[roles] in {file} has no aws_access_key_id"),
                               ({"AWS_PROFILE": "other"}, EX_CONFIG, f"AWS_PROFILE other: there is no [other] in {file}"),
                               ({"AWS_PROFILE": "data", "AWS_SHARED_CREDENTIALS_FILE": "/none"}, EX_NOINPUT, "cannot read /none"),
                               ({"AWS_PROFILE": "data", "AWS_ACCESS_KEY_ID": "a"}, EX_CONFIG, "no S3 secret key")):
        one = driver(flags, {"HOME": str(tmp_path), **env})
        kind, found, text = one.error(None) if status != EX_NOPERM else one.error("check")
        assert (kind, found) == (STOP, status) and words in text and s3.secret_key not in text, (env, text)


def test_an_endpoint_that_is_none_is_refused(driver):
    env = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": SECRET}
    for endpoint in ("localhost:9000", "ftp://x", "http://", "http://host/path", "http://user@host"):
        kind, status, text = driver({"s3-endpoint": endpoint, "s3-bucket": "b"}, env).error(None)
        assert (kind, status) == (STOP, EX_CONFIG) and endpoint in text


def test_nobody_answers(driver):
    env = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": SECRET}
    kind, status, text = driver({"s3-endpoint": "http://127.0.0.1:1", "s3-bucket": "b", "s3-timeout": "5s"}, env).error("check")
    assert (kind, status) == (RETRY, EX_UNAVAILABLE) and "127.0.0.1:1" in text and SECRET not in text


# --- a store that misbehaves as it is told ---


class Fake(http.server.ThreadingHTTPServer):
    """Answers each request with the next of `script`, a function of the handler; counts connections and requests."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), FakeHandler)
        self.script, self.requests, self.connections = [], [], 0

    def get_request(self):
        self.connections += 1
        return super().get_request()


class FakeHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("cOnTeNt-LeNgTh", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def any(self):
        self.body = body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.command, self.path, dict(self.headers.items()), body))
        self.server.script.pop(0)(self)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = any

    def log_message(self, *_):
        pass


def plain(status, body=b"", **headers):
    return lambda handler: handler.answer(status, body, headers)


def refusal(status, code, **headers):
    return plain(status, f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>because</Message></Error>".encode(), **headers)


def hang_up(handler):
    handler.close_connection = True


@pytest.fixture
def fake():
    server = Fake()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def asked(driver, fake):
    env = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": "the-token"}
    return driver({"s3-endpoint": f"http://127.0.0.1:{fake.server_port}/", "s3-bucket": "b"}, env)


def test_what_a_request_carries(asked, fake):
    fake.script = [plain(200)]
    assert asked.ask("put-absent", "a b+ü", "body") == "ok written"
    method, path, headers, body = fake.requests[0]
    assert (method, path, body) == ("PUT", "/b/a%20b%2B%C3%BC", b"body")
    assert headers["if-none-match"] == "*" and headers["content-type"] == "text/plain"
    assert headers["x-amz-content-sha256"] == headers["x-amz-meta-sha256"] == hashlib.sha256(b"body").hexdigest()
    assert headers["x-amz-security-token"] == "the-token" and "Expect" not in headers
    signed = re.search(r"SignedHeaders=([^,]+)", headers["Authorization"])[1].split(";")
    sent = {name.lower() for name in headers} - {"authorization", "accept", "content-length"}
    assert signed == sorted(sent)
    assert SECRET not in str(headers)


def test_a_bucket_is_made_in_its_region_and_once(driver, fake):
    env = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": SECRET}
    flags = {"s3-endpoint": f"http://127.0.0.1:{fake.server_port}", "s3-bucket": "b", "s3-create-bucket": "true"}
    for region, told in (("us-east-1", b""), ("eu-central-1", b"<LocationConstraint>eu-central-1</LocationConstraint>")):
        fake.requests.clear()
        fake.script = [plain(404), refusal(409, "BucketAlreadyOwnedByYou")]
        assert driver({**flags, "s3-region": region}, env).ask("check") == "ok"
        assert [(method, path) for method, path, _, _ in fake.requests] == [("HEAD", "/b"), ("PUT", "/b")]
        assert told in fake.requests[1][3] and bool(told) == bool(fake.requests[1][3])
    fake.script = [plain(404), refusal(409, "BucketAlreadyExists")]
    kind, _status, text = driver(flags, env).error("check")
    assert kind == STOP and "--s3-create-bucket" in text and "BucketAlreadyExists" in text
    fake.script = [plain(404), refusal(403, "AccessDenied")]
    assert driver(flags, env).error("check")[:2] == (STOP, EX_NOPERM)


def test_a_profile_may_have_a_token(driver, fake, tmp_path):
    (tmp_path / "keys").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\naws_session_token = of a day")
    fake.script = [plain(200)]
    one = driver({"s3-endpoint": f"http://127.0.0.1:{fake.server_port}", "s3-bucket": "b"}, {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "keys")})
    assert one.ask("put", "k", "body").startswith("ok")
    _method, _path, headers, _body = fake.requests[0]
    assert headers["x-amz-security-token"] == "of a day" and "Credential=a/" in headers["Authorization"]


def test_one_connection_serves_many_requests(asked, fake):
    fake.script = [plain(200) for _ in range(20)]
    for number in range(20):
        assert asked.ask("put", f"k{number}", "x") == "ok written"
    assert fake.connections == 1


def test_what_may_pass_is_tried_again(asked, fake):
    troubles = [refusal(503, "SlowDown"), refusal(500, "InternalError"), hang_up, refusal(429, "TooManyRequests"),
                refusal(409, "ConditionalRequestConflict"), refusal(400, "RequestTimeout"), plain(502, b"<html>proxy")]
    for trouble in troubles:
        fake.script = [trouble, plain(200)]
        assert asked.ask("put", "key", "body") == "ok written"
    assert len(fake.requests) == 2 * len(troubles)
    assert {body for *_, body in fake.requests} == {b"body"}


def test_what_does_not_pass_is_given_back_for_a_retry(asked, fake):
    fake.script = [refusal(503, "SlowDown") for _ in range(20)]
    kind, status, text = asked.error("put", "key", "body")
    assert (kind, status) == (RETRY, EX_UNAVAILABLE) and "503 SlowDown: because" in text
    assert 2 <= len(fake.requests) <= 10


def test_what_is_hopeless_is_not_tried_again(asked, fake):
    for refused, status in ((refusal(403, "AccessDenied"), EX_NOPERM), (refusal(400, "ExpiredToken"), EX_NOPERM),
                            (refusal(400, "AuthorizationHeaderMalformed"), EX_CONFIG), (refusal(501, "NotImplemented"), 70)):
        fake.requests.clear()
        fake.script = [refused]
        kind, got, text = asked.error("put", "key", "body")
        assert (kind, got) == (STOP, status) and "because" in text and SECRET not in text and "the-token" not in text
        assert len(fake.requests) == 1


def test_a_lost_answer_shows_as_existing(asked, fake):
    fake.script = [hang_up, refusal(412, "PreconditionFailed")]
    assert asked.ask("put-absent", "key", "body") == "ok existed"


def test_another_clock_is_learnt(asked, fake):
    fake.script = [refusal(403, "RequestTimeTooSkewed", Date="Fri, 24 May 2013 00:00:10 GMT"), plain(200), plain(200)]
    # the fake's own Date header comes first; the later one counts
    assert asked.ask("put", "key", "body") == "ok written"
    assert asked.ask("put", "key", "body") == "ok written"
    dates = [headers["x-amz-date"][:13] for _, _, headers, _ in fake.requests]
    assert dates[1:] == ["20130524T0000"] * 2 and dates[0] != dates[1]


def test_another_region_is_named(asked, fake):
    fake.script = [refusal(301, "PermanentRedirect", **{"X-AMZ-Bucket-Region": "eu-west-3"})]
    kind, status, text = asked.error("put", "key", "body")
    assert (kind, status) == (STOP, EX_CONFIG) and "eu-west-3" in text


def test_headers_are_read_in_any_case(asked, fake):
    fake.script = [plain(200, b"12345", **{"X-AMZ-META-SHA256": "  abc "})]
    assert asked.ask("head", "key") == "ok found 5 abc"


def test_a_bad_listing_is_no_empty_listing(asked, fake):
    page = b"<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a&amp;b</Key><Size>7</Size></Contents>%s</ListBucketResult>"
    for body in (b"", b"<html></html>", b"<ListBucketResult><Contents>", page % b""):
        fake.script = [plain(200, body)]
        assert asked.error("list", "x")[0] == RETRY
    fake.script = [plain(200, page % b"<NextContinuationToken>t+/=</NextContinuationToken>"),
                   plain(200, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")]
    assert asked.ask("list", "x") == "ok a%26b:7"
    assert fake.requests[-1][1] == "/b?list-type=2&prefix=x&continuation-token=t%2B%2F%3D"


def test_a_time_out_is_kept(driver, fake):
    env = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": SECRET}
    asked = driver({"s3-endpoint": f"http://127.0.0.1:{fake.server_port}", "s3-bucket": "b", "s3-timeout": "200ms"}, env)
    release = threading.Event()
    fake.script = [lambda handler: release.wait(30)]
    kind, _, text = asked.error("put", "key", "body")
    release.set()
    assert kind == RETRY and "does not answer" in text


# --- large objects, in parts ---

PART = 5 << 20


def pattern(n):
    return (b"0123456789" * (n // 10 + 1))[:n]


@pytest.mark.parametrize("size", (PART, PART + 1, 4 * PART, 6 * PART + 12345))
def test_a_large_object_goes_there_in_parts(real, s3, bucket, size):
    assert real.ask("large", "a/large one", str(size)) == "ok written"
    assert s3.get(bucket, "a/large one") == pattern(size)
    assert real.ask("head", "a/large one") == f"ok found {size} {hashlib.sha256(pattern(size)).hexdigest()}"


class Parts:
    """A fake store of uploads in parts: keeps them by number; `trouble(handler, what)` may answer in its place."""

    def __init__(self, fake, trouble=lambda handler, what: False):
        self.fake, self.trouble, self.stored, self.made, self.at_once, self.most = fake, trouble, {}, None, 0, 0
        self.lock = threading.Lock()
        fake.script = [self.answer] * 200

    def answer(self, handler):
        command, path, body = handler.command, handler.path, handler.body
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query, keep_blank_values=True)
        what = "begin" if "uploads" in query else "part" if "partNumber" in query else "give up" if command == "DELETE" else "head" if command == "HEAD" else "finish"
        with self.lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        try:
            if self.trouble(handler, what):
                return
            if what == "begin":
                handler.answer(200, b"<InitiateMultipartUploadResult><UploadId>id+/=1</UploadId></InitiateMultipartUploadResult>")
            elif what == "part":
                assert query["uploadId"] == ["id+/=1"]
                self.stored[int(query["partNumber"][0])] = body
                handler.answer(200, b"", {"eTaG": f'"part-{query["partNumber"][0]}"'})
            elif what == "finish":
                self.made = b"".join(self.stored[n] for n in sorted(self.stored))
                self.order = re.findall(rb"<PartNumber>(\d+)</PartNumber><ETag>(.*?)</ETag>", body)
                handler.answer(200, b"<CompleteMultipartUploadResult/>")
            elif what == "head":
                handler.send_response(200)
                handler.send_header("Content-Length", str(len(self.made)))
                handler.send_header("x-amz-meta-sha256", hashlib.sha256(self.made).hexdigest())
                handler.end_headers()
            else:
                handler.answer(204)
        finally:
            with self.lock:
                self.at_once -= 1

    def asked_for(self, command, part):
        return [path for method, path, *_ in self.fake.requests if method == command and part in path]


def test_parts_are_parallel_and_each_is_tried_again(asked, fake):
    failed, barrier = set(), threading.Barrier(3, timeout=10)

    def trouble(handler, what):
        number = re.search(r"partNumber=(\d+)", handler.path)
        if what != "part" or number[1] in failed:
            return False
        if number[1] in "123":
            barrier.wait()  # three are on their way at the same time, or the test fails
        failed.add(number[1])
        refusal(503, "SlowDown")(handler) if number[1] != "2" else hang_up(handler)
        return True

    parts = Parts(fake, trouble)
    assert asked.ask("large", "key", str(6 * PART + 1)) == "ok written"
    assert parts.made == pattern(6 * PART + 1) and failed == set("1234567") and parts.most == 3
    assert [int(n) for n, _ in parts.order] == list(range(1, 8)) and parts.order[0][1] == b"&#34;part-1&#34;"
    assert not parts.asked_for("DELETE", "key")


def test_an_upload_that_fails_is_given_up(asked, fake):
    for answer, kind in ((refusal(403, "AccessDenied"), STOP), (refusal(503, "SlowDown"), RETRY)):
        parts = Parts(fake, lambda handler, what: what == "part" and "partNumber=4" in handler.path and (answer(handler) or True))
        assert asked.error("large", "key", str(6 * PART))[0] == kind
        assert parts.made is None and parts.asked_for("DELETE", "uploadId=id%2B%2F%3D1")
        fake.requests.clear()


def test_an_answer_may_begin_well_and_hold_an_error(asked, fake):
    parts = Parts(fake, lambda handler, what: what == "finish" and (refusal(200, "InternalError")(handler) or True))
    kind, _, text = asked.error("large", "key", str(2 * PART))
    assert kind == RETRY and "InternalError" in text and parts.asked_for("DELETE", "key")


def test_the_lost_answer_to_the_last_step_is_looked_up(asked, fake):
    lost = []

    def trouble(handler, what):
        if what == "finish" and not lost:
            lost.append(1)
            parts.made = b"".join(parts.stored[n] for n in sorted(parts.stored))
            hang_up(handler)
            return True
        return what == "finish" and (refusal(404, "NoSuchUpload")(handler) or True)

    parts = Parts(fake, trouble)
    assert asked.ask("large", "key", str(2 * PART)) == "ok written"


def test_what_stands_there_is_looked_at_once_more(asked, fake):
    parts = Parts(fake, lambda handler, what: what == "head" and (setattr(parts, "made", b"x") or False))
    kind, _, text = asked.error("large", "key", str(2 * PART))
    assert kind == RETRY and "as it was sent" in text


def test_a_large_object_that_is_there_already(asked, fake):
    Parts(fake, lambda handler, what: what == "finish" and (refusal(412, "PreconditionFailed")(handler) or True))
    assert asked.ask("large-absent", "key", str(2 * PART)) == "ok existed"
    assert [h["if-none-match"] for m, p, h, _ in fake.requests if m == "POST" and "uploads" not in p] == ["*"]
