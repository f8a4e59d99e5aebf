"""The chain: whatever is changed breaks it where it was changed."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rolecall.audit.chain import Header, read_header, start, step
from rolecall.audit.entry import Entry, decode, encode, id_bytes, id_text, schema
from rolecall.vocabulary.identity import read_code, render_id, short_code, short_number

HEADER = Header(1, "ab" * 16, 1, 1, "", 5).encode()
DATA = st.lists(st.binary(min_size=1, max_size=40), min_size=2, max_size=12)


def chained(data):
    proof, found = start(HEADER), []
    for one in data:
        proof = step(proof, one)
        found.append((one, proof))
    return found


def first_bad(records, header=HEADER):
    """The number of the first record that does not fit, or None."""
    proof = start(header)
    for number, (data, said) in enumerate(records):
        proof = step(proof, data)
        if proof != said:
            return number
    return None


@given(DATA, st.data())
def test_a_changed_byte_breaks_the_chain_there(data, draw):
    """In a record or in its hash."""
    records = chained(data)
    assert first_bad(records) is None
    at = draw.draw(st.integers(0, len(records) - 1))
    part = draw.draw(st.integers(0, 1))
    old = records[at][part]
    position = draw.draw(st.integers(0, len(old) - 1))
    new = old[:position] + bytes([old[position] ^ draw.draw(st.integers(1, 255))]) + old[position + 1 :]
    records[at] = (new, records[at][1]) if part == 0 else (records[at][0], new)
    assert first_bad(records) == at


@given(DATA, st.data())
def test_a_record_removed_moved_or_put_in_breaks_the_chain_there(data, draw):
    """Where it was, or where it is now. The end that is cut off breaks nothing: that takes a head kept elsewhere."""
    records = chained(data)
    at = draw.draw(st.integers(0, len(records) - 2))
    assert first_bad(records[:at] + records[at + 1 :]) == at
    assert first_bad([*records[:at], records[at + 1], records[at], *records[at + 2 :]]) == at
    assert first_bad([*records[:at], (b"new", step(b"", b"new")), *records[at:]]) == at
    assert first_bad(records[:at]) is None


def test_another_header_breaks_everything():
    """A chain belongs to its writer, its segment and what came before."""
    records = chained([b"1", b"2"])
    assert first_bad(records, Header(1, "ab" * 16, 1, 1, "00", 5).encode()) == 0
    assert read_header(HEADER).writer == "ab" * 16


def entry(**more):
    found = Entry(
        1, render_id(10**18, 77), 10**18, "decision", "u", "section", "s", "view", ["teacher"], "granted", True,
        {"owner": "u", "locked": None}, "", "p" * 64, "q" * 64, None, "c" * 64, None, "", False,
    )  # fmt: skip
    return msgspec.structs.replace(found, **more)


def test_a_record_is_what_its_schema_says():
    """The published schema takes what is written, and nothing else."""
    Draft202012Validator.check_schema(schema())
    valid = Draft202012Validator(schema())
    for one in (entry(), entry(permission=None, allowed=None, acting_as=None, properties={}), entry(mark="batch")):
        assert decode(encode(one)) == one
        assert valid.is_valid(msgspec.json.decode(encode(one)))
    wrong = msgspec.json.decode(encode(entry()))
    assert not valid.is_valid([*wrong, 1])
    assert not valid.is_valid(wrong[:-1])
    assert not valid.is_valid([2, *wrong[1:]])
    assert not valid.is_valid([*wrong[:3], "other", *wrong[4:]])


@given(st.integers(0, (1 << 63) - 1), st.integers(0, (1 << 62) - 1))
def test_a_short_code_is_read_as_it_was_said(time, serial):
    """However it is typed."""
    identifier = render_id(time, serial)
    code = short_code(identifier)
    assert id_text(id_bytes(identifier)) == identifier
    for typed in (code, code.lower(), code[3:], code.replace("-", " "), f" {code[:6]}-{code[6:]} "):
        assert read_code(typed) == short_number(identifier)
    assert read_code(code.replace("0", "O").replace("1", "l")) == short_number(identifier)
    assert read_code(code + "0") is None
    assert read_code("RC-U") is None
