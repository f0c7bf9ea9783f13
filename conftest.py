"""Doctests of classes that are named by their public module, as in saved models, instead of the one that defines them."""

import doctest
import functools
import inspect

_from_module = doctest.DocTestFinder._from_module


def _from_public_module(finder, module, found):
    """Also return True for the functions of classes of which `module` is the public one."""
    if _from_module(finder, module, found):
        return True
    function = inspect.unwrap(found.func if isinstance(found, functools.cached_property) else found)
    owner = vars(module).get(getattr(function, "__qualname__", "").partition(".")[0])
    is_public = inspect.isclass(owner) and owner.__module__ == module.__name__
    return is_public and owner.__module__ != getattr(function, "__module__", None)


doctest.DocTestFinder._from_module = _from_public_module
