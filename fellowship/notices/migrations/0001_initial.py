import django.db.models.deletion
import fellowship.kernel.first
import fellowship.kernel.time
import simple_history.models
import uuid
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
                    name='OutboxLock',
                    fields=[
                        ('name', models.CharField(max_length=20, primary_key=True, serialize=False)),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='CalendarFeed',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('token_hash', models.CharField(max_length=64, unique=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Mail',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('message_id', models.CharField(max_length=200, unique=True)),
                        ('urgent', models.BooleanField(default=False)),
                        ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('given_up', 'Given up'), ('dropped', 'Dropped: the person is no longer active')], default='waiting', max_length=10)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('lease', models.UUIDField(blank=True, null=True)),
                        ('sent_at', models.DateTimeField(blank=True, null=True)),
                        ('error', models.CharField(blank=True, max_length=500)),
                        ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ('id',),
                        'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['next_attempt_at', 'id'], name='mail_waiting')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent'), ('sent_at__isnull', False)), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at', None)), _connector='OR'), name='mail_sent_has_its_instant')],
                    },
                ),
                migrations.CreateModel(
                    name='Endpoint',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('ref', models.CharField(max_length=30, unique=True)),
                        ('name', models.CharField(max_length=100)),
                        ('url', models.URLField(max_length=500)),
                        ('kinds', models.JSONField(default=list)),
                        ('enabled', models.BooleanField(default=True)),
                        ('realm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.realm')),
                        ('enabled_at', models.DateTimeField(default=fellowship.kernel.time.now, help_text='When it was last switched on.')),
                    ],
                    options={
                        'ordering': ('name', 'id'),
                        'indexes': [models.Index(fields=['realm', 'name'], name='notices_end_realm_i_bfd96e_idx')],
                        'constraints': [models.UniqueConstraint(fields=('realm', 'name'), name='endpoint_name_once'), models.CheckConstraint(condition=models.Q(('url__startswith', 'https://'), ('url__startswith', 'http://'), _connector='OR'), name='endpoint_is_a_web_address')],
                    },
                ),
                migrations.CreateModel(
                    name='Delivery',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('kind', models.CharField(max_length=60)),
                        ('subject_type', models.CharField(blank=True, max_length=60)),
                        ('subject_id', models.BigIntegerField(blank=True, null=True)),
                        ('body', models.TextField()),
                        ('persistent', models.BooleanField(default=False)),
                        ('state', models.CharField(choices=[('waiting', 'Waiting'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('superseded', 'Replaced by a later one')], default='waiting', max_length=10)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('attempts', models.PositiveIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                        ('lease', models.UUIDField(blank=True, null=True)),
                        ('status', models.PositiveSmallIntegerField(blank=True, help_text='Of the last answer.', null=True)),
                        ('answer', models.CharField(blank=True, max_length=500)),
                        ('delivered_at', models.DateTimeField(blank=True, null=True)),
                        ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='notices.endpoint')),
                    ],
                    options={
                        'ordering': ('-id',),
                        'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['next_attempt_at', 'id'], name='delivery_waiting'), models.Index(fields=['endpoint', 'id'], name='delivery_of_endpoint'), models.Index(fields=['endpoint', 'state', 'id'], name='delivery_by_state'), models.Index(fields=['subject_type', 'subject_id', 'id'], name='delivery_about')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('delivered_at__isnull', False), ('state', 'delivered')), models.Q(models.Q(('state', 'delivered'), _negated=True), ('delivered_at', None)), _connector='OR'), name='delivery_delivered_has_its_instant'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'delivered', 'failed', 'superseded'])), name='delivery_state_is_known')],
                    },
                ),
                migrations.CreateModel(
                    name='EndpointSecret',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('sealed', models.TextField()),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('until', models.DateTimeField(blank=True, null=True)),
                        ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='secrets', to='notices.endpoint')),
                    ],
                    options={
                        'ordering': ('-id',),
                        'constraints': [models.UniqueConstraint(condition=models.Q(('until', None)), fields=('endpoint',), name='endpoint_one_current_secret')],
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalEndpoint',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('ref', models.CharField(db_index=True, max_length=30)),
                        ('name', models.CharField(max_length=100)),
                        ('url', models.URLField(max_length=500)),
                        ('kinds', models.JSONField(default=list)),
                        ('enabled', models.BooleanField(default=True)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('realm', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.realm')),
                        ('enabled_at', models.DateTimeField(default=fellowship.kernel.time.now, help_text='When it was last switched on.')),
                    ],
                    options={
                        'verbose_name': 'historical endpoint',
                        'verbose_name_plural': 'historical endpoints',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='Attempt',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('url', models.URLField(max_length=500)),
                        ('taken', models.BooleanField()),
                        ('status', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('answer', models.CharField(blank=True, max_length=500)),
                        ('milliseconds', models.PositiveIntegerField()),
                        ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='notices.delivery')),
                        ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='notices.endpoint')),
                    ],
                    options={
                        'ordering': ('-id',),
                        'indexes': [models.Index(fields=['endpoint', 'taken', 'at'], name='attempt_of_endpoint'), models.Index(fields=['at'], name='attempt_at')],
                    },
                ),
                migrations.CreateModel(
                    name='Notice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(max_length=60)),
                        ('subject_type', models.CharField(blank=True, max_length=60)),
                        ('subject_id', models.BigIntegerField(blank=True, null=True)),
                        ('title', models.CharField(max_length=200)),
                        ('body', models.TextField(blank=True)),
                        ('url', models.CharField(blank=True, max_length=500)),
                        ('urgent', models.BooleanField(default=False)),
                        ('dedupe', models.CharField(blank=True, max_length=200)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('read_at', models.DateTimeField(blank=True, null=True)),
                        ('mail', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='notices.mail')),
                        ('realm', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.realm')),
                        ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to=settings.AUTH_USER_MODEL)),
                        ('words', models.JSONField(blank=True, editable=False, help_text="Title and text as `saying.pack` keeps them, to be said to the reader.", null=True)),
                    ],
                    options={
                        'ordering': ('-id',),
                        'indexes': [models.Index(fields=['recipient', '-id'], name='notices_not_recipie_40b651_idx'), models.Index(condition=models.Q(('read_at', None)), fields=['recipient'], name='notice_unread'), models.Index(condition=models.Q(('mail', None)), fields=['created_at', 'id'], name='notice_unmailed'), models.Index(fields=['subject_type', 'subject_id'], name='notices_not_subject_3a1549_idx')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('dedupe', ''), _negated=True), fields=('recipient', 'dedupe'), name='notice_once_per_name_and_recipient'), models.CheckConstraint(condition=models.Q(models.Q(('subject_id', None), ('subject_type', '')), models.Q(models.Q(('subject_type', ''), _negated=True), ('subject_id__isnull', False)), _connector='OR'), name='notice_names_its_whole_subject'), models.CheckConstraint(condition=models.Q(('url', ''), ('url__startswith', '/'), _connector='OR'), name='notice_leads_within_the_site')],
                    },
                ),
            ],
        ),
    ]
