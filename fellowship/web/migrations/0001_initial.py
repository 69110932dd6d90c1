import django.db.models.deletion
import fellowship.kernel.first
import fellowship.kernel.time
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
    ]

    operations = [
        fellowship.kernel.first.MakeTables(
            state_operations=[
                migrations.CreateModel(
                    name='KeptAnswer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.CharField(help_text='The Idempotency-Key, as sent.', max_length=200)),
                        ('fingerprint', models.CharField(help_text='SHA-256 of method, address and content, in hex.', max_length=64)),
                        ('sealed', models.TextField(blank=True, help_text='The answer; empty while there is none.')),
                        ('made_at', models.DateTimeField(db_index=True, default=fellowship.kernel.time.now)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='kept_answer_once')],
                    },
                ),
            ],
        ),
    ]
