import django.db.models.deletion
import fellowship.kernel.first
import fellowship.kernel.time
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('programs', '0001_initial'),
        ('scoping', '0001_initial'),
    ]

    operations = [
        fellowship.kernel.first.MakeTables(
            state_operations=[
                migrations.CreateModel(
                    name='Extract',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('scope', models.JSONField()),
                        ('file_format', models.CharField(max_length=10)),
                        ('person', models.ForeignKey(help_text='Empty: a command.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.program')),
                    ],
                    options={
                        'ordering': ('-id',),
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalAuditVisit',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('on', models.DateField()),
                        ('scope', models.JSONField(help_text='What was asked for.')),
                        ('scope_hash', models.CharField(max_length=64)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('program', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='programs.program')),
                    ],
                    options={
                        'verbose_name': 'historical audit visit',
                        'verbose_name_plural': 'historical audit visits',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalCloseout',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('closed_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('facts', models.TextField()),
                        ('last_event', models.BigIntegerField(help_text='Id of the last ledger event inside.')),
                        ('package_sha256', models.CharField(max_length=64)),
                        ('notes', models.TextField(blank=True)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('closed_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('fellowship', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='scoping.fellowship')),
                    ],
                    options={
                        'verbose_name': 'historical closeout',
                        'verbose_name_plural': 'historical closeouts',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalExtract',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('scope', models.JSONField()),
                        ('file_format', models.CharField(max_length=10)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('person', models.ForeignKey(blank=True, db_constraint=False, help_text='Empty: a command.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('program', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='programs.program')),
                    ],
                    options={
                        'verbose_name': 'historical extract',
                        'verbose_name_plural': 'historical extracts',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalSample',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('population', models.CharField(max_length=40)),
                        ('from_at', models.DateTimeField(blank=True, null=True)),
                        ('to_at', models.DateTimeField()),
                        ('seed', models.CharField(max_length=64)),
                        ('size', models.PositiveIntegerField()),
                        ('total', models.PositiveIntegerField(help_text='Records in the population when it was drawn.')),
                        ('picked', models.JSONField(help_text='Keys of the records drawn, in the order of the draw.')),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('drawn_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('program', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='programs.program')),
                    ],
                    options={
                        'verbose_name': 'historical sample',
                        'verbose_name_plural': 'historical samples',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalVerification',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('sealed', models.PositiveBigIntegerField()),
                        ('unsealed', models.PositiveBigIntegerField()),
                        ('rows', models.PositiveBigIntegerField()),
                        ('found', models.PositiveIntegerField(help_text='Problems found.')),
                        ('first_problem', models.TextField(blank=True)),
                        ('root', models.CharField(max_length=64)),
                        ('seconds', models.DecimalField(decimal_places=2, max_digits=10)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('program', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='programs.program')),
                        ('ran_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'historical verification',
                        'verbose_name_plural': 'historical verifications',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='Sample',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('population', models.CharField(max_length=40)),
                        ('from_at', models.DateTimeField(blank=True, null=True)),
                        ('to_at', models.DateTimeField()),
                        ('seed', models.CharField(max_length=64)),
                        ('size', models.PositiveIntegerField()),
                        ('total', models.PositiveIntegerField(help_text='Records in the population when it was drawn.')),
                        ('picked', models.JSONField(help_text='Keys of the records drawn, in the order of the draw.')),
                        ('drawn_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.program')),
                    ],
                    options={
                        'ordering': ('-id',),
                    },
                ),
                migrations.CreateModel(
                    name='Verification',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('sealed', models.PositiveBigIntegerField()),
                        ('unsealed', models.PositiveBigIntegerField()),
                        ('rows', models.PositiveBigIntegerField()),
                        ('found', models.PositiveIntegerField(help_text='Problems found.')),
                        ('first_problem', models.TextField(blank=True)),
                        ('root', models.CharField(max_length=64)),
                        ('seconds', models.DecimalField(decimal_places=2, max_digits=10)),
                        ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.program')),
                        ('ran_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ('-id',),
                    },
                ),
                migrations.CreateModel(
                    name='AuditVisit',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('on', models.DateField()),
                        ('scope', models.JSONField(help_text='What was asked for.')),
                        ('scope_hash', models.CharField(max_length=64)),
                        ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.program')),
                    ],
                    options={
                        'ordering': ('-id',),
                        'constraints': [models.UniqueConstraint(fields=('program', 'person', 'on', 'scope_hash'), name='audit_visit_once_a_day')],
                    },
                ),
                migrations.CreateModel(
                    name='Closeout',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('closed_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('facts', models.TextField()),
                        ('last_event', models.BigIntegerField(help_text='Id of the last ledger event inside.')),
                        ('package_sha256', models.CharField(max_length=64)),
                        ('notes', models.TextField(blank=True)),
                        ('closed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('fellowship', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='closeout', to='scoping.fellowship')),
                    ],
                    options={
                        'ordering': ('-closed_at', '-id'),
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('package_sha256', ''), _negated=True), models.Q(('facts', ''), _negated=True)), name='closeout_has_its_package')],
                    },
                ),
            ],
        ),
    ]
