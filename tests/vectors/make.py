#!/usr/bin/env python3
"""Writes hash.json: what the hash space and the sequence numbers must be, computed without the crate.

Python's hashlib and its unbounded integers follow the published rules directly: the hash key of a partition key
is the MD5 of its UTF-8 bytes read as a big-endian number; of n even shards, shard i begins at i times the floor of
2^128 / n, and the last one takes the remainder; the owner of a key is the one shard whose range holds it.
Run it again after a change of this file; a test compares its output with the crate.
"""

import hashlib
import json
import pathlib

SHARD_COUNTS = [1, 2, 3, 5, 7, 10, 100, 1000]
SPACE = 1 << 128
EPOCH = 1767225600  # 2026-01-01T00:00:00Z, at which every run begins.


def partition_keys():
    numbers = list(range(160)) + [999, 1_000, 54_321, 99_999, 123_456, 999_998, 999_999, 123_456_789]
    keys = [f"device-{number:09d}" for number in numbers]
    keys += ["", "a", "abc", "1", "user", "message digest", "partition key with spaces", "\u0000", "a\tb\n"]
    keys += ["Grüße", "клавиша", "鍵", "🔑", "e\u0301", "\u00e9", "\u200b", "ключ-🔑-鍵", "İstanbul"]
    keys += ["k" * 256, "鍵" * 256, "🔑" * 256, "0123456789abcdef" * 16, "x" * 55, "x" * 56, "x" * 63, "x" * 64, "x" * 65]
    keys += [f"{number}" for number in range(2, 40)]
    return keys


def ranges(count):
    step = SPACE // count
    starts = [step * index for index in range(count)]
    ends = [start - 1 for start in starts[1:]] + [SPACE - 1]
    return list(zip(starts, ends))


def owner(value, all_ranges):
    found = [index for index, (start, end) in enumerate(all_ranges) if start <= value <= end]
    assert len(found) == 1
    return found[0]


def sequence_number(shard, index, micros):
    # 47 hexadecimal digits: version, second of creation, low digit of the shard, index, 00, second, shard, version.
    second = EPOCH + micros // 1_000_000
    value = 2
    for digits, part in [(9, EPOCH), (1, shard % 16), (16, index), (2, 0), (9, second), (8, shard), (1, 2)]:
        assert 0 <= part < 16**digits
        value = value * 16**digits + part
    text = str(value)
    assert len(text) == 56
    return text


def main():
    by_count = {count: ranges(count) for count in SHARD_COUNTS}
    keys = []
    for key in partition_keys():
        value = int.from_bytes(hashlib.md5(key.encode("utf-8")).digest(), "big")
        keys.append({"key": key, "hash": str(value), "owners": [owner(value, by_count[n]) for n in SHARD_COUNTS]})
    # The edges of every range, and their neighbours, have an owner too.
    edges = []
    for count in SHARD_COUNTS:
        near = sorted(
            {value for start, end in by_count[count] for value in (start - 1, start, start + 1, end) if 0 <= value < SPACE}
        )
        near = near if len(near) <= 40 else near[:20] + near[-20:]
        edges += [{"hash": str(value), "shards": count, "owner": owner(value, by_count[count])} for value in near]
    sequences = [
        {"shard": shard, "index": index, "micros": micros, "number": sequence_number(shard, index, micros)}
        for shard in (0, 1, 9, 15, 16, 17, 255, 999)
        for index in (0, 1, 77, 1 << 20, (1 << 63) - 1)
        for micros in (0, 999_999, 1_000_000, 86_400_000_000, 2_678_400_000_000)
    ]
    vectors = {
        "shard_counts": SHARD_COUNTS,
        "keys": keys,
        "ranges": [
            {"shards": count, "ranges": [[str(start), str(end)] for start, end in by_count[count]]}
            for count in SHARD_COUNTS
        ],
        "edges": edges,
        "sequence_numbers": sequences,
    }
    lines = []
    for name, value in vectors.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n".join("  " + json.dumps(row, ensure_ascii=True) for row in value)
            lines.append(f"{json.dumps(name)}: [\n{rows}\n]")
        else:
            lines.append(f"{json.dumps(name)}: {json.dumps(value)}")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    pathlib.Path(__file__).with_name("hash.json").write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
