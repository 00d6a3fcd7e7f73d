"""What an address answers to a method that it does not take: 405 with those that it takes, as HTTP says.

Starlette would say so by itself, did the page not stand behind all routes and take every address.
"""

from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.types import Scope


def refuse_other_methods(scope: Scope) -> None:
    """For whoever answers what no route took. Raises `HTTPException` where one takes the address by other methods."""
    taken = {
        method
        for route in iter_route_contexts(scope["app"].routes)
        if isinstance(route.original_route, APIRoute) and route.include_in_schema
        if route.path_regex.match(scope["path"])
        for method in route.methods or ()
    }
    if taken:
        raise HTTPException(405, headers={"Allow": ", ".join(sorted(taken))})
