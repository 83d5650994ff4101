"""A small service with a transactional outbox, on SQLAlchemy.

Each change of a task and its event are written in one transaction: either
both exist, or neither.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from outbox import Base, Outbox, OutboxEvent, TableOutbox
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

OPEN_TASKS_LIMIT = 3


class Task(Base):
    __tablename__ = "task"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    title: Mapped[str]
    done: Mapped[bool] = mapped_column(default=False)


class TooManyOpenTasks(Exception):
    pass


class TaskService:
    def __init__(self, engine: Engine, outbox: Outbox | None = None) -> None:
        self._engine = engine
        self._outbox = outbox or TableOutbox()

    def create(self, title: str, **details: Any) -> uuid.UUID:
        """Creates a task; rolls back if that makes too many open ones."""
        with Session(self._engine) as session, session.begin():
            task = Task(title=title)
            session.add(task)
            session.flush()
            self._write_event(session, task, "TaskCreated", title=title, **details)
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
            self._write_event(session, task, "TaskCompleted", open=False)

    def cleanup(self, older_than: timedelta) -> int:
        """Deletes old rows of the outbox, as a scheduled job would."""
        with Session(self._engine) as session, session.begin():
            before = datetime.now(UTC).replace(tzinfo=None) - older_than
            return session.execute(
                delete(OutboxEvent).where(OutboxEvent.created_at <= before)
            ).rowcount

    def _write_event(
        self, session: Session, task: Task, event_type: str, **payload: Any
    ) -> None:
        """Writes the event of a change into the transaction of the change."""
        self._outbox.write(session, "Task", str(task.id), event_type, payload)
