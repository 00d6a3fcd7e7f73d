"""An account with everything that a store keeps of one."""

from msgspec.structs import replace

from tests.support.drafts import a_conversation, a_user, an_answer, an_attachment, an_id, ask
from tokenline.contracts.accounts import ApiKey, Erasure, Identity, RefreshToken, Role, User
from tokenline.contracts.admin import AuditAction, AuditEntry
from tokenline.contracts.attachments import Attachment, AttachmentState
from tokenline.contracts.feedback import Feedback, Rating
from tokenline.contracts.limits import Charge, Limit, LimitName
from tokenline.contracts.shares import Share
from tokenline.contracts.tickets import Ticket, Usage
from tokenline.contracts.webhooks import Webhook
from tokenline.core import ticket as moves
from tokenline.core.clock import Clock
from tokenline.core.ports.store import Store

EMAIL = "ann.of.the.many.things@example.org"


async def lived(store: Store, clock: Clock, email: str = EMAIL) -> tuple[User, list[Attachment]]:
    """The user, and their files: one in a conversation, one in none, one that is still being read.

    Of the tickets one was answered, one stopped, and two wait: queued, and held.
    """
    user = a_user(clock, email)
    await store.create_user(user)
    for number in range(2):
        await store.add_refresh_token(
            RefreshToken(hash=f"{user.id} {number}", family=an_id(clock), user_id=user.id, expires_at=clock.now() + 1e6)
        )
    await store.revoke_refresh_families(user.id, except_family="none")
    await store.add_api_key(ApiKey(id=an_id(clock), user_id=user.id, name="bot", hash=user.id, created_at=clock.now()))
    await store.put_identity(Identity(issuer="https://id", subject=email, user_id=user.id, created_at=clock.now()))
    webhook = Webhook(id=an_id(clock), owner_id=user.id, url="https://hooks.example/", created_at=clock.now())
    await store.add_webhook(webhook, 10)
    files = [
        an_attachment(clock, user.id, name=f"{email}.txt"),
        an_attachment(clock, user.id),
        an_attachment(clock, user.id, state=AttachmentState.QUEUED),
    ]
    for file in files:
        await store.add_attachment(file)
    conversation = a_conversation(clock, user.id, title=f"For {email}")
    await store.create_conversation(a_conversation(clock, user.id, archived=True))
    await store.create_conversation(a_conversation(clock, user.id, temporary=True))
    await _showed(store, clock, await _answered(store, clock, user, webhook, files[0]))
    stopped = (await ask(store, clock, owner=user.id, webhook_id=webhook.id)).ticket
    await store.replace_ticket(moves.cancel(stopped, now=clock.now()))
    for number in range(2):
        await ask(store, clock, conversation, owner=user.id, client_message_id=f"{email} {number}", user_limit=1)
    charges = [Charge(name=name, subject=f"user:{user.id}", limit=Limit(max=9, per_s=1e6)) for name in LimitName]
    await store.charge(charges, clock.now())
    for actor, target, detail in ((user, "t", {}), (None, user.id, {"email": email})):
        await store.add_audit(
            AuditEntry(
                id=an_id(clock),
                at=clock.now(),
                actor_id=actor.id if actor else "root",
                actor=actor.email if actor else "root@example.org",
                action=AuditAction.CANCEL,
                target=target,
                detail=detail,
            )
        )
    return user, files


async def an_admin(store: Store, clock: Clock) -> User:
    admin = a_user(clock, "root@example.org", role=Role.ADMIN)
    await store.create_user(admin)
    return admin


def erasure_of(user: User, clock: Clock) -> Erasure:
    return Erasure(user_id=user.id, email=user.email, asked_at=clock.now())


async def _showed(store: Store, clock: Clock, ticket: Ticket) -> None:
    """A link to the answer."""
    share = Share(
        id=an_id(clock),
        token=ticket.id,
        owner_id=ticket.owner_id,
        conversation_id=ticket.conversation_id,
        message_id=ticket.answer_id,
        title="Shown",
        created_at=clock.now(),
    )
    assert await store.add_share(share) == share


async def _answered(store: Store, clock: Clock, user: User, webhook: Webhook, file: Attachment) -> Ticket:
    accepted = await ask(
        store, clock, owner=user.id, webhook_id=webhook.id, attachment_ids=(file.id,), client_message_id=user.email
    )
    running = moves.claim(accepted.ticket, worker="w", incarnation="i", now=clock.now())
    await store.replace_ticket(running)
    done = moves.complete(moves.begin_streaming(running, now=clock.now()), usage=Usage(), now=clock.now())
    done = replace(done, version=running.version + 1)
    await store.replace_ticket(done, an_answer(clock, done))
    said = Feedback(rating=Rating.DOWN, comment=f"Not for {user.email}", at=clock.now())
    await store.rate(done.answer_id, said, done.agent_id)
    return done
