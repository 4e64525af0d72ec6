"""Makes evaluations.golden.json: a slow evaluator written from the rules' words, over one file and many contexts.

Run: python3 domain/experiments/evaluation/vectors.py > domain/experiments/evaluation/evaluations.golden.json
"""
import hashlib
import json


def slot(use, identifier, unit):
    return int.from_bytes(hashlib.sha256(f"{use}:{identifier}:{unit}".encode()).digest()[:8], "big") % 10_000


def bucket(seed, unit):
    return int.from_bytes(hashlib.sha256(f"{seed}:{unit}".encode()).digest(), "big") % 100


EVERYBODY = ["user_id", "anonymous_id"]
FILE = {
    "version": 1,
    "groups": [{"id": "staff", "type": "list", "attribute": "user_id", "values": ["u3", "u7"]}],
    "holdouts": [{"id": "everybody", "percent": 10}, {"id": "growth-team", "percent": 30, "team": "growth"}],
    "experiments": [
        {"id": "price-test", "running": True, "phase": 2, "percent": 60, "condition": {"country": {"$in": ["DE", "FR"]}},
         "variants": [{"variant": "control", "weight": 34}, {"variant": "low", "weight": 33}, {"variant": "high", "weight": 33}]},
        {"id": "layer-a", "running": True, "phase": 1, "layer": {"id": "home", "slots": [{"from": 0, "to": 4000}]},
         "variants": [{"variant": "control", "weight": 50}, {"variant": "low", "weight": 50}]},
        {"id": "layer-b", "running": True, "phase": 1, "layer": {"id": "home", "slots": [{"from": 4000, "to": 7000}, {"from": 9000, "to": 10000}]},
         "team": "growth", "variants": [{"variant": "control", "weight": 0}, {"variant": "high", "weight": 100}]},
        {"id": "ended", "running": False, "phase": 1,
         "variants": [{"variant": "control", "weight": 50}, {"variant": "low", "weight": 50}]},
        {"id": "sticky-test", "running": True, "phase": 3, "bucket_version": 4, "bucket_version_min": 2, "old_assignments": "exclude",
         "percent": 50, "variants": [{"variant": "control", "weight": 50}, {"variant": "low", "weight": 50}]},
    ],
    "flags": [
        {"key": "off", "type": "boolean", "enabled": False, "off_variant": "no", "default_variant": "yes",
         "variants": [{"name": "yes", "value": True}, {"name": "no", "value": False}], "rules": []},
        {"key": "code-default", "type": "number", "enabled": True, "off_variant": None, "default_variant": None,
         "variants": [{"name": "zero", "value": 0}], "rules": [{"id": "staff", "condition": {"user_id": {"$inGroup": "staff"}}, "serve": {"variant": "zero"}}]},
        {"key": "price", "type": "json", "enabled": True, "off_variant": "control", "default_variant": "control",
         "variants": [{"name": "control", "value": {"cents": 1000}}, {"name": "low", "value": {"cents": 800}}, {"name": "high", "value": {"cents": 1200}}],
         "rules": [{"id": "ended", "serve": {"experiment": "ended"}}, {"id": "test", "serve": {"experiment": "price-test"}},
                   {"id": "half-of-us", "condition": {"country": "US"}, "percent": 50, "serve": {"variant": "high"}}]},
        {"key": "home", "type": "string", "enabled": True, "off_variant": "control", "default_variant": "control", "team": "growth",
         "variants": [{"name": "control", "value": ""}, {"name": "low", "value": "a"}, {"name": "high", "value": "b"}],
         "rules": [{"id": "a", "serve": {"experiment": "layer-a"}}, {"id": "b", "serve": {"experiment": "layer-b"}},
                   {"id": "new", "release": True, "percent": 33.33, "serve": {"variant": "high"}},
                   {"id": "rest", "serve": {"split": [{"variant": "control", "weight": 20}, {"variant": "low", "weight": 80}]}}]},
        {"key": "gated", "type": "boolean", "enabled": True, "off_variant": "no", "default_variant": "yes",
         "variants": [{"name": "yes", "value": True}, {"name": "no", "value": False}],
         "prerequisites": [{"flag": "home", "condition": {"value": {"$in": ["a", "b"]}}}],
         "rules": [{"id": "priced", "prerequisites": [{"flag": "price", "condition": {"value.cents": {"$gt": 900}}}], "serve": {"variant": "no"}}]},
        {"key": "remembered", "type": "string", "enabled": True, "off_variant": "control", "default_variant": "none",
         "variants": [{"name": "control", "value": "c"}, {"name": "low", "value": "l"}, {"name": "none", "value": "-"}],
         "rules": [{"id": "test", "serve": {"experiment": "sticky-test"}}]},
    ],
}
FLAGS = {flag["key"]: flag for flag in FILE["flags"]}
TESTS = {test["id"]: test for test in FILE["experiments"]}


def at(attributes, path):
    for name in path.split("."):
        if not isinstance(attributes, dict) or name not in attributes:
            return None
        attributes = attributes[name]
    return attributes


def meets(condition, attributes):
    for path, wanted in condition.items():
        value = at(attributes, path)
        if not isinstance(wanted, dict):
            if value != wanted:
                return False
        elif "$in" in wanted and value not in wanted["$in"]:
            return False
        elif "$gt" in wanted and not (value is not None and value > wanted["$gt"]):
            return False
        elif "$inGroup" in wanted and value not in FILE["groups"][0]["values"]:
            return False
    return True


def unit_of(attributes):
    for name in EVERYBODY:
        if attributes.get(name):
            return name, str(attributes[name])
    return None


def held(attributes, team):
    for holdout in FILE["holdouts"]:
        if holdout.get("team") in (None, team) and unit_of(attributes):
            if slot("holdout", holdout["id"], unit_of(attributes)[1]) < holdout["percent"] * 100:
                return holdout["id"]
    return None


def pick(weighted, number):
    total = 0
    for each in weighted:
        total += each["weight"]
        if number < total:
            return each["variant"]
    return None


def targeted(rule, context):
    attributes = context["attributes"]
    if not meets(rule.get("condition", {}), attributes):
        return False
    return all(meets(p["condition"], {"value": evaluate(p["flag"], context)["value"]}) for p in rule.get("prerequisites", []))


def assign(test, context):
    """Variant, bucket and where it is from; or who holds the unit out; or nothing."""
    attributes, unit = context["attributes"], unit_of(context["attributes"])
    if not test["running"]:
        return None
    forced = context.get("forced", {}).get("experiments", {}).get(test["id"])
    if forced is not None:
        return "forced", forced, None
    if unit is None:
        return None
    holder = held(attributes, test.get("team"))
    layer = test.get("layer")
    if layer and not any(r["from"] <= slot("layer", layer["id"], unit[1]) < r["to"] for r in layer["slots"]):
        return None
    stored = context.get("stored", {})
    stored = stored.get(test["id"]) if isinstance(stored, dict) else None
    if stored and stored["bucket_version"] >= test.get("bucket_version_min", 0):
        found = ("stored", stored["variant"], None)
    elif stored and test.get("old_assignments") == "exclude":
        return None
    else:
        if not targeted(test, context):
            return None
        if slot("rollout", test["id"], unit[1]) >= round(test.get("percent", 100) * 100):
            return None
        number = bucket(test["id"], unit[1])
        found = ("hash", pick(test["variants"], number), number)
    return ("held", holder, None) if holder else found


def answer(flag, variant, reason, **more):
    values = {each["name"]: each["value"] for each in flag["variants"]}
    result = {"value": values.get(variant), "has_value": variant is not None, "variant": variant, "reason": reason,
              "rule": None, "bucket": None, "from": None, "held_out": None, "prerequisite": None, "forced": False}
    return {**result, **more}


def evaluate(key, context):
    flag, attributes = FLAGS[key], context["attributes"]
    forced = context.get("forced", {}).get("flags", {}).get(key)
    if forced is not None:
        return answer(flag, forced, "STATIC", forced=True)
    if not flag["enabled"]:
        return answer(flag, flag["off_variant"], "DISABLED")
    for gate in flag.get("prerequisites", []):
        if not meets(gate["condition"], {"value": evaluate(gate["flag"], context)["value"]}):
            return answer(flag, flag["off_variant"], "DEFAULT", prerequisite=gate["flag"])
    held_by, unit = None, unit_of(attributes)
    for rule in flag["rules"]:
        if not targeted(rule, context):
            continue
        serve = rule["serve"]
        if "experiment" in serve:
            test = TESTS[serve["experiment"]]
            found = assign(test, context)
            if found is None:
                continue
            if found[0] == "held":
                held_by = held_by or {"holdout": found[1], "experiment": test["id"]}
                continue
            if found[0] == "forced":
                return answer(flag, found[1], "SPLIT", rule=rule["id"], forced=True, held_out=held_by)
            return answer(flag, found[1], "SPLIT", rule=rule["id"], bucket=found[2], held_out=held_by, **{"from": found[0]})
        shared = "split" in serve or rule.get("percent", 100) < 100
        holder = held(attributes, flag.get("team")) if rule.get("release") else None
        if shared or holder:
            if unit is None or slot("rollout", key, unit[1]) >= round(rule.get("percent", 100) * 100):
                continue
        if holder:
            held_by = held_by or {"holdout": holder, "experiment": None}
            continue
        if not shared:
            plain = not rule.get("condition") and not rule.get("prerequisites")
            return answer(flag, serve["variant"], "STATIC" if plain else "TARGETING_MATCH", rule=rule["id"], held_out=held_by)
        number = bucket(f"{key}/{rule['id']}" if "split" in serve else key, unit[1])
        variant = pick(serve["split"], number) if "split" in serve else serve["variant"]
        return answer(flag, variant, "SPLIT", rule=rule["id"], bucket=number, held_out=held_by)
    reason = "SPLIT" if held_by else "STATIC" if not flag["rules"] else "DEFAULT"
    return answer(flag, flag["default_variant"], reason, held_out=held_by)


countries = ["DE", "US", "FR", "grüße", None]
contexts = [{"attributes": {k: v for k, v in {"user_id": f"u{n}", "country": countries[n % 5]}.items() if v is not None}} for n in range(60)]
contexts += [{"attributes": {}}, {"attributes": {"anonymous_id": "device-1", "country": "DE"}}, {"attributes": {"user_id": "", "anonymous_id": "🦊"}},
             {"attributes": {"user_id": 42, "country": "US"}},
             {"attributes": {"user_id": "u1"}, "forced": {"flags": {"price": "low"}, "experiments": {"layer-a": "low"}}},
             {"attributes": {"country": "FR"}, "forced": {"experiments": {"price-test": "high", "sticky-test": "control"}}}]
for n in range(20):
    contexts.append({"attributes": {"user_id": f"s{n}"}, "stored": {"sticky-test": {"variant": ["control", "low"][n % 2], "bucket_version": n % 5}}})
contexts.append({"attributes": {"user_id": "s1"}, "stored": "unavailable"})
cases = [{"context": c, "key": k, "expected": evaluate(k, c)} for c in contexts for k in FLAGS]
print(json.dumps({"version": 1, "file": FILE, "cases": cases}, ensure_ascii=False, separators=(",", ":")).replace('{"context"', '\n{"context"'))
