# Two stages: what builds stays behind, what runs has Python, the locked packages and Tuition.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/tuition
WORKDIR /src
# The dependencies are a layer of their own: a change of the code does not install them again.
COPY requirements.lock ./
RUN /opt/tuition/bin/pip install --require-hashes --no-deps --only-binary :all: -r requirements.lock
COPY pyproject.toml ./
COPY domain domain
COPY application application
COPY adapters adapters
COPY entrypoints entrypoints
RUN /opt/tuition/bin/pip install --no-deps --no-build-isolation . \
    && /opt/tuition/bin/pip uninstall --yes hatchling trove-classifiers pip

FROM python:${PYTHON_VERSION}-slim
RUN groupadd --system --gid 10001 tuition \
    && useradd --system --uid 10001 --gid tuition --no-create-home --home-dir /var/lib/tuition tuition \
    && install -d -o tuition -g tuition -m 0750 /var/lib/tuition
COPY --from=build /opt/tuition /opt/tuition
ENV PATH=/opt/tuition/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TUITION_ENV=production \
    TUITION_HOST=0.0.0.0 \
    TUITION_PORT=8000 \
    TUITION_LOG_FORMAT=json
# The SQLite file and the fake gateway's world land here when no database is named; else it stays empty.
WORKDIR /var/lib/tuition
VOLUME /var/lib/tuition
USER tuition
EXPOSE 8000
# SIGTERM ends the requests under way and releases the leases before the process goes.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['TUITION_PORT'] + '/health/ready', timeout=2)"]
ENTRYPOINT ["tuition"]
CMD ["serve"]
