"""The S3 store through a signer of its own (Signature Version 4, standard library only)."""

import hashlib
import hmac
import http.client
import urllib.parse
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timezone

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class S3Error(Exception):
    def __init__(self, status, body):
        super().__init__(f"S3 answered {status}: {body[:300]!r}")
        self.status = status


class S3:
    def __init__(self, env):
        self.endpoint = env["S3_ENDPOINT"]
        self.host = urllib.parse.urlsplit(self.endpoint).netloc
        self.region = env["AWS_REGION"]
        self.access_key, self.secret_key = env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]

    def make_bucket(self, bucket):
        self.request("PUT", f"/{bucket}")

    def remove_bucket(self, bucket):
        """With all that is in it."""
        self.empty(bucket)
        self.request("DELETE", f"/{bucket}")

    def put(self, bucket, key, body, headers=None):
        self.request("PUT", f"/{bucket}/{key}", body=body, headers=headers)

    def get(self, bucket, key):
        return self.request("GET", f"/{bucket}/{key}")

    def head(self, bucket, key):
        """Its headers, names in lower case."""
        return self.request("HEAD", f"/{bucket}/{key}", whole=True)

    def delete(self, bucket, key):
        self.request("DELETE", f"/{bucket}/{key}")

    def list(self, bucket, prefix=""):
        """{key: size in bytes} of all objects whose key begins so, in the order of the keys."""
        objects, token = {}, None
        while True:
            query = {"list-type": "2", "prefix": prefix}
            if token:
                query["continuation-token"] = token
            page = ElementTree.fromstring(self.request("GET", f"/{bucket}", query))
            for entry in page.iter(f"{NAMESPACE}Contents"):
                objects[entry.findtext(f"{NAMESPACE}Key")] = int(entry.findtext(f"{NAMESPACE}Size"))
            token = page.findtext(f"{NAMESPACE}NextContinuationToken")
            if page.findtext(f"{NAMESPACE}IsTruncated") != "true":
                return objects

    def empty(self, bucket):
        for key in self.list(bucket):
            self.delete(bucket, key)

    def user(self, name, policy):
        """The store as a new user of this name sees it, whose rights are this policy (JSON) alone."""
        self._iam("CreateUser", UserName=name)
        self._iam("PutUserPolicy", UserName=name, PolicyName=name, PolicyDocument=policy)
        keys = self._iam("CreateAccessKey", UserName=name)
        access, secret = (next(entry.text for entry in keys.iter() if entry.tag.endswith(tag)) for tag in ("AccessKeyId", "SecretAccessKey"))
        return S3({"S3_ENDPOINT": self.endpoint, "AWS_REGION": self.region, "AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret})

    def remove_user(self, name):
        self._iam("DeleteUser", UserName=name)

    def _iam(self, action, **parameters):
        body = urllib.parse.urlencode({"Action": action, "Version": "2010-05-08", **parameters}).encode()
        answer = self.request("POST", "/", body=body, headers={"content-type": "application/x-www-form-urlencoded"}, service="iam")
        return ElementTree.fromstring(answer)

    def request(self, method, path, query=None, body=b"", headers=None, whole=False, service="s3"):
        """One signed request; returns the body of a 2xx answer (`whole`: its headers), raises S3Error otherwise."""
        path = urllib.parse.quote(path, safe="/-_.~")
        query = "&".join(f"{quote(k)}={quote(v)}" for k, v in sorted((query or {}).items()))
        signed = self._sign(method, path, query, hashlib.sha256(body).hexdigest(), headers or {}, service)
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request(method, f"{path}?{query}" if query else path, body=body, headers=signed)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status // 100 != 2:
            raise S3Error(answer.status, content)
        return {name.lower(): value for name, value in answer.getheaders()} if whole else content

    def _sign(self, method, path, query, body_hash, headers, service):
        now = datetime.now(timezone.utc)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        headers = {**headers, "host": self.host, "x-amz-date": stamp, "x-amz-content-sha256": body_hash}
        names = ";".join(sorted(name.lower() for name in headers))
        lines = "".join(f"{name.lower()}:{value.strip()}\n" for name, value in sorted(headers.items(), key=lambda h: h[0].lower()))
        request = "\n".join([method, path, query, lines, names, body_hash])
        scope = f"{day}/{self.region}/{service}/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
        key = b"AWS4" + self.secret_key.encode()
        for part in (day, self.region, service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return headers


def quote(text):
    return urllib.parse.quote(text, safe="-_.~")
