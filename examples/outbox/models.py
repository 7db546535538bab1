"""What the shop writes down. `python models.py` makes the tables."""

import os

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from servey_sched.sqlalchemy import Outbox, OutboxRow

engine = create_engine(os.environ.get("DATABASE_URL", "sqlite:///shop.db"))
sessions = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str]
    receipts: Mapped[int] = mapped_column(default=0)


class OutboxJob(OutboxRow, Base):
    __tablename__ = "outbox"


outbox = Outbox(OutboxJob)

if __name__ == "__main__":
    Base.metadata.create_all(engine)
