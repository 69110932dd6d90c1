import django.db.models.deletion
import fellowship.kernel.first
import fellowship.kernel.time
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
    ]

    operations = [
        fellowship.kernel.first.MakeTables(
            state_operations=[
                migrations.CreateModel(
                    name='SweeperRun',
                    fields=[
                        ('name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                        ('ran_at', models.DateTimeField(blank=True, null=True)),
                        ('acted', models.PositiveIntegerField(default=0)),
                        ('error', models.CharField(blank=True, max_length=500)),
                        ('failures', models.PositiveIntegerField(default=0, help_text='In a row.')),
                    ],
                    options={
                        'ordering': ('name',),
                    },
                ),
                migrations.CreateModel(
                    name='Clock',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('kind', models.CharField(max_length=60)),
                        ('subject_type', models.CharField(max_length=60)),
                        ('subject_id', models.BigIntegerField()),
                        ('holder', models.CharField(choices=[('us', 'With us'), ('you', 'With you')], max_length=3)),
                        ('starts_at', models.DateTimeField()),
                        ('due_at', models.DateTimeField()),
                        ('window', models.CharField(max_length=40)),
                        ('silence', models.CharField(blank=True, max_length=300, verbose_name='what silence means')),
                        ('rule', models.CharField(blank=True, max_length=200)),
                        ('state', models.CharField(choices=[('running', 'Running'), ('paused', 'Paused'), ('stopped', 'Stopped'), ('breached', 'Breached')], default='running', max_length=10)),
                        ('paused_at', models.DateTimeField(blank=True, null=True)),
                        ('ended_at', models.DateTimeField(blank=True, null=True)),
                        ('holder_user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('realm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.realm')),
                    ],
                    options={
                        'ordering': ('due_at', 'id'),
                        'indexes': [models.Index(fields=['subject_type', 'subject_id', 'kind'], name='clocks_cloc_subject_442535_idx'), models.Index(condition=models.Q(('state', 'running')), fields=['due_at', 'id'], name='clock_due'), models.Index(fields=['holder_user', 'state', 'due_at'], name='clocks_cloc_holder__89f4b7_idx'), models.Index(fields=['realm', 'state', 'due_at'], name='clocks_cloc_realm_i_a8cadf_idx'), models.Index(condition=models.Q(('ended_at', None)), fields=['realm', 'starts_at'], name='clock_open_since')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('kind', 'subject_type', 'subject_id'), name='clock_waited_for_once_per_kind_and_subject'), models.CheckConstraint(condition=models.Q(('due_at__gt', models.F('starts_at'))), name='clock_is_due_after_it_starts'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'paused'), ('paused_at__isnull', False)), models.Q(models.Q(('state', 'paused'), _negated=True), ('paused_at', None)), _connector='OR'), name='clock_paused_has_its_instant'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'stopped'), ('ended_at__isnull', False)), models.Q(('state__in', ('running', 'paused')), ('ended_at', None)), ('state', 'breached'), _connector='OR'), name='clock_stopped_has_its_instant'), models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('starts_at')), _connector='OR'), name='clock_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(('holder__in', ('us', 'you'))), name='clock_is_with_us_or_with_you')],
                    },
                ),
                migrations.CreateModel(
                    name='Breach',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('noticed_at', models.DateTimeField()),
                        ('clock', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='breach', to='clocks.clock')),
                    ],
                    options={
                        'ordering': ('at', 'id'),
                        'constraints': [models.CheckConstraint(condition=models.Q(('noticed_at__gte', models.F('at'))), name='breach_noticed_after_it_happened')],
                    },
                ),
                migrations.CreateModel(
                    name='ClockExtension',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('at', models.DateTimeField()),
                        ('ground', models.CharField(max_length=300)),
                        ('old_due', models.DateTimeField()),
                        ('new_due', models.DateTimeField()),
                        ('actor_label', models.CharField(blank=True, max_length=200)),
                        ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('clock', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='extensions', to='clocks.clock')),
                    ],
                    options={
                        'ordering': ('clock', 'at', 'id'),
                        'constraints': [models.CheckConstraint(condition=models.Q(('new_due__gt', models.F('old_due'))), name='extension_is_to_a_later_time'), models.CheckConstraint(condition=models.Q(('ground', ''), _negated=True), name='extension_has_a_ground'), models.CheckConstraint(condition=models.Q(('actor', None), ('actor_label', ''), _connector='XOR'), name='extension_has_one_actor')],
                    },
                ),
                migrations.CreateModel(
                    name='ClockPause',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('paused_at', models.DateTimeField()),
                        ('resumed_at', models.DateTimeField(blank=True, null=True)),
                        ('ground', models.CharField(max_length=300)),
                        ('due_before', models.DateTimeField()),
                        ('due_after', models.DateTimeField(blank=True, null=True)),
                        ('actor_label', models.CharField(blank=True, max_length=200)),
                        ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('clock', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='clocks.clock')),
                    ],
                    options={
                        'ordering': ('clock', 'paused_at', 'id'),
                        'constraints': [models.UniqueConstraint(condition=models.Q(('resumed_at', None)), fields=('clock',), name='clock_paused_once_at_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('due_after', None), ('resumed_at', None)), models.Q(('due_after__isnull', False), ('resumed_at__isnull', False)), _connector='OR'), name='pause_ended_has_its_new_due_time'), models.CheckConstraint(condition=models.Q(('resumed_at', None), ('resumed_at__gte', models.F('paused_at')), _connector='OR'), name='pause_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(('due_after', None), ('due_after__gte', models.F('due_before')), _connector='OR'), name='pause_never_shortens_a_window'), models.CheckConstraint(condition=models.Q(('ground', ''), _negated=True), name='pause_has_a_ground'), models.CheckConstraint(condition=models.Q(('actor', None), ('actor_label', ''), _connector='XOR'), name='pause_has_one_actor')],
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalClock',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('kind', models.CharField(max_length=60)),
                        ('subject_type', models.CharField(max_length=60)),
                        ('subject_id', models.BigIntegerField()),
                        ('holder', models.CharField(choices=[('us', 'With us'), ('you', 'With you')], max_length=3)),
                        ('starts_at', models.DateTimeField()),
                        ('due_at', models.DateTimeField()),
                        ('window', models.CharField(max_length=40)),
                        ('silence', models.CharField(blank=True, max_length=300, verbose_name='what silence means')),
                        ('rule', models.CharField(blank=True, max_length=200)),
                        ('state', models.CharField(choices=[('running', 'Running'), ('paused', 'Paused'), ('stopped', 'Stopped'), ('breached', 'Breached')], default='running', max_length=10)),
                        ('paused_at', models.DateTimeField(blank=True, null=True)),
                        ('ended_at', models.DateTimeField(blank=True, null=True)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('holder_user', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('realm', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.realm')),
                    ],
                    options={
                        'verbose_name': 'historical clock',
                        'verbose_name_plural': 'historical clocks',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalClockExtension',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('at', models.DateTimeField()),
                        ('ground', models.CharField(max_length=300)),
                        ('old_due', models.DateTimeField()),
                        ('new_due', models.DateTimeField()),
                        ('actor_label', models.CharField(blank=True, max_length=200)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('actor', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('clock', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='clocks.clock')),
                    ],
                    options={
                        'verbose_name': 'historical clock extension',
                        'verbose_name_plural': 'historical clock extensions',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalClockPause',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('paused_at', models.DateTimeField()),
                        ('resumed_at', models.DateTimeField(blank=True, null=True)),
                        ('ground', models.CharField(max_length=300)),
                        ('due_before', models.DateTimeField()),
                        ('due_after', models.DateTimeField(blank=True, null=True)),
                        ('actor_label', models.CharField(blank=True, max_length=200)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('actor', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('clock', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='clocks.clock')),
                    ],
                    options={
                        'verbose_name': 'historical clock pause',
                        'verbose_name_plural': 'historical clock pauses',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='Reminder',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('threshold', models.PositiveSmallIntegerField(help_text='Calendar days before the due time.')),
                        ('due_at', models.DateTimeField()),
                        ('sent_at', models.DateTimeField()),
                        ('clock', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reminders', to='clocks.clock')),
                    ],
                    options={
                        'ordering': ('clock', 'sent_at', 'id'),
                        'constraints': [models.UniqueConstraint(fields=('clock', 'due_at', 'threshold'), name='reminder_once_per_threshold')],
                    },
                ),
                migrations.CreateModel(
                    name='SweepFailure',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('work', models.CharField(max_length=20)),
                        ('error', models.CharField(max_length=500)),
                        ('attempts', models.PositiveIntegerField(default=1)),
                        ('first_at', models.DateTimeField()),
                        ('last_at', models.DateTimeField()),
                        ('resolved_at', models.DateTimeField(blank=True, null=True)),
                        ('clock', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='failures', to='clocks.clock')),
                    ],
                    options={
                        'ordering': ('-last_at', '-id'),
                        'constraints': [models.UniqueConstraint(fields=('clock', 'work'), name='sweep_failure_once_per_work')],
                    },
                ),
                migrations.CreateModel(
                    name='TaskRun',
                    fields=[
                        ('name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                        ('ended_at', models.DateTimeField()),
                        ('succeeded_at', models.DateTimeField(blank=True, null=True)),
                        ('seconds', models.FloatField(help_text='Of the last run.')),
                        ('succeeded', models.PositiveBigIntegerField(default=0)),
                        ('failed', models.PositiveBigIntegerField(default=0)),
                    ],
                    options={
                        'ordering': ('name',),
                    },
                ),
            ],
        ),
    ]
