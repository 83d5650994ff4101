"""A small service with a transactional outbox, on SQLAlchemy.

Each change of a task and the event that tells of it are written in one
transaction: either both are there, or neither.
"""

import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Engine, String, delete, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

OPEN_TASKS_LIMIT = 3


class Base(DeclarativeBase):
    pass


class Task(Base):
    __tablename__ = "task"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    title: Mapped[str]
    done: Mapped[bool] = mapped_column(default=False)


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


class TooManyOpenTasks(Exception):
    pass


class TaskService:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, title: str, **details: Any) -> uuid.UUID:
        """Creates a task; rolls back if that makes too many open ones."""
        with Session(self._engine) as session, session.begin():
            task = Task(title=title)
            session.add(task)
            session.flush()
            self._tell(session, task, "TaskCreated", title=title, **details)
            open_tasks = session.scalar(
                select(func.count()).select_from(Task).where(~Task.done)
            )
            if open_tasks > OPEN_TASKS_LIMIT:
                raise TooManyOpenTasks(f"there may be {OPEN_TASKS_LIMIT} open tasks")
            return task.id

    def complete(self, task_id: uuid.UUID) -> None:
        with Session(self._engine) as session, session.begin():
            task = session.get_one(Task, task_id)
            task.done = True
            self._tell(session, task, "TaskCompleted", open=False)

    def cleanup(self, older_than: timedelta) -> int:
        """Deletes old rows of the outbox, as a scheduled job would."""
        with Session(self._engine) as session, session.begin():
            before = datetime.now(timezone.utc).replace(tzinfo=None) - older_than
            return session.execute(
                delete(OutboxEvent).where(OutboxEvent.created_at <= before)
            ).rowcount

    @staticmethod
    def _tell(session: Session, task: Task, event_type: str, **payload: Any) -> None:
        """Writes the event of a change into the transaction of the change."""
        session.add(
            OutboxEvent(
                aggregate_type="Task",
                aggregate_id=str(task.id),
                event_type=event_type,
                payload=payload,
            )
        )
        session.flush()
