import django.db.models.deletion
import fellowship.kernel.time
import fellowship.kernel.words
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('programs', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                ('assigned_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, help_text='When it was taken back.', null=True)),
                ('assigned_by', models.ForeignKey(help_text='Empty where a service assigned.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='review_assignments', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('proposal_id', 'id'),
            },
        ),
        migrations.CreateModel(
            name='HistoricalProposal',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                ('history_user_id', models.BigIntegerField(null=True)),
                ('ref', models.CharField(db_index=True, max_length=30, verbose_name='reference')),
                ('title', models.CharField(blank=True, max_length=300)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('submitted', 'Submitted'), ('in_review', 'In review'), ('with_board', 'With the board'), ('accepted', 'Accepted'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn')], default='draft', editable=False, max_length=20)),
                ('version', models.PositiveIntegerField(default=0, help_text="The latest version's number.")),
                ('submitted_at', models.DateTimeField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('revision_asked_at', models.DateTimeField(blank=True, help_text='When the board deferred and asked for a revision.', null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('applicant', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('call', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='programs.call')),
                ('program', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='programs.program')),
            ],
            options={
                'verbose_name': 'historical proposal',
                'verbose_name_plural': 'historical proposals',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                ('ref', models.CharField(max_length=30, unique=True, verbose_name='reference')),
                ('title', models.CharField(blank=True, max_length=300)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('submitted', 'Submitted'), ('in_review', 'In review'), ('with_board', 'With the board'), ('accepted', 'Accepted'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn')], default='draft', editable=False, max_length=20)),
                ('version', models.PositiveIntegerField(default=0, help_text="The latest version's number.")),
                ('submitted_at', models.DateTimeField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('revision_asked_at', models.DateTimeField(blank=True, help_text='When the board deferred and asked for a revision.', null=True)),
                ('applicant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to=settings.AUTH_USER_MODEL)),
                ('call', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='programs.call')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='programs.program')),
            ],
            options={
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['program', 'state', '-submitted_at'], name='proposals_p_program_68c4a7_idx'), models.Index(fields=['program', '-submitted_at'], name='proposals_p_program_4d4830_idx'), models.Index(fields=['call', 'state'], name='proposals_p_call_id_e8ccd3_idx'), models.Index(fields=['applicant', '-id'], name='proposals_p_applica_1a2773_idx'), fellowship.kernel.words.WordIndex(fields=['title', 'ref'], name='proposal_words')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'submitted', 'in_review', 'with_board', 'accepted', 'declined', 'withdrawn'])), name='proposal_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('submitted_at', None), ('version', 0)), models.Q(('submitted_at__isnull', False), ('version__gte', 1), models.Q(('title', ''), _negated=True)), _connector='OR'), name='proposal_submitted_with_a_version_and_title'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', False), ('state__in', ('accepted', 'declined'))), models.Q(('decided_at', None), models.Q(('state__in', ('accepted', 'declined')), _negated=True)), _connector='OR'), name='proposal_decided_at_and_its_state')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalReview',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                ('history_user_id', models.BigIntegerField(null=True)),
                ('version', models.PositiveIntegerField(help_text="The proposal's version that was scored.")),
                ('number', models.PositiveIntegerField(help_text='“Reviewer 2”: the only name others see.')),
                ('confidence', models.PositiveSmallIntegerField(choices=[(1, 'Low: outside my field'), (2, 'Medium: I know the field'), (3, 'High: I work in the field')])),
                ('comment_applicant', models.TextField(blank=True)),
                ('comment_board', models.TextField(blank=True)),
                ('submitted_at', models.DateTimeField()),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('assignment', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.assignment')),
                ('reviewer', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal')),
            ],
            options={
                'verbose_name': 'historical review',
                'verbose_name_plural': 'historical reviews',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalProposalVersion',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                ('history_user_id', models.BigIntegerField(null=True)),
                ('number', models.PositiveIntegerField()),
                ('answers', models.JSONField()),
                ('text_hash', models.CharField(max_length=64)),
                ('submitted_at', models.DateTimeField()),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('submitted_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal')),
            ],
            options={
                'verbose_name': 'historical proposal version',
                'verbose_name_plural': 'historical proposal versions',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalAssignment',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                ('history_user_id', models.BigIntegerField(null=True)),
                ('assigned_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, help_text='When it was taken back.', null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('assigned_by', models.ForeignKey(blank=True, db_constraint=False, help_text='Empty where a service assigned.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reviewer', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.proposal')),
            ],
            options={
                'verbose_name': 'historical assignment',
                'verbose_name_plural': 'historical assignments',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('section', models.CharField(max_length=30)),
                ('answers', models.JSONField(default=dict)),
                ('version', models.PositiveIntegerField(default=0)),
                ('saved_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='proposals.proposal')),
            ],
            options={
                'ordering': ('proposal_id', 'id'),
                'constraints': [models.UniqueConstraint(fields=('proposal', 'section'), name='draft_section_once')],
            },
        ),
        migrations.AddField(
            model_name='assignment',
            name='proposal',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='proposals.proposal'),
        ),
        migrations.CreateModel(
            name='ProposalVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                ('number', models.PositiveIntegerField()),
                ('answers', models.JSONField()),
                ('text_hash', models.CharField(max_length=64)),
                ('submitted_at', models.DateTimeField()),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='proposals.proposal')),
                ('submitted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('proposal_id', '-number'),
                'constraints': [models.UniqueConstraint(fields=('proposal', 'number'), name='proposal_version_number_once')],
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                ('version', models.PositiveIntegerField(help_text="The proposal's version that was scored.")),
                ('number', models.PositiveIntegerField(help_text='“Reviewer 2”: the only name others see.')),
                ('confidence', models.PositiveSmallIntegerField(choices=[(1, 'Low: outside my field'), (2, 'Medium: I know the field'), (3, 'High: I work in the field')])),
                ('comment_applicant', models.TextField(blank=True)),
                ('comment_board', models.TextField(blank=True)),
                ('submitted_at', models.DateTimeField()),
                ('assignment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='review', to='proposals.assignment')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='proposals.proposal')),
                ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('proposal_id', 'number'),
                'constraints': [models.UniqueConstraint(fields=('proposal', 'number'), name='review_number_once')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalScore',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                ('history_user_id', models.BigIntegerField(null=True)),
                ('criterion', models.CharField(max_length=40)),
                ('value', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('review', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='proposals.review')),
            ],
            options={
                'verbose_name': 'historical score',
                'verbose_name_plural': 'historical scores',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='ReviewDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('answers', models.JSONField(default=dict)),
                ('version', models.PositiveIntegerField(default=0)),
                ('saved_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                ('assignment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='draft', to='proposals.assignment')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Score',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                ('criterion', models.CharField(max_length=40)),
                ('value', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='scores', to='proposals.review')),
            ],
            options={
                'ordering': ('id',),
                'constraints': [models.UniqueConstraint(fields=('review', 'criterion'), name='criterion_scored_once'), models.CheckConstraint(condition=models.Q(('value', None), models.Q(('value__gte', 1), ('value__lte', 5)), _connector='OR'), name='score_is_1_to_5')],
            },
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(fields=['reviewer', 'ended_at'], name='proposals_a_reviewe_d92468_idx'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(fields=('proposal', 'reviewer'), name='assigned_once'),
        ),
    ]
