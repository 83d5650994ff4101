"""Both ways to write an event: what is committed is published, and nothing else."""

from datetime import timedelta

import pytest
import sqlalchemy
from conftest import Slot
from outbox import MessageOutbox, Outbox, TableOutbox
from task_service import OPEN_TASKS_LIMIT, TaskService, TooManyOpenTasks


@pytest.fixture(params=[TableOutbox, MessageOutbox])
def outbox(request: pytest.FixtureRequest) -> Outbox:
    return request.param()


def test_a_change_and_its_event(
    engine: sqlalchemy.Engine, slot: Slot, outbox: Outbox
) -> None:
    service = TaskService(engine, outbox)
    task = service.create("Write", cost=123456789012345678901234567890)
    service.complete(task)
    created, completed = slot.events()
    assert created["topic"] == "Task.events"
    assert created["key"] == completed["key"] == str(task)
    assert created["headers"]["eventType"] == "TaskCreated"
    assert completed["headers"]["eventType"] == "TaskCompleted"
    assert created["payload"] == {"title": "Write", "cost": 123456789012345678901234567890}
    assert created["headers"]["id"] != completed["headers"]["id"]


def test_what_rolls_back_is_not_published(
    engine: sqlalchemy.Engine, slot: Slot, outbox: Outbox
) -> None:
    service = TaskService(engine, outbox)
    for n in range(OPEN_TASKS_LIMIT):
        service.create(f"task {n}")
    with pytest.raises(TooManyOpenTasks):
        service.create("one more")
    assert [event["payload"]["title"] for event in slot.events()] == [
        f"task {n}" for n in range(OPEN_TASKS_LIMIT)
    ]


def test_cleanup_is_not_told(engine: sqlalchemy.Engine, slot: Slot) -> None:
    service = TaskService(engine, TableOutbox())
    service.create("Write")
    assert service.cleanup(older_than=timedelta(days=7)) == 0
    assert service.cleanup(older_than=timedelta(0)) == 1
    assert len(slot.events()) == 1
