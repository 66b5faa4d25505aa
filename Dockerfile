# syntax=docker/dockerfile:1

# Compiles src/ and packs what the npm package would hold.
FROM node:22.23.3-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build \
  && npm pack --ignore-scripts \
  && tar -xzf sluice-*.tgz

# Installs what runs, and nothing else.
FROM node:22.23.3-bookworm-slim AS dependencies
WORKDIR /opt/sluice
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts \
  && npm cache clean --force

FROM node:22.23.3-bookworm-slim
ENV NODE_ENV=production
COPY --from=dependencies /opt/sluice/node_modules /opt/sluice/node_modules
COPY --from=build /build/package /opt/sluice
RUN ln -s /opt/sluice/dist/cli/main.js /usr/local/bin/sluice \
  && install -d -o node -g node /project
# The image's user `node`, by number: Kubernetes admits no name as proof that it is not root.
USER 1000:1000
# The project folder is a volume: its lake must outlive the container.
WORKDIR /project
VOLUME ["/project"]
ENTRYPOINT ["sluice"]
CMD ["--help"]
