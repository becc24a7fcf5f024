import { describe, expect, it } from "vitest";
import { makeChartOf, type ChartTexts } from "../../fixtures/charts.ts";
import { agentChart, platformChart } from "../../fixtures/stackstate-charts.ts";
import { discoverImages } from "../../src/discover/discover-images.ts";
import { isNeeded } from "../../src/discover/discovery.ts";
import { nested } from "../../src/helm/values/path.ts";

/** https://docs.stackstate.com/setup/install-stackstate, the pages of the agent and of 4.5. */
const AGENT = [
  "quay.io/stackstate/kube-state-metrics:2.3.0-focal-20220316-r61.20220418.2032",
  "quay.io/stackstate/stackstate-agent-2:2.17.1",
  "quay.io/stackstate/stackstate-cluster-agent:2.17.1",
  "quay.io/stackstate/stackstate-process-agent:4.0.7",
];

const PLATFORM = [
  "quay.io/stackstate/container-tools:1.1.3",
  "quay.io/stackstate/elasticsearch-exporter:v1.2.1",
  "quay.io/stackstate/elasticsearch:7.6.2-sts.20220316.0825",
  "quay.io/stackstate/envoy-alpine:v1.19.1-sts.20211207.0748",
  "quay.io/stackstate/hadoop:2.10.1-java11-4",
  "quay.io/stackstate/hbase-master:4.2.19",
  "quay.io/stackstate/hbase-regionserver:4.2.19",
  "quay.io/stackstate/jmx-exporter:0.15.0-focal-20220316-r138.20220405.1513",
  "quay.io/stackstate/kafka:2.3.1-focal-20220316-r41.1",
  "quay.io/stackstate/kafka:2.8.0-focal-20220316-r108.20220405.1511",
  "quay.io/stackstate/minio:2021.2.19-focal-20220316-r5.20220405.1533",
  "quay.io/stackstate/nginx-prometheus-exporter:0.9.0",
  "quay.io/stackstate/spotlight:4.5.6",
  "quay.io/stackstate/stackgraph-console:4.2.19",
  "quay.io/stackstate/stackstate-correlate-stable:4.5.6",
  "quay.io/stackstate/stackstate-kafka-to-es-stable:4.5.6",
  "quay.io/stackstate/stackstate-receiver-stable:4.5.6",
  "quay.io/stackstate/stackstate-server-stable:4.5.6",
  "quay.io/stackstate/stackstate-ui-stable:4.5.6",
  "quay.io/stackstate/tephra-server:4.2.19",
  "quay.io/stackstate/wait:1.0.6",
  "quay.io/stackstate/zookeeper:3.6.3-focal-20220316-r302.20220411.1232",
];

interface Answer {
  readonly needed: readonly string[];
  readonly others: readonly string[];
  readonly complete: boolean;
}

async function answerFor(texts: ChartTexts, registry?: string): Promise<Answer> {
  const given = registry === undefined ? [] : [nested(["global", "imageRegistry"], registry)];
  const chart = await makeChartOf(texts);
  const { images, complete } = await discoverImages(chart, { values: [new Map(), ...given] });
  return {
    needed: images.filter(isNeeded).map(({ image }) => image),
    others: images.filter((one) => !isNeeded(one)).map(({ image }) => image),
    complete,
  };
}

describe("a chart in the shape of StackState's", () => {
  it.each([
    ["agent needs the 4 images of its page", agentChart(), AGENT],
    ["platform needs the 22 images of its page", platformChart("4.5.6"), PLATFORM],
  ])("%s, and no other", async (_what, texts, wanted) => {
    expect(await answerFor(texts)).toEqual({ needed: wanted, others: [], complete: true });
  });

  it("follows the global registry with all but the exporter", async () => {
    const { needed } = await answerFor(platformChart("4.5.6"), "registry.internal:5000");
    const moved = PLATFORM.filter((image) => !image.includes("elasticsearch-exporter"));
    const there = moved.map((image) => image.replace("quay.io", "registry.internal:5000"));
    expect([...needed].toSorted()).toEqual([...PLATFORM, ...there].toSorted());
  });
});
