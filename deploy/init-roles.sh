#!/bin/sh
# Runs once, when the database is created: the role the application works as. It owns nothing;
# what it may do with each table is granted after each migration by `manage.py grant_app_role`.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    -v password="$APP_DB_PASSWORD" <<'SQL'
CREATE ROLE fellowship_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO fellowship_app;
SQL
