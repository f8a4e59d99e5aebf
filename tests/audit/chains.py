"""Walks a store's chains, as simply as can be."""

from rolecall.audit.blobs import read_blob
from rolecall.audit.chain import start, step


def walk(store, writer):
    """A writer's records in order; fails where the chain does not hold, or something that they name is missing."""
    found, proof = [], b""
    firsts = {}
    for segment in store.segments(writer):
        assert segment.read.writer == writer
        firsts[segment.first] = segment
    for one in store.entries(writer):
        assert one.problem == ""
        assert one.seq == len(found) + 1
        if one.seq in firsts:
            header = firsts[one.seq].read
            assert header.previous == proof.hex()
            proof = start(firsts[one.seq].header)
        proof = step(proof, one.data)
        assert one.hash == proof
        found.append(one.entry)
    digests = {
        digest for one in found for digest in (one.policy, one.person, one.place, one.cell) if digest is not None
    }
    blobs = store.blobs(digests)
    assert set(blobs) == digests
    assert all(read_blob(one) is not None for one in blobs.values())
    return found
