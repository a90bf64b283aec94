# OneTrip's own processes; docker-compose.yml runs one image as simulators, migration, API and workers.
FROM node:22-bookworm-slim AS static
WORKDIR /onetrip
COPY .npmrc package.json package-lock.json ./
RUN npm ci --no-progress
COPY web web
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
COPY requirements/bootstrap.txt requirements/lock.txt /tmp/
RUN python -m venv /tools && /tools/bin/pip install --no-cache-dir --require-hashes -r /tmp/bootstrap.txt \
    && python -m venv --without-pip /onetrip/.venv \
    && /tools/bin/uv pip sync --no-cache --compile-bytecode --python /onetrip/.venv/bin/python --require-hashes /tmp/lock.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --home-dir /var/lib/onetrip onetrip
WORKDIR /onetrip
COPY --from=packages /onetrip/.venv .venv
COPY --from=static /onetrip/node_modules node_modules
COPY . .
COPY --from=static /onetrip/web/static/dist web/static/dist
ENV PATH=/onetrip/.venv/bin:$PATH PYTHONUNBUFFERED=1 ONETRIP_HOME=/var/lib/onetrip
USER onetrip
CMD ["python", "-m", "api"]
