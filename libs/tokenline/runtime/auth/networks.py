"""Whom a network address stands for."""

import ipaddress


def network_of(address: str) -> str:
    """The unit one subscriber has: an IPv4 address, or the /64 around an IPv6 address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((int(ip), 64), strict=False))
