/** The umbrella chart of docs/charts.md, and the list of images that its vendor gives out, by their paths. */
export const SHOP: Readonly<Record<string, string>> = {
  "shop/Chart.yaml": `apiVersion: v2
name: shop
version: 1.4.0
dependencies:
  - { name: postgres, version: 1.2.0, alias: orders }
  - { name: valkey, version: 2.0.0, alias: cache, condition: cache.enabled }
`,
  "shop/values.yaml": `web:
  image: ghcr.io/acme/shop-web:1.4.0
migrate:
  image: ghcr.io/acme/shop-migrate:1.4.0
worker:
  # Started by the web container for each order.
  runnerImage: ghcr.io/acme/shop-runner:1.4.0
cache:
  enabled: false
orders:
  backup: { enabled: false }
`,
  "shop/templates/web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  template:
    spec:
      containers:
        - name: web
          image: {{ .Values.web.image }}
          args: ["--runner-image={{ .Values.worker.runnerImage }}"]
`,
  "shop/templates/migrate.yaml": `apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: { helm.sh/hook: pre-install }
spec:
  template:
    spec:
      containers: [{ name: migrate, image: {{ .Values.migrate.image }} }]
`,
  "shop/templates/metrics.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: { name: metrics }
spec:
  template:
    spec:
      containers:
        - name: kubectl
          image: registry.k8s.io/kubectl:v{{ .Capabilities.KubeVersion.Major }}.{{ .Capabilities.KubeVersion.Minor }}.0
`,
  "shop/charts/postgres/Chart.yaml": "apiVersion: v2\nname: postgres\nversion: 1.2.0\n",
  "shop/charts/postgres/values.yaml": `image: docker.io/library/postgres:16.4
backup:
  enabled: false
  image: docker.io/acme/pg-backup:3.1
`,
  "shop/charts/postgres/templates/all.yaml": `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: "{{ .Release.Name }}-{{ .Chart.Name }}" }
spec:
  template:
    spec:
      containers: [{ name: postgres, image: {{ .Values.image }} }]
{{- if .Values.backup.enabled }}
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: backup }
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{ name: backup, image: {{ .Values.backup.image }} }]
{{- end }}
`,
  "shop/charts/valkey/Chart.yaml": "apiVersion: v2\nname: valkey\nversion: 2.0.0\n",
  "shop/charts/valkey/values.yaml": "image: docker.io/valkey/valkey:8.0\n",
  "shop/charts/valkey/templates/all.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: { name: cache }
spec:
  template:
    spec:
      containers: [{ name: valkey, image: {{ .Values.image }} }]
`,
  "vendor.txt": `docker.io/library/postgres:16.4
ghcr.io/acme/shop-web:1.4.0
ghcr.io/acme/shop-migrate:1.4.0
ghcr.io/acme/shop-admin:1.4.0
`,
};
