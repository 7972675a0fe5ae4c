"""How far each recurrence has come, and closed cases by their closing: a look-back finds them without reading all."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """A table and an index."""

    dependencies = [("ledger", "0002_search")]
    operations = [
        migrations.CreateModel(
            name="Recurred",
            fields=[
                ("code", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                ("day", models.DateField(null=True)),
                ("closed", models.DateTimeField(null=True)),
                ("last", models.BigIntegerField(default=0)),
                ("busy", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                fields=["procedure", "closed", "id"],
                condition=models.Q(("closed__isnull", False)),
                name="case_closed",
            ),
        ),
    ]
