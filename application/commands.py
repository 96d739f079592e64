"""The envelope of every use case: a command, and who gives it."""

from typing import ClassVar, Generic, TypeVar

from attrs import frozen

from domain.errors import Forbidden, NotAuthenticated
from domain.ids import UserId
from domain.people import Role

R = TypeVar("R")


class Command(Generic[R]):
    """Something to be done, or to be looked up; `R` is what its handler returns."""

    command_name: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.command_name = cls.__name__


@frozen(kw_only=True)
class Actor:
    """Who gives a command. `role` is None for somebody anonymous, and for the system itself."""

    user_id: UserId | None = None
    role: Role | None = None
    is_system: bool = False
    address: str = ""
    request_id: str | None = None

    @property
    def is_admin(self) -> bool:
        """Tell whether they are staff."""
        return self.role is Role.ADMIN

    @property
    def sees_everything(self) -> bool:
        """Tell whether no object is hidden from them."""
        return self.is_admin or self.is_system

    def must_be(self, *roles: Role) -> UserId:
        """Return their id, or raise `NotAuthenticated` or `Forbidden`."""
        if self.user_id is None:
            raise NotAuthenticated("Log in first.")
        if self.role not in roles:
            raise Forbidden
        return self.user_id

    def must_be_known(self) -> UserId:
        """Return their id, or raise `NotAuthenticated`."""
        return self.must_be(*Role)


SYSTEM = Actor(is_system=True)
"""The worker."""
