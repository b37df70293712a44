#!/bin/bash
# Run once by PostgreSQL's image, on an empty data directory: a database and its owner for each service.
set -euo pipefail

for service in products orders details; do
  variable="POSTGRES_${service^^}_PASSWORD"
  # psql quotes the values itself (:"name" and :'name'), but only in what it reads from its input.
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set name="$service" --set password="${!variable}" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
