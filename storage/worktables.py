"""The tables of the editors' page: who works on a finding, and decisions with what undoes them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Packed
from storage.tables import Base, Finding

# What changed since the queue was last looked at.
Index("ix_finding_updated", Finding.updated)


class Work(Base):
    """What editors noted about a finding. Apart from it: a crawl writes findings, and knows nothing of this."""

    __tablename__ = "work"

    finding_id: Mapped[int] = mapped_column(ForeignKey("finding.id"), primary_key=True, autoincrement=False)
    assignee: Mapped[str]
    needs_edit: Mapped[bool]
    note: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime | None]
    masks: Mapped[Any | None] = mapped_column(Packed())


class Decision(Base):
    """One decision, with everything that takes it back. The audit log beside it is what is never changed."""

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str]
    action: Mapped[str]
    note: Mapped[str]
    written: Mapped[str]
    findings: Mapped[Any | None] = mapped_column(Packed())
    guides: Mapped[Any | None] = mapped_column(Packed())
    restore: Mapped[Any | None] = mapped_column(Packed())
    undone: Mapped[datetime | None]
    undone_by: Mapped[str]


class DecisionOf(Base):
    """Which decisions were made about a finding."""

    __tablename__ = "decision_of"

    finding_id: Mapped[int] = mapped_column(ForeignKey("finding.id"), primary_key=True, autoincrement=False)
    decision_id: Mapped[int] = mapped_column(
        ForeignKey("decision.id"), primary_key=True, autoincrement=False, index=True
    )
    guide_id: Mapped[int] = mapped_column(ForeignKey("guide.id"), index=True)
