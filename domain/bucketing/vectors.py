"""Makes buckets.golden.json from the rules' words, with Python's standard library only.

Run: python3 domain/bucketing/vectors.py > domain/bucketing/buckets.golden.json
"""
import hashlib
import json


def variant_bucket(experiment, unit):
    return int.from_bytes(hashlib.sha256(f"{experiment}:{unit}".encode()).digest(), "big") % 100


def slot(use, identifier, unit):
    return int.from_bytes(hashlib.sha256(f"{use}:{identifier}:{unit}".encode()).digest()[:8], "big") % 10_000


units = ["user-1", "user-2", "42", "", "a:b", "grüße", "日本語", "🦊", "x" * 100]
names = ["checkout", "0197f7a2-5c1e-7cc3-98c4-dc0c0c07398f", "prix-été"]
print(
    json.dumps(
        {
            "version": 1,
            "variant_bucket": [[n, u, variant_bucket(n, u)] for n in names for u in units],
            "slot": [[use, n, u, slot(use, n, u)] for use in ("rollout", "layer", "holdout") for n in names for u in units],
        },
        ensure_ascii=False,
        indent=1,
    )
)
