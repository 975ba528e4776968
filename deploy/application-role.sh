#!/bin/sh
# Makes the role of the service when the database is made; `lantian migrate` lets it at the rows of the tables.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$APPLICATION_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE lantian_app LOGIN PASSWORD :'password';
SQL
