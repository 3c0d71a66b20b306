"""A group of parameters whose members depend on a choice: ``transport.solver``,
``scattering.model``, ``problem.name``."""

from crmpi.params.fields import REQUIRED, group, is_group, par, specs


class Selector:
    """A YAML group with a key that selects a class; the parameters of that class stand beside the
    key.

    Parameters
    ----------
    key : str
        name of the selecting parameter, 'solver'
    choices : dict of str to class or None, or crmpi.plugins.registry.Registry
        the nested ``Params`` of each class is used, or the class itself if it is a `group`; others,
        and None, have no parameters
    default : str, optional
    common : class, optional
        parameters present whatever the choice
    doc : str
        one line about the key
    """

    def __init__(self, key, choices, default=REQUIRED, *, common=None, doc=""):
        self.key = key
        self._choices = choices
        self.common = group(common) if common is not None else None
        self.declared = par(default, choices=choices, doc=doc)
        self._merged = {}

    @property
    def choices(self):
        """{name: class}: those that there are now."""
        return dict(self._choices.items())

    def params(self, choice):
        """Return the group class for one choice: its parameters, the common ones, and the key."""
        chosen = self._choices[choice]
        if (choice, chosen) not in self._merged:
            own = _params_of(chosen)
            bases = tuple(base for base in (own, self.common) if base is not None)
            if bases[1:] and issubclass(own, self.common):
                bases = (own,)
            body = {
                "__annotations__": {self.key: str},
                self.key: self.declared,
                "__module__": __name__,
            }
            self._merged[choice, chosen] = group(type("Params", bases, body))
        return self._merged[choice, chosen]

    def owners(self, name):
        """Return the choices that have a parameter `name`."""
        return [choice for choice in self.choices if name in specs(self.params(choice))]


def _params_of(cls):
    params = getattr(cls, "Params", cls if is_group(cls) else None)
    return group(params) if params is not None else None
