"""The council's own addresses."""

from postroom.models.settings import Council


def own_addresses(council: Council) -> frozenset[str]:
    """The addresses that Postroom reads, or writes as."""
    addresses = council.addresses
    return frozenset(address for address in (addresses.feedback, addresses.compliments, addresses.duty) if address)
