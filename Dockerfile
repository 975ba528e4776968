# One image for `serve`, `worker` and `migrate`. Everything is installed from the lock file, with hashes.
FROM python:3.12-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LANTIAN_DATA_DIR=/data LANTIAN_HOST=0.0.0.0
WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY alerts alerts
COPY emission_lists emission_lists
COPY service service
COPY config config
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && useradd --system --uid 10001 lantian && mkdir -p /data/public && chown -R lantian /data
USER lantian
VOLUME /data/public
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["lantian", "serve", "--no-worker", "--json"]
