"""Near copies, campaigns, two matters in one message"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_found_at"), ["found_at"], unique=False)

    op.create_table(
        "copy_band",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_copy_band_message_id")),
        sa.PrimaryKeyConstraint("key", "message_id", name=op.f("pk_copy_band")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("copy_band", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_copy_band_message_id"), ["message_id"], unique=False)

    op.create_table(
        "near_copy",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("nearness", sa.Float(), nullable=False),
        sa.Column("repeats_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_near_copy_campaign_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_near_copy_message_id")),
        sa.ForeignKeyConstraint(["repeats_id"], ["message.id"], name=op.f("fk_near_copy_repeats_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_near_copy")),
    )
    with op.batch_alter_table("near_copy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_near_copy_campaign_id"), ["campaign_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_near_copy_repeats_id"), ["repeats_id"], unique=False)

    op.create_table(
        "two_matters",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("settled", sa.String(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["feedback_case.id"], name=op.f("fk_two_matters_case_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_two_matters_message_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_two_matters")),
    )
    with op.batch_alter_table("two_matters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_two_matters_settled"), ["settled"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("two_matters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_two_matters_settled"))

    op.drop_table("two_matters")
    with op.batch_alter_table("near_copy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_near_copy_repeats_id"))
        batch_op.drop_index(batch_op.f("ix_near_copy_campaign_id"))

    op.drop_table("near_copy")
    with op.batch_alter_table("copy_band", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_copy_band_message_id"))

    op.drop_table("copy_band")
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_found_at"))

    op.drop_table("campaign")
