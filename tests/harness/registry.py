"""The schema registry, as any client of Confluent's API sees it."""

import io
import json
import urllib.error
import urllib.request

import avro.io
import avro.schema


class RegistryError(Exception):
    def __init__(self, status, body):
        super().__init__(f"the registry answered {status}: {body[:300]!r}")
        self.status = status


class Registry:
    def __init__(self, url):
        self.url = url

    def register(self, subject, schema):
        """The id of the schema, registered as the subject's next version unless it is one of them."""
        return self.ask("POST", f"/subjects/{subject}/versions", {"schema": json.dumps(schema, separators=(",", ":"))})["id"]

    def schema(self, number):
        """The schema of that id, parsed."""
        return json.loads(self.ask("GET", f"/schemas/ids/{number}")["schema"])

    def latest(self, subject):
        """(id, schema) of the subject's newest version."""
        found = self.ask("GET", f"/subjects/{subject}/versions/latest")
        return found["id"], json.loads(found["schema"])

    def subjects(self):
        return self.ask("GET", "/subjects")

    def forget(self, word):
        """Removes the subjects that hold this word."""
        for subject in self.subjects():
            if word in subject:
                self.ask("DELETE", f"/subjects/{subject}")

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/vnd.schemaregistry.v1+json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise RegistryError(error.code, error.read()) from error


class Decoder:
    """Framed records by the registry's schemas, through Apache's own library: nothing of ours reads them."""

    def __init__(self, registry):
        self.registry, self.readers = registry, {}

    def schema_id(self, record):
        assert record[:1] == b"\0" and len(record) >= 5, f"not framed: {record[:20]!r}"
        return int.from_bytes(record[1:5], "big")

    def read(self, record):
        number = self.schema_id(record)
        if number not in self.readers:
            self.readers[number] = avro.io.DatumReader(avro.schema.parse(json.dumps(self.registry.schema(number))))
        body = io.BytesIO(record[5:])
        value = self.readers[number].read(avro.io.BinaryDecoder(body))
        assert body.read() == b"", f"bytes are left behind {value}"
        return value
