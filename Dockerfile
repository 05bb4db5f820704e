# Two images: `docker build .` is the small one; `docker build --target browser .` has Chromium, for pages that need one.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY guides guides
COPY crawler crawler
COPY review review
COPY storage storage
COPY loccit loccit
RUN python -m venv /opt/loccit \
    && /opt/loccit/bin/pip install --no-cache-dir --constraint constraints.txt ".[postgres,workers,s3,notify]" \
    && /opt/loccit/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm AS slim
ENV PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/loccit/bin:$PATH
RUN useradd --system --uid 10001 --home-dir /var/lib/loccit --create-home loccit \
    && mkdir /guides && chown loccit: /guides
COPY --from=build /opt/loccit /opt/loccit
USER 10001
WORKDIR /guides
VOLUME /var/lib/loccit
# Where a scheduler or a worker is watched; `serve` answers the same on its own port.
EXPOSE 9464 8765
ENTRYPOINT ["loccit"]
CMD ["schedule"]

FROM slim AS browser
USER root
RUN apt-get update \
    && apt-get install --yes --no-install-recommends chromium fonts-liberation \
    && rm -rf /var/lib/apt/lists/*
USER 10001

FROM slim AS loccit
