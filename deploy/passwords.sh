#!/bin/sh
# Prints an environment file for docker-compose.yml with new passwords: sh deploy/passwords.sh > deploy/.env
# Hexadecimal, so that they need no escaping in URLs.
set -eu

for name in NATS_OPERATOR NATS_GATEWAY NATS_PRODUCTS NATS_ORDERS NATS_DETAILS NATS_AUTH \
            POSTGRES POSTGRES_PRODUCTS POSTGRES_ORDERS POSTGRES_DETAILS MONGODB MONGODB_AUTH; do
  # A letter first: nats-server would read digits as a number.
  printf '%s_PASSWORD=p%s\n' "$name" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
done
