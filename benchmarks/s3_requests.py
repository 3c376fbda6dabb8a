"""How many S3 requests were made, as the counting server tells."""

import json
import os
import urllib.request
from collections import Counter

ENDPOINT = "AWS_ENDPOINT_URL"
COUNTS = "/_benchmark/requests"


def count_requests() -> Counter[str]:
    """Return the S3 requests up to now, by kind; none where everything is in folders."""
    endpoint = os.environ.get(ENDPOINT)
    if endpoint is None:
        return Counter()
    with urllib.request.urlopen(endpoint + COUNTS) as answer:
        return Counter(json.load(answer))
