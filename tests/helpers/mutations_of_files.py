"""Files as they break: cut, doubled, swapped, in another encoding, and with what nobody expects put in."""

from hypothesis import strategies as st

# What is put somewhere into a file: what each format is made of, and what numbers, text and JSON should not be.
PIECES = [
    *(b'"', b"'", b"\t", b"\n", b"\r", b"\n\n", b",", b";", b":", b"{", b"}", b"[", b"]", b"#", b"-", b" ", b"\\"),
    *(
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'""',
        b"NaN",
        b"Infinity",
        b"nan",
        b"1e999",
        b"-1",
        b"0",
        b"1.0",
        b"1e5",
        b"2-1",
    ),
    *(b"1" * 4301, b"[" * 2000, b"{" * 2000, b'{"a":' * 2000, b"x" * 140_000, b"\\ud800", b'"id": null', b'"id": "x",'),
    *(b"\x00", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\x1b[31m", b"None", b"none", b"all"),
    *(word.encode() for word in ("²", "٣", "\u00a0", "\u202e", "\u2028", "\u0085", "é", "中", "😀")),
    *(b"&a", b"*a", b"<<: ", b"!!python/name:os.system ", b"? ", b"- ", b"2020-99-99", b"0o9", b"1:99", b"~", b"$(id)"),
]
ENCODINGS = ["utf-16", "utf-16-le", "utf-32", "cp1252", "utf-8-sig", "cp037"]
PLACE = st.floats(0, 1, allow_nan=False)


@st.composite
def mutated(draw: st.DrawFn, raw: bytes) -> bytes:
    """A file after one to four accidents."""
    for _ in range(draw(st.integers(1, 4))):
        raw = _once(draw, raw)
    return raw


def _once(draw: st.DrawFn, raw: bytes) -> bytes:
    start = int(draw(PLACE) * len(raw))
    end = min(len(raw), start + draw(st.sampled_from([0, 1, 2, 8, 64, 1000])))
    kind = draw(st.sampled_from(["insert", "insert", "replace", "delete", "double", "cut", "lines", "encode"]))
    if kind in ("insert", "replace"):
        piece = draw(st.sampled_from(PIECES))
        return raw[:start] + piece + raw[start if kind == "insert" else end :]
    if kind == "delete":
        return raw[:start] + raw[end:]
    if kind == "double":
        return raw[:end] + raw[start:]
    if kind == "cut":
        return raw[:start]
    if kind == "lines":
        lines = raw.splitlines(keepends=True)
        if len(lines) > 1:
            first, second = (int(draw(PLACE) * (len(lines) - 1)) for _ in range(2))
            lines[first], lines[second] = lines[second], lines[first] + lines[second] * draw(st.booleans())
        return b"".join(lines)
    return raw.decode("utf-8", "replace").encode(draw(st.sampled_from(ENCODINGS)), "replace")
