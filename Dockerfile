# One image for web, worker, beat and migrations; the command says which.
FROM python:3.11-slim-bookworm AS build

ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /srv/humana
COPY requirements/uv.txt requirements/main.txt requirements/
RUN python -m venv /opt/uv \
    && /opt/uv/bin/pip install --no-cache-dir --require-hashes --requirement requirements/uv.txt \
    && /opt/uv/bin/uv venv /opt/venv \
    && VIRTUAL_ENV=/opt/venv /opt/uv/bin/uv pip sync --no-cache --require-hashes requirements/main.txt
COPY . .
# Static files and translations are made here, so that the image never writes to itself.
RUN /opt/venv/bin/python -m humana.messages compile \
    && SECRET_KEY=build HUMANA_SEAL_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= HUMANA_HOSTS=build \
       HUMANA_HOME=/srv/humana/.home DJANGO_SETTINGS_MODULE=humana.settings.prod \
       /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0

FROM python:3.11-slim-bookworm AS run

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=humana.settings.prod \
    HUMANA_HOME=/srv/humana/.home \
    PORT=8000
# The languages of scans and photos.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends tesseract-ocr-eng tesseract-ocr-por \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin humana \
    && install --directory --owner 10001 --mode 0700 /srv/files
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/humana /srv/humana
WORKDIR /srv/humana
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "humana.health_probe"]
CMD ["sh", "-c", "exec uvicorn humana.asgi:application --host 0.0.0.0 --port \"$PORT\" --loop uvloop --http httptools --no-access-log --timeout-graceful-shutdown 20"]
