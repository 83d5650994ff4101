"""Lets the task service work until it is ended: tasks are created as long as there may
be more, else the oldest is completed.

    DATABASE_URL=postgresql+psycopg://… python traffic.py [TRANSACTIONS PER SECOND]
"""

import itertools
import os
import sys
import time
import uuid
from collections import deque

import sqlalchemy
from outbox import Base
from sqlalchemy.orm import Session
from task_service import Task, TaskService, TooManyOpenTasks


def open_tasks(engine: sqlalchemy.Engine) -> deque[uuid.UUID]:
    """Those that an earlier run left."""
    with Session(engine) as session:
        return deque(session.scalars(sqlalchemy.select(Task.id).where(~Task.done)))


def step(service: TaskService, tasks: deque[uuid.UUID], title: str) -> None:
    """Creates a task, or completes one if creating is refused and rolled back."""
    try:
        tasks.append(service.create(title))
    except TooManyOpenTasks:
        service.complete(tasks.popleft())


def main() -> None:
    engine = sqlalchemy.create_engine(os.environ["DATABASE_URL"])
    pause = 1 / float(sys.argv[1] if len(sys.argv) > 1 else 10)
    Base.metadata.create_all(engine)
    service = TaskService(engine)
    tasks = open_tasks(engine)
    for number in itertools.count(1):
        step(service, tasks, f"Task {number}")
        time.sleep(pause)


if __name__ == "__main__":
    main()
