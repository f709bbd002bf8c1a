"""Response times as a histogram with three significant digits.

The buckets are those of HdrHistogram (lowest value 1 ns, three digits), so the text that `encoded` writes can be read by its
other implementations. Only what a load test needs is here: to count in well under a microsecond, to merge, to write.
"""

import base64
import struct
import zlib

# Three digits need 2 × 10^3 buckets in the first range, rounded up to a power of two: 2^11. Each further range, twice as wide,
# has half as many.
_BITS = 11
_HALF = 1 << (_BITS - 1)
# A week, in ns: perfgate takes no longer sample.
_LONGEST = 7 * 24 * 3600 * 10**9
_COOKIE = 0x1C849303 | 0x10
_COMPRESSED_COOKIE = 0x1C849304 | 0x10


class Histogram:
    """Counts by bucket, with the exact sum, minimum and maximum. Values are in milliseconds, at least 0."""

    __slots__ = ("counts", "total", "low", "high")

    def __init__(self):
        self.counts = {}
        self.total = 0.0
        self.low = float("inf")
        self.high = 0.0

    def record(self, ms):
        # One bucket per 1/1024 of a power of two of nanoseconds.
        ns = int(ms * 1e6)
        if not 0 <= ns <= _LONGEST:
            ns = 0 if ns < 0 else _LONGEST
            ms = ns / 1e6
        shift = ns.bit_length() - _BITS
        bucket = ns if shift <= 0 else (shift << 10) + (ns >> shift)
        try:
            self.counts[bucket] += 1
        except KeyError:
            self.counts[bucket] = 1
        self.total += ms
        if ms < self.low:
            self.low = ms
        if ms > self.high:
            self.high = ms

    @property
    def count(self):
        return sum(self.counts.values())

    def mean(self):
        return self.total / self.count

    def quantile(self, level):
        """The value, in ms, that this share of the samples does not exceed: the middle of its bucket."""
        rank = max(1, -(-level * self.count // 1))
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= rank:
                return min(max(_middle(bucket), self.low), self.high)
        return None

    def packed(self):
        """A form that Locust's messages can carry from a worker to the master."""
        flat = [number for pair in self.counts.items() for number in pair]
        return [flat, self.total, self.low, self.high]

    def add(self, packed):
        """Adds what another one packed."""
        flat, total, low, high = packed
        for bucket, n in zip(flat[::2], flat[1::2]):
            self.counts[bucket] = self.counts.get(bucket, 0) + n
        self.total += total
        self.low = min(self.low, low)
        self.high = max(self.high, high)

    def encoded(self):
        """HdrHistogram V2, compressed, base64."""
        payload = bytearray()
        before = -1
        for bucket in sorted(self.counts):
            if bucket - before > 1:
                _varint(payload, -(bucket - before - 1))
            _varint(payload, self.counts[bucket])
            before = bucket
        # The range ends with a power of two above the highest value, and is at least two buckets.
        highest = (1 << max(int(self.high * 1e6).bit_length(), _BITS + 1)) - 1
        header = struct.pack(">IIIIQQd", _COOKIE, len(payload), 0, 3, 1, highest, 1.0)
        stream = zlib.compress(header + bytes(payload))
        return base64.b64encode(struct.pack(">II", _COMPRESSED_COOKIE, len(stream)) + stream).decode()


def _middle(bucket):
    """The middle of a bucket, in ms."""
    shift = max((bucket >> 10) - 1, 0)
    low = (bucket - (shift << 10)) << shift
    return (low + (1 << shift >> 1)) / 1e6


def _varint(out, number):
    """ZigZag LEB128, whose ninth byte holds eight bits."""
    value = (number << 1) ^ (number >> 63)
    value &= (1 << 64) - 1
    for _ in range(8):
        if value < 0x80:
            out.append(value)
            return
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
