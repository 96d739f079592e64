"""What staff did: every action of theirs leaves an entry, which only staff may read."""

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from application.bus import handles
from application.commands import Actor, Command
from application.ports.ids import Ids
from application.ports.records import AuditEntry
from application.ports.storage import AuditFilter, Page, PageRequest, Reader, Unit
from domain.errors import NotFound
from domain.ids import AuditId
from domain.people import Role


def audited(
    unit: Unit,
    ids: Ids,
    actor: Actor,
    *,
    action: str,
    subject: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
    at: datetime,
) -> None:
    """Record what a member of staff (or the system) does to something, in the unit that does it."""
    unit.audit.append(
        AuditEntry(
            id=AuditId(ids.new("audit")),
            actor_id=actor.user_id,
            action=action,
            subject=subject,
            before=before,
            after=after,
            request_id=actor.request_id,
            created_at=at,
        )
    )


@frozen(kw_only=True)
class ListAudit(Command[Page[AuditEntry]]):
    """Look through what staff did, newest first."""

    where: AuditFilter = field(factory=AuditFilter)
    page: PageRequest = field(factory=PageRequest)


@handles(ListAudit)
@frozen
class ListAuditHandler:
    read: Reader

    def __call__(self, command: ListAudit, actor: Actor) -> Page[AuditEntry]:
        actor.must_be(Role.ADMIN)
        return self.read(lambda views: views.audit.list(command.where, command.page))


@frozen(kw_only=True)
class GetAudit(Command[AuditEntry]):
    """Look one entry up."""

    audit_id: AuditId


@handles(GetAudit)
@frozen
class GetAuditHandler:
    read: Reader

    def __call__(self, command: GetAudit, actor: Actor) -> AuditEntry:
        actor.must_be(Role.ADMIN)
        entry = self.read(lambda views: views.audit.find(command.audit_id))
        if entry is None:
            raise NotFound("This entry")
        return entry
