"""Two ways to write the event of a change in its transaction: a row, or emit().

Both become the same event.  A row stays in its table until it is deleted;
emit() leaves nothing behind, and needs the extension pg_outbox.
"""

import uuid
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import String, cast, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class OutboxEvent(Base):
    """What the relay publishes: to topic <aggregate_type>.events, by aggregate_id."""

    __tablename__ = "outbox"

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=uuid.uuid4, server_default=func.gen_random_uuid()
    )
    aggregate_type: Mapped[str] = mapped_column(String(255))
    aggregate_id: Mapped[str] = mapped_column(String(255))
    event_type: Mapped[str] = mapped_column(String(255))
    payload: Mapped[Any] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Outbox(Protocol):
    """Writes an event into the transaction of a session."""

    def write(
        self, session: Session, aggregate_type: str, aggregate_id: str,
        event_type: str, payload: Any,
    ) -> None: ...


class TableOutbox:
    """Events as rows of the table."""

    def write(
        self, session: Session, aggregate_type: str, aggregate_id: str,
        event_type: str, payload: Any,
    ) -> None:
        session.add(
            OutboxEvent(
                aggregate_type=aggregate_type,
                aggregate_id=aggregate_id,
                event_type=event_type,
                payload=payload,
            )
        )
        # Now, so that events keep the order in which they were written.
        session.flush()


class MessageOutbox:
    """Events by outbox.emit()."""

    def write(
        self, session: Session, aggregate_type: str, aggregate_id: str,
        event_type: str, payload: Any,
    ) -> None:
        # What the event is about goes first.
        session.flush()
        session.execute(
            select(
                func.outbox.emit(
                    aggregate_type, aggregate_id, event_type, cast(payload, JSONB)
                )
            )
        )
