"""As `makemigrations` wrote it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The visits."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Visit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("author", models.TextField()),
                ("facts", models.JSONField(default=dict)),
            ],
        ),
    ]
