"""Which network addresses may be connected to for a user. Judge the address itself, after names were resolved."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# The registry of special addresses (RFC 6890 and its successors), with multicast and what is reserved. Written out,
# because `is_global` knows other ones in each Python: 192.0.0.192, metadata in Oracle's cloud, is global to 3.11.
_NOT_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            # Not in the registry: answers every machine in Azure as its host.
            "168.63.129.16/32",
        ),
    )
)
# All of the unicast space that is handed out (RFC 4291), so neither NAT64 (64:ff9b::/96) nor mapped addresses.
_V6 = IPv6Network("2000::/3")
# Protocol assignments with Teredo, documentation, and 6to4, which carries any IPv4 address.
_NOT_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))


def plain(text: str) -> Address:
    """Without a scope, and an IPv4 address that is written as IPv6 as what it is. `ValueError`: no address."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_public(address: Address) -> bool:
    """On the internet, and nobody's own machine or network."""
    if isinstance(address, IPv4Address):
        return not within(address, _NOT_V4)
    return address in _V6 and not within(address, _NOT_V6)


def within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
