# syntax=docker/dockerfile:1
# nats-server as a plain user. Its configuration holds no password: they come from the environment.
FROM nats:2.12-alpine
# A new volume takes its owner from the folder that it covers.
RUN mkdir -p /data && chown 10001:10001 /data
COPY deploy/nats/shop.conf /etc/nats/shop.conf
USER 10001:10001
CMD ["--config", "/etc/nats/shop.conf", "--http_port", "8222"]
HEALTHCHECK --interval=5s --timeout=3s --retries=10 \
    CMD ["wget", "--quiet", "--spider", "http://127.0.0.1:8222/healthz"]
