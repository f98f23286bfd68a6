"""products: the JSON feed as an object to a topic to an XML object, by the config files of schemas/products/flow."""

import hashlib
import json
import re

import pytest

WRAPS = {"countryOfOrigin": "entry", "itemSellingPrices": "price", "itemGrossPrices": "price", "fabricCompositions": "composition"}
LARGE = 6000


def text(value):
    escaped = str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return re.sub("[^\t\n&#;\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", escaped)


def element(name, value, depth):
    pad = "  " * depth
    if not isinstance(value, (dict, list)):
        return f"{pad}<{name}>{text(value)}</{name}>\n"
    if isinstance(value, dict):
        inner = "".join(element(key, one, depth + 1) for key, one in value.items())
    else:
        inner = "".join("".join(element(key, one, depth + 1) for key, one in item.items())
                        if isinstance(item, dict) and name not in WRAPS else element(WRAPS.get(name, "item"), item, depth + 1)
                        for item in value)
    return f"{pad}<{name}>\n{inner}{pad}</{name}>\n"


def as_xml(feed):
    """The rules of the XML object, said once more in Python: what its json module reads and its str prints."""
    rows = "".join(element("product", item, 1) for item in json.loads(feed))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<products>\n{rows}</products>\n'.encode()


@pytest.fixture
def products(flow):
    """convert(FEED) puts the JSON object and runs the stages; returns the XML object."""
    one = flow("products")

    def convert(feed, **flags):
        one.s3.put(one.bucket("input-bucket"), "sample_products.json", feed)
        one.said = one.run(**flags)[1]
        body, about = (ask(one.bucket("output-bucket"), "output.xml") for ask in (one.s3.get, one.s3.head))
        assert about["x-amz-meta-sha256"] == hashlib.sha256(body).hexdigest()
        assert about["content-type"] == "application/xml"
        one.about = about
        return body

    one.convert = convert
    return one


def test_real_feed(products, shared_data):
    feed = (shared_data / "products" / "products.json").read_bytes()
    xml = products.convert(feed)
    assert xml == (shared_data / "expected" / "products_clean_output.xml").read_bytes() == as_xml(feed)


def test_feed_as_it_changes(products, generate):
    """Elements come, go and change places: the object has the file's order and each element's own; the same feed writes nothing."""
    feed = (generate("products") / "products.json").read_text(encoding="utf-8")
    assert products.convert(feed.encode()) == as_xml(feed)
    manifest = lambda: json.loads(products.s3.get(products.bucket("output-bucket"), f"{products.topic('products.bronze.feed')}/manifest.json"))
    assert products.convert(feed.encode()) == as_xml(feed)
    assert manifest()["version"] == 1 and products.said["skipped"] == 1
    items = json.loads(feed)
    items[3]["new"] = {"z": [1, 2.50, {"b": None}], "a": "<&>"}
    items = [*items[40:], *items[2:30]]
    assert products.convert(json.dumps(items).encode()) == as_xml(json.dumps(items))
    assert products.said["deleted"] == 67 - len(items) and manifest()["version"] == 2


def test_a_large_feed_goes_in_parts(products, generate):
    """More than two parts, several on their way at once; the store's SHA-256 of each, and one of the whole."""
    items = json.loads((generate("products") / "products.json").read_text(encoding="utf-8"))
    items = [{**items[number % len(items)], "ean": f"{number:013}"} for number in range(LARGE)]
    feed = json.dumps(items).encode()
    xml = products.convert(feed, s2={"part-size": "5MiB", "parallel-parts": 2})
    assert xml == as_xml(feed) and products.about["etag"].endswith("-3\"")


def test_a_feed_that_is_cut_fails(products):
    """The run ends with an error, and the object that stands stays."""
    stands = products.convert(b'[{"ean": "7"}]')
    with pytest.raises(AssertionError, match="cut off"):
        products.convert(b'[{"ean": "1"}, {"ean"')
    assert products.s3.get(products.bucket("output-bucket"), "output.xml") == stands


def test_a_feed_that_is_no_array_fails(products):
    """As with the original, and a service's error document neither becomes a product nor takes the others' place."""
    stands = products.convert(b'[{"ean": "7"}]')
    with pytest.raises(AssertionError, match="an array of rows was expected"):
        products.convert(b'{"message": "too many requests"}')
    assert products.s3.get(products.bucket("output-bucket"), "output.xml") == stands
