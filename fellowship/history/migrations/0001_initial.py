import django.db.models.deletion
import fellowship.kernel.first
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
                    name='Checkpoint',
                    fields=[
                        ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                        ('size', models.BigIntegerField(unique=True)),
                        ('root_hash', models.CharField(max_length=64)),
                        ('edge', models.TextField()),
                        ('note', models.TextField()),
                        ('key_id', models.CharField(max_length=8)),
                        ('signed_at', models.DateTimeField()),
                    ],
                    options={
                        'ordering': ('number',),
                    },
                ),
                migrations.CreateModel(
                    name='Sequence',
                    fields=[
                        ('key', models.CharField(max_length=60, primary_key=True, serialize=False)),
                        ('last', models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Shape',
                    fields=[
                        ('key', models.CharField(max_length=16, primary_key=True, serialize=False)),
                        ('model', models.CharField(max_length=80)),
                        ('columns', models.TextField()),
                    ],
                    options={
                        'ordering': ('model', 'key'),
                    },
                ),
                migrations.CreateModel(
                    name='Event',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.UUIDField(unique=True)),
                        ('at', models.DateTimeField()),
                        ('verb', models.CharField(max_length=80)),
                        ('actor_kind', models.CharField(choices=[('person', 'Person'), ('service', 'Service'), ('rule', 'Rule')], max_length=10)),
                        ('actor_label', models.CharField(blank=True, max_length=200)),
                        ('subject_type', models.CharField(max_length=60)),
                        ('subject_id', models.BigIntegerField()),
                        ('subject_ref', models.CharField(blank=True, max_length=80)),
                        ('reason', models.TextField(blank=True)),
                        ('body', models.TextField()),
                        ('leaf_hash', models.CharField(max_length=64)),
                        ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('realm', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.realm')),
                    ],
                    options={
                        'ordering': ('id',),
                        'indexes': [models.Index(fields=['subject_type', 'subject_id', 'id'], name='history_eve_subject_9ffa51_idx'), models.Index(fields=['realm', 'at'], name='history_eve_realm_i_9d8ede_idx'), models.Index(fields=['realm', 'verb', 'at'], name='history_eve_realm_i_762756_idx'), models.Index(fields=['actor', 'at'], name='history_eve_actor_i_f197b7_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('actor_kind', 'person'), ('actor__isnull', False)), models.Q(models.Q(('actor_kind', 'person'), _negated=True), ('actor', None), models.Q(('actor_label', ''), _negated=True)), _connector='OR'), name='event_actor_is_a_person_or_has_a_label')],
                    },
                ),
                migrations.CreateModel(
                    name='Seal',
                    fields=[
                        ('seq', models.BigIntegerField(primary_key=True, serialize=False)),
                        ('leaf_hash', models.CharField(max_length=64)),
                        ('event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seal', to='history.event')),
                    ],
                    options={
                        'ordering': ('seq',),
                    },
                ),
                migrations.CreateModel(
                    name='Redaction',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('event', models.UUIDField(db_index=True)),
                        ('model', models.CharField(max_length=80)),
                        ('row', models.BigIntegerField()),
                        ('before', models.CharField(max_length=64)),
                        ('after', models.CharField(max_length=64)),
                    ],
                    options={
                        'ordering': ('id',),
                        'constraints': [models.UniqueConstraint(fields=('model', 'row', 'after'), name='redaction_once')],
                    },
                ),
                migrations.RemoveIndex(
                    model_name='event',
                    name='history_eve_realm_i_9d8ede_idx',
                ),
                migrations.AlterField(
                    model_name='event',
                    name='actor',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='event',
                    name='realm',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.realm'),
                ),
                migrations.AddIndex(
                    model_name='event',
                    index=models.Index(fields=['realm', 'at', 'id'], name='history_eve_realm_i_4343a6_idx'),
                ),
                migrations.AddIndex(
                    model_name='event',
                    index=models.Index(fields=['realm', 'subject_type', 'at', 'id'], name='event_of_kind'),
                ),
            ],
        ),
    ]
