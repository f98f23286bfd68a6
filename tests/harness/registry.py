"""The schema registry, as any client of Confluent's API sees it."""

import json
import urllib.error
import urllib.request


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
