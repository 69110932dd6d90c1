import django.db.models.deletion
import django.db.models.functions.text
import fellowship.accounts.models.people
import fellowship.kernel.first
import fellowship.kernel.time
import guardian.mixins
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        fellowship.kernel.first.MakeTables(
            state_operations=[
                migrations.CreateModel(
                    name='HistoricalRealm',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('slug', models.SlugField(max_length=60)),
                        ('name', models.CharField(max_length=200)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical realm',
                        'verbose_name_plural': 'historical realms',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalUser',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('time_zone', models.CharField(default='UTC', max_length=60, validators=[fellowship.accounts.models.people.validate_time_zone])),
                        ('is_active', models.BooleanField(default=True)),
                        ('is_staff', models.BooleanField(default=False, help_text="May open the board room's site.")),
                        ('date_joined', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical user',
                        'verbose_name_plural': 'historical users',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='Realm',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('slug', models.SlugField(max_length=60, unique=True)),
                        ('name', models.CharField(max_length=200)),
                    ],
                    options={
                        'ordering': ('name',),
                        'permissions': [('apply', 'Draft and submit proposals'), ('do_research', 'Carry out a fellowship'), ('mentor_fellows', 'Accompany fellows'), ('score_proposals', 'Declare conflicts and score assigned proposals'), ('sit_on_board', 'Read dossiers, vote and dissent'), ('chair_board', 'Open and record ballots'), ('manage_program', 'Run calls, cohorts and panels'), ('steward_data', 'Classify datasets, check requests, verify deletion'), ('own_product', 'Take findings and ship controls'), ('answer_escalations', 'Contain and suspend'), ('review_policy', 'Object to passages on listed grounds'), ('review_law', 'Object to passages on listed grounds, for legal exposure'), ('audit_record', 'Read and export the record, change nothing'), ('sponsor_program', "Read the programme's outcomes"), ('administer', 'Grant and end roles')],
                    },
                ),
                migrations.CreateModel(
                    name='User',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('password', models.CharField(max_length=128, verbose_name='password')),
                        ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                        ('username', models.CharField(help_text='A short name, also accepted at sign-in.', max_length=60, unique=True)),
                        ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail address')),
                        ('name', models.CharField(max_length=200)),
                        ('orcid', models.CharField(blank=True, max_length=19, validators=[fellowship.accounts.models.people.validate_orcid], verbose_name='ORCID iD')),
                        ('affiliation', models.CharField(blank=True, max_length=200)),
                        ('time_zone', models.CharField(default='UTC', max_length=60, validators=[fellowship.accounts.models.people.validate_time_zone])),
                        ('is_active', models.BooleanField(default=True)),
                        ('is_staff', models.BooleanField(default=False, help_text="May open the board room's site.")),
                        ('date_joined', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                        ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                    ],
                    options={
                        'ordering': ('name',),
                        'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_unique_whatever_its_case'), models.CheckConstraint(condition=models.Q(('orcid', ''), ('orcid__regex', '^[0-9]{4}(-[0-9]{3}[0-9X]){3}$'), _connector='OR'), name='user_orcid_has_its_form')],
                    },
                    bases=(guardian.mixins.GuardianUserMixin, models.Model),
                ),
                migrations.CreateModel(
                    name='ApiToken',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=100)),
                        ('prefix', models.CharField(max_length=12)),
                        ('token_hash', models.CharField(max_length=64, unique=True)),
                        ('scopes', models.JSONField(default=list)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('expires_at', models.DateTimeField()),
                        ('last_used_at', models.DateTimeField(blank=True, null=True)),
                        ('revoked_at', models.DateTimeField(blank=True, null=True)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ('-created_at',),
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalRoleAssignment',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('role', models.CharField(choices=[('applicant', 'Applicant'), ('fellow', 'Fellow'), ('mentor', 'Mentor'), ('reviewer', 'Panel reviewer'), ('board_member', 'Board member'), ('chair', 'Chair'), ('manager', 'Programme manager'), ('steward', 'Data steward'), ('product_owner', 'Product owner'), ('oncall', 'Security on-call'), ('policy_reviewer', 'Policy reviewer'), ('legal_reviewer', 'Legal reviewer'), ('auditor', 'Auditor'), ('sponsor', 'Sponsor'), ('administrator', 'Administrator')], max_length=30)),
                        ('seat', models.CharField(blank=True, choices=[('research', 'Research'), ('product', 'Product'), ('security', 'Security'), ('legal', 'Legal'), ('policy', 'Policy')], max_length=20)),
                        ('starts_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                        ('ends_at', models.DateTimeField(blank=True, null=True)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('user', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('realm', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.realm')),
                    ],
                    options={
                        'verbose_name': 'historical role assignment',
                        'verbose_name_plural': 'historical role assignments',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalConflict',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('subject_type', models.CharField(max_length=60)),
                        ('subject_id', models.BigIntegerField()),
                        ('kind', models.CharField(choices=[('none', 'No conflict'), ('employer', 'Same employer or affiliation'), ('coauthor', 'Co-author in the last three years'), ('supervisor', 'Supervisor or student'), ('financial', 'Financial interest'), ('personal', 'Personal relation'), ('other', 'Other')], max_length=20)),
                        ('statement', models.TextField(blank=True, max_length=2000)),
                        ('declared_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('user', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('realm', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.realm')),
                    ],
                    options={
                        'verbose_name': 'historical conflict',
                        'verbose_name_plural': 'historical conflicts',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='Conflict',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('subject_type', models.CharField(max_length=60)),
                        ('subject_id', models.BigIntegerField()),
                        ('kind', models.CharField(choices=[('none', 'No conflict'), ('employer', 'Same employer or affiliation'), ('coauthor', 'Co-author in the last three years'), ('supervisor', 'Supervisor or student'), ('financial', 'Financial interest'), ('personal', 'Personal relation'), ('other', 'Other')], max_length=20)),
                        ('statement', models.TextField(blank=True, max_length=2000)),
                        ('declared_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to=settings.AUTH_USER_MODEL)),
                        ('realm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.realm')),
                    ],
                    options={
                        'ordering': ('-declared_at',),
                        'indexes': [models.Index(fields=['subject_type', 'subject_id', 'user'], name='accounts_co_subject_bc73da_idx'), models.Index(condition=models.Q(('kind', 'none'), _negated=True), fields=['user'], name='conflict_declared')],
                        'constraints': [models.UniqueConstraint(fields=('user', 'subject_type', 'subject_id'), name='conflict_declared_once'), models.CheckConstraint(condition=models.Q(('kind', 'none'), models.Q(('statement', ''), _negated=True), _connector='OR'), name='conflict_says_what_it_is')],
                    },
                ),
                migrations.CreateModel(
                    name='RealmGroupPermission',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.realm')),
                        ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.group')),
                        ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='RealmUserPermission',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.realm')),
                        ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='RoleAssignment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('role', models.CharField(choices=[('applicant', 'Applicant'), ('fellow', 'Fellow'), ('mentor', 'Mentor'), ('reviewer', 'Panel reviewer'), ('board_member', 'Board member'), ('chair', 'Chair'), ('manager', 'Programme manager'), ('steward', 'Data steward'), ('product_owner', 'Product owner'), ('oncall', 'Security on-call'), ('policy_reviewer', 'Policy reviewer'), ('legal_reviewer', 'Legal reviewer'), ('auditor', 'Auditor'), ('sponsor', 'Sponsor'), ('administrator', 'Administrator')], max_length=30)),
                        ('seat', models.CharField(blank=True, choices=[('research', 'Research'), ('product', 'Product'), ('security', 'Security'), ('legal', 'Legal'), ('policy', 'Policy')], max_length=20)),
                        ('starts_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                        ('ends_at', models.DateTimeField(blank=True, null=True)),
                        ('realm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='role_assignments', to='accounts.realm')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='role_assignments', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ('realm_id', 'role', 'user_id', 'starts_at'),
                        'indexes': [models.Index(fields=['user', 'role', 'realm'], name='accounts_ro_user_id_761db0_idx'), models.Index(fields=['realm', 'role', 'user'], name='accounts_ro_realm_i_c458a3_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('ends_at', None), ('ends_at__gte', models.F('starts_at')), _connector='OR'), name='role_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(models.Q(('role', 'board_member'), models.Q(('seat', ''), _negated=True)), models.Q(models.Q(('role', 'board_member'), _negated=True), ('seat', '')), _connector='OR'), name='role_board_members_and_they_alone_have_a_seat'), models.UniqueConstraint(condition=models.Q(('ends_at', None)), fields=('user', 'realm', 'role', 'seat'), name='role_held_once_at_a_time'), models.UniqueConstraint(condition=models.Q(('ends_at', None), models.Q(('seat', ''), _negated=True)), fields=('realm', 'seat'), name='role_one_person_per_board_seat')],
                    },
                ),
                migrations.AlterUniqueTogether(
                    name='realmgrouppermission',
                    unique_together={('group', 'permission', 'content_object')},
                ),
                migrations.AlterUniqueTogether(
                    name='realmuserpermission',
                    unique_together={('user', 'permission', 'content_object')},
                ),
                migrations.AddField(
                    model_name='user',
                    name='past_affiliations',
                    field=models.TextField(blank=True, help_text='One a line; hints at conflicts come from them.', max_length=2000),
                ),
                migrations.CreateModel(
                    name='HistoricalRecusalOverride',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('declared_at', models.DateTimeField(help_text='Of the declaration it covers.')),
                        ('reason', models.TextField(max_length=2000)),
                        ('state', models.CharField(choices=[('requested', 'Asked for'), ('in_force', 'In force'), ('declined', 'Declined'), ('revoked', 'Revoked')], default='requested', editable=False, max_length=10)),
                        ('requested_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('revoked_at', models.DateTimeField(null=True)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                        ('conflict', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.conflict')),
                        ('decided_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(blank=True, db_constraint=False, help_text='Whose recusal it is.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('realm', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.realm')),
                        ('requested_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('revoked_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'historical recusal override',
                        'verbose_name_plural': 'historical recusal overrides',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='RecusalOverride',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('declared_at', models.DateTimeField(help_text='Of the declaration it covers.')),
                        ('reason', models.TextField(max_length=2000)),
                        ('state', models.CharField(choices=[('requested', 'Asked for'), ('in_force', 'In force'), ('declined', 'Declined'), ('revoked', 'Revoked')], default='requested', editable=False, max_length=10)),
                        ('requested_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('revoked_at', models.DateTimeField(null=True)),
                        ('conflict', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='overrides', to='accounts.conflict')),
                        ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('person', models.ForeignKey(help_text='Whose recusal it is.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('realm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.realm')),
                        ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('revoked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ('-id',),
                        'indexes': [models.Index(fields=['realm', 'decided_at'], name='accounts_re_realm_i_ba2132_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'in_force', 'declined', 'revoked'])), name='override_state_is_known'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='override_has_a_reason'), models.CheckConstraint(condition=models.Q(('requested_by', models.F('person')), _negated=True), name='override_not_asked_by_its_person'), models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(models.Q(('decided_by', models.F('person')), _negated=True), models.Q(('decided_by', models.F('requested_by')), _negated=True)), _connector='OR'), name='override_decided_by_a_second_person'), models.CheckConstraint(condition=models.Q(('revoked_by', None), models.Q(('revoked_by', models.F('person')), _negated=True), _connector='OR'), name='override_not_revoked_by_its_person'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('state', 'requested')), models.Q(models.Q(('state', 'requested'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='override_decided_at_and_by_go_together'), models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', False), ('revoked_by__isnull', False), ('state', 'revoked')), models.Q(models.Q(('state', 'revoked'), _negated=True), ('revoked_at', None), ('revoked_by', None)), _connector='OR'), name='override_revoked_at_and_by_go_together'), models.UniqueConstraint(condition=models.Q(('state__in', ('requested', 'in_force'))), fields=('conflict', 'declared_at'), name='override_one_at_a_time_per_declaration')],
                    },
                ),
                migrations.AlterModelOptions(
                    name='realm',
                    options={'ordering': ('name',), 'permissions': [('apply', 'Draft and submit proposals'), ('do_research', 'Carry out a fellowship'), ('collaborate', 'Work on one fellowship beside its fellow'), ('mentor_fellows', 'Accompany fellows'), ('score_proposals', 'Declare conflicts and score assigned proposals'), ('sit_on_board', 'Read dossiers, vote and dissent'), ('chair_board', 'Open and record ballots'), ('manage_program', 'Run calls, cohorts and panels'), ('steward_data', 'Classify datasets, check requests, verify deletion'), ('own_product', 'Take findings and ship controls'), ('answer_escalations', 'Contain and suspend'), ('review_policy', 'Object to passages on listed grounds'), ('review_law', 'Object to passages on listed grounds, for legal exposure'), ('audit_record', 'Read and export the record, change nothing'), ('sponsor_program', "Read the programme's outcomes"), ('administer', 'Grant and end roles')]},
                ),
                migrations.AlterField(
                    model_name='historicalroleassignment',
                    name='role',
                    field=models.CharField(choices=[('applicant', 'Applicant'), ('fellow', 'Fellow'), ('collaborator', 'Collaborator'), ('mentor', 'Mentor'), ('reviewer', 'Panel reviewer'), ('board_member', 'Board member'), ('chair', 'Chair'), ('manager', 'Programme manager'), ('steward', 'Data steward'), ('product_owner', 'Product owner'), ('oncall', 'Security on-call'), ('policy_reviewer', 'Policy reviewer'), ('legal_reviewer', 'Legal reviewer'), ('auditor', 'Auditor'), ('sponsor', 'Sponsor'), ('administrator', 'Administrator')], max_length=30),
                ),
                migrations.AlterField(
                    model_name='roleassignment',
                    name='role',
                    field=models.CharField(choices=[('applicant', 'Applicant'), ('fellow', 'Fellow'), ('collaborator', 'Collaborator'), ('mentor', 'Mentor'), ('reviewer', 'Panel reviewer'), ('board_member', 'Board member'), ('chair', 'Chair'), ('manager', 'Programme manager'), ('steward', 'Data steward'), ('product_owner', 'Product owner'), ('oncall', 'Security on-call'), ('policy_reviewer', 'Policy reviewer'), ('legal_reviewer', 'Legal reviewer'), ('auditor', 'Auditor'), ('sponsor', 'Sponsor'), ('administrator', 'Administrator')], max_length=30),
                ),
                migrations.CreateModel(
                    name='Departure',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('left_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                        ('by_directory', models.BooleanField(default=False)),
                        ('reason', models.TextField(max_length=2000)),
                        ('removed', models.BooleanField(default=False, help_text='The directory knows the person no more.')),
                        ('returned_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'ordering': ('-left_at', '-id'),
                    },
                ),
                migrations.CreateModel(
                    name='HandOver',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('holding', models.CharField(max_length=100)),
                        ('subject_type', models.CharField(max_length=60)),
                        ('subject_id', models.BigIntegerField()),
                        ('title', models.CharField(max_length=300)),
                        ('settled_at', models.DateTimeField(blank=True, null=True)),
                        ('note', models.TextField(blank=True, max_length=2000)),
                    ],
                    options={
                        'ordering': ('settled_at', '-id'),
                    },
                ),
                migrations.CreateModel(
                    name='HistoricalDeparture',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('left_at', models.DateTimeField(default=fellowship.kernel.time.now)),
                        ('by_directory', models.BooleanField(default=False)),
                        ('reason', models.TextField(max_length=2000)),
                        ('removed', models.BooleanField(default=False, help_text='The directory knows the person no more.')),
                        ('returned_at', models.DateTimeField(blank=True, null=True)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical departure',
                        'verbose_name_plural': 'historical departures',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name='HistoricalHandOver',
                    fields=[
                        ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                        ('history_event', models.UUIDField(db_index=True, editable=False, null=True)),
                        ('created_at', models.DateTimeField(default=fellowship.kernel.time.now, editable=False)),
                        ('history_user_id', models.BigIntegerField(null=True)),
                        ('holding', models.CharField(max_length=100)),
                        ('subject_type', models.CharField(max_length=60)),
                        ('subject_id', models.BigIntegerField()),
                        ('title', models.CharField(max_length=300)),
                        ('settled_at', models.DateTimeField(blank=True, null=True)),
                        ('note', models.TextField(blank=True, max_length=2000)),
                        ('history_id', models.AutoField(primary_key=True, serialize=False)),
                        ('history_date', models.DateTimeField(db_index=True)),
                        ('history_change_reason', models.TextField(null=True)),
                        ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ],
                    options={
                        'verbose_name': 'historical hand over',
                        'verbose_name_plural': 'historical hand overs',
                        'ordering': ('-history_date', '-history_id'),
                        'get_latest_by': ('history_date', 'history_id'),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.AddField(
                    model_name='user',
                    name='directory_key',
                    field=models.CharField(blank=True, editable=False, help_text="What the company's directory knows the person by (SCIM externalId).", max_length=200),
                ),
                migrations.AddConstraint(
                    model_name='user',
                    constraint=models.UniqueConstraint(condition=models.Q(('directory_key', ''), _negated=True), fields=('directory_key',), name='user_directory_key_unique'),
                ),
                migrations.AddField(
                    model_name='departure',
                    name='by',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddField(
                    model_name='departure',
                    name='person',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='departures', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddField(
                    model_name='handover',
                    name='departure',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hand_overs', to='accounts.departure'),
                ),
                migrations.AddField(
                    model_name='handover',
                    name='realm',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.realm'),
                ),
                migrations.AddField(
                    model_name='handover',
                    name='settled_by',
                    field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddField(
                    model_name='handover',
                    name='to',
                    field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='taken_over', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddField(
                    model_name='historicaldeparture',
                    name='by',
                    field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddField(
                    model_name='historicaldeparture',
                    name='person',
                    field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddField(
                    model_name='historicalhandover',
                    name='departure',
                    field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.departure'),
                ),
                migrations.AddField(
                    model_name='historicalhandover',
                    name='realm',
                    field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.realm'),
                ),
                migrations.AddField(
                    model_name='historicalhandover',
                    name='settled_by',
                    field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddField(
                    model_name='historicalhandover',
                    name='to',
                    field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddConstraint(
                    model_name='departure',
                    constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='departure_has_a_reason'),
                ),
                migrations.AddConstraint(
                    model_name='departure',
                    constraint=models.UniqueConstraint(condition=models.Q(('returned_at', None)), fields=('person',), name='departure_once_at_a_time'),
                ),
                migrations.AddIndex(
                    model_name='handover',
                    index=models.Index(fields=['realm', 'settled_at', 'id'], name='accounts_ha_realm_i_881fa9_idx'),
                ),
                migrations.AddIndex(
                    model_name='handover',
                    index=models.Index(fields=['to', 'settled_at'], name='accounts_ha_to_id_3a2f78_idx'),
                ),
                migrations.AddConstraint(
                    model_name='handover',
                    constraint=models.UniqueConstraint(fields=('departure', 'holding', 'subject_id'), name='hand_over_once_a_departure'),
                ),
                migrations.AddConstraint(
                    model_name='handover',
                    constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None)), models.Q(('settled_at__isnull', False), ('to__isnull', False)), _connector='OR'), name='hand_over_settled_has_a_holder'),
                ),
            ],
        ),
    ]
