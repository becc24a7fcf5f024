import { describe, expect, it } from "vitest";
import { parseEcrHost } from "../../../src/remote/ecr/ecr-host.ts";

const plain = { account: "123456789012", isFips: false, isDualStack: false };

describe("parseEcrHost()", () => {
  it.each([
    ["123456789012.dkr.ecr.eu-central-1.amazonaws.com", { ...plain, region: "eu-central-1" }],
    ["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", { ...plain, region: "cn-north-1" }],
    ["123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", { ...plain, region: "us-gov-west-1" }],
    [
      "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
      { ...plain, region: "us-east-1", isFips: true },
    ],
    ["123456789012.dkr-ecr.us-west-2.on.aws", { ...plain, region: "us-west-2", isDualStack: true }],
    [
      "123456789012.dkr-ecr-fips.us-west-2.on.aws",
      { ...plain, region: "us-west-2", isDualStack: true, isFips: true },
    ],
    ["123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", { ...plain, region: "eusc-de-east-1" }],
    ["123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", { ...plain, region: "us-iso-east-1" }],
  ])("knows %s", (registry, expected) => {
    expect(parseEcrHost(registry)).toEqual({ registry, ...expected });
  });

  it.each([
    "public.ecr.aws",
    "docker.io",
    "123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example",
    "evil.123456789012.dkr.ecr.eu-central-1.amazonaws.com",
    "12345.dkr.ecr.eu-central-1.amazonaws.com",
    "123456789012.dkr.ecr.eu-central-1.amazonawsXcom",
    "123456789012.dkr.ecr..amazonaws.com",
  ])("takes %s for none", (registry) => {
    expect(parseEcrHost(registry)).toBeUndefined();
  });
});
