"""The image of the task service, which deploy/compose.yaml has."""

from harness.container import Container, Image
from harness.outbox import TABLE
from harness.postgres import Postgres
from harness.scratch import Scratch
from harness.wait import wait_until


def test_writes_events(tasks_image: Image, scratch: Scratch, postgres: Postgres) -> None:
    url = f"postgresql+psycopg://postgres@127.0.0.1:{postgres.port}/tasks"
    with postgres.connect() as db:
        db.execute("CREATE DATABASE tasks")
    with postgres.connect("tasks") as db:
        db.execute(TABLE)
        tasks = Container(tasks_image, scratch, environment={"DATABASE_URL": url})

        def written() -> bool:
            assert tasks.running(), tasks.log()
            return db.execute("SELECT count(*) FROM outbox").fetchone()[0] >= 10

        try:
            wait_until(written, "events of the task service")
        finally:
            tasks.kill()
