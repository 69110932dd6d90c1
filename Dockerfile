# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
COPY requirements/base.txt /tmp/base.txt
RUN /opt/venv/bin/pip install --require-hashes --no-deps -r /tmp/base.txt

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=fellowship.settings \
    FELLOWSHIP_VAR=/var/lib/fellowship STATIC_ROOT=/srv/fellowship/staticfiles BIND=0.0.0.0:8000
# Pango sets the text of PDFs; the faces are for scripts that ours do not have.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 \
        libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 fellowship \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin fellowship \
    && install -d -o fellowship -g fellowship /var/lib/fellowship
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/fellowship
COPY . .
# The key is for this one command; nothing of it stays in the image.
RUN SECRET_KEY=build FELLOWSHIP_BASE_URL=https://build.invalid FELLOWSHIP_VAR=/tmp/build \
    python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build \
    && python -m compileall -q fellowship governance proposals scoping access findings publications oversight
USER fellowship
VOLUME /var/lib/fellowship
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "--config", "gunicorn.conf.py", "fellowship.wsgi"]
